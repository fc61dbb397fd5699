"""`scriptorium dead` against a server that answers as it is told: what is sent, printed and returned."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.service import REPOSITORY, environment
from tests.harness.told_server import Script, told_server

FIRST, SECOND, THIRD = "1" * 32, "2" * 32, "3" * 32
GONE = {"code": "job_expired", "title": "The result has expired", "detail": "The audio of this job is gone."}


def letter(job_id: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON can hold
    job = {
        "job_id": job_id,
        "model": "base",
        "file_name": "a.wav",
        "attempt": 1,
        "progress": {"audio_seconds_done": 10.0, "audio_seconds_total": 30.0, "percent": 33.3},
        "failure": {"code": "attempts_exhausted", "detail": "Attempt 1 of 1 ended in internal_error"},
        "created_at": "2026-11-21T12:00:00.5Z",
        "finished_at": "2026-11-21T12:01:00.5Z",
    }
    attempt = {
        "attempt": 1,
        "worker": "host-1",
        "started_at_ms": 1_795_262_460_000,
        "ended_at_ms": 1_795_262_462_340,
        "from_ms": 0,
        "to_ms": 10_000,
        "outcome": "error",
        "failure": "internal_error",
        "detail": "An unexpected error",
    }
    return {"job": job | fields, "job_ids": [job_id], "attempts": [attempt]}


def page(*letters: dict[str, Any], total: int | None = None) -> dict[str, Any]:
    return {"dead_letters": list(letters), "total": len(letters) if total is None else total}


@pytest.fixture
def server() -> Iterator[Script]:
    with told_server() as script:
        yield script


def run(server: Script | str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    address = server if isinstance(server, str) else server.address
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "dead", *arguments],
        cwd=REPOSITORY,
        env=environment(SCRIPTORIUM_SERVER=address, COLUMNS="200", **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run_on_a_terminal(server: Script, *arguments: str, answer: str) -> tuple[int, str]:
    """Run with a terminal for stdin and stderr that somebody types an answer at; return status and what it shows."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "dead", *arguments],
        cwd=REPOSITORY,
        env=environment(SCRIPTORIUM_SERVER=server.address),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    return process.wait(60), shown.decode()


def test_a_page_is_a_line_each(server: Script) -> None:
    both = letter(FIRST) | {"job_ids": [FIRST, THIRD]}
    server.answers["GET /dead-letters"] = (200, page(both, letter(SECOND, file_name=None), total=7))
    ended = run(server, "list", "--limit", "2", "--offset", "1", "--failure", "attempts_exhausted")
    assert ended.returncode == 0
    assert [line.split("\t") for line in ended.stdout.splitlines()] == [
        [FIRST, "2026-11-21 12:01:00", "attempts_exhausted", "1", "2", "a.wav"],
        [SECOND, "2026-11-21 12:01:00", "attempts_exhausted", "1", "1", "-"],
    ]
    assert ended.stderr == "7 in all; the next page begins at --offset 3.\n"
    assert server.seen == ["GET /dead-letters?limit=2&offset=1&failure=attempts_exhausted"]


def test_none_is_said_so_and_is_no_error(server: Script) -> None:
    server.answers["GET /dead-letters"] = (200, page())
    ended = run(server, "list")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "No dead letters.\n")


def test_the_service_is_reached_past_a_proxy_and_named_by_an_option(server: Script) -> None:
    server.answers["GET /dead-letters"] = (200, page())
    ended = run("http://127.0.0.1:9", "list", "--server", server.address, HTTP_PROXY="http://127.0.0.1:9")
    assert (ended.returncode, ended.stderr) == (0, "No dead letters.\n")


@pytest.mark.parametrize("key", ["grüße", "a\nb"])
def test_a_key_that_can_not_be_sent_is_refused_and_not_shown(server: Script, key: str) -> None:
    ended = run(server, "list", SCRIPTORIUM_API_KEY=key)
    assert ended.returncode == 2
    assert "SCRIPTORIUM_API_KEY" in ended.stderr
    assert key not in ended.stderr
    assert server.seen == []


def test_one_is_shown_with_its_attempts(server: Script) -> None:
    shown = letter(FIRST, file_name="\x1b[2Jx.wav") | {"job_ids": [FIRST, SECOND]}
    server.answers[f"GET /dead-letters/{FIRST}"] = (200, shown)
    ended = run(server, "show", FIRST)
    assert ended.returncode == 0
    lines = [line.split("\t") for line in ended.stdout.splitlines()]
    assert ["job", FIRST] in lines
    assert ["failed with it", SECOND] in lines
    assert ["transcribed", "10 of 30 s"] in lines
    assert ["failure", "attempts_exhausted"] in lines
    began = "2026-11-21 12:01:00"
    assert lines[-1] == ["1", "host-1", began, "2.3 s", "0-10 s", "error", "internal_error", "An unexpected error"]
    assert "\x1b" not in ended.stdout


@pytest.mark.parametrize("command", [["list"], ["show", FIRST]])
def test_json_is_the_services_own_answer(server: Script, command: list[str]) -> None:
    document = page(letter(FIRST)) | {"news": "of a later version"}
    server.answers["GET /dead-letters"] = server.answers[f"GET /dead-letters/{FIRST}"] = (200, document)
    ended = run(server, *command, "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout) == document


def test_jobs_are_requeued_one_by_one_and_a_refused_one_keeps_none_back(server: Script) -> None:
    server.answers[f"POST /dead-letters/{FIRST}/requeue"] = (200, {"job_ids": [FIRST]})
    server.answers[f"POST /dead-letters/{SECOND}/requeue"] = (410, GONE)
    server.answers[f"POST /dead-letters/{THIRD}/requeue"] = (200, {"job_ids": [THIRD]})
    ended = run(server, "requeue", FIRST, SECOND, THIRD, FIRST)
    assert ended.returncode == 4
    assert ended.stdout == f"requeued {FIRST}\nrequeued {THIRD}\n"
    assert ended.stderr == f"scriptorium: {SECOND}: {GONE['title']}. {GONE['detail']}\n"


def test_what_is_moved_is_a_line_of_json_each_if_asked_for(server: Script) -> None:
    server.answers["GET /dead-letters"] = (200, page(total=2))
    server.answers["DELETE /dead-letters"] = (200, {"job_ids": [FIRST, SECOND]})
    ended = run(server, "purge", "--all", "--yes", "--json")
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    assert lines == [{"job_id": job_id, "outcome": "purged"} for job_id in (FIRST, SECOND)]


def test_a_job_that_went_with_another_is_not_asked_for_again(server: Script) -> None:
    server.answers[f"DELETE /dead-letters/{FIRST}"] = (200, {"job_ids": [FIRST, SECOND]})
    ended = run(server, "purge", FIRST, SECOND, "--yes")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"purged {FIRST}\npurged {SECOND}\n"
    assert server.seen == [f"DELETE /dead-letters/{FIRST}"]


def test_requeue_all_calls_as_often_as_it_takes_and_not_for_ever(server: Script) -> None:
    # 1,500 dead letters; each that is requeued fails again at once.
    server.answers["GET /dead-letters"] = (200, page(total=1500))
    server.answers["POST /dead-letters/requeue"] = [(200, {"job_ids": [FIRST]}), (200, {"job_ids": [SECOND]})]
    ended = run(server, "requeue", "--all", "--failure", "timed_out")
    assert ended.returncode == 0
    assert ended.stdout == f"requeued {FIRST}\nrequeued {SECOND}\n"
    assert server.requests("POST") == ["POST /dead-letters/requeue?failure=timed_out"] * 2
    assert ended.stderr.splitlines() == [
        "2 jobs requeued.",
        "1500 left: their audio is gone, or they have failed since.",
    ]


def test_where_there_is_nothing_nothing_is_asked_or_sent(server: Script) -> None:
    server.answers["GET /dead-letters"] = (200, page())
    for arguments in (["requeue", "--all"], ["purge", "--all", "--yes"]):
        ended = run(server, *arguments)
        assert (ended.returncode, ended.stdout) == (0, "")
        assert ended.stderr.startswith("0 jobs")
    assert not server.requests("POST") + server.requests("DELETE")


@pytest.mark.parametrize(
    "arguments",
    [
        ["requeue"],
        ["purge", "--yes"],
        ["requeue", FIRST, "--all"],
        ["requeue", FIRST, "--failure", "timed_out"],
        ["purge", FIRST],
        ["purge", "--all"],
        ["purge", "", "--yes"],
        ["purge", ".", "--yes"],
        ["show", "requeue"],
        ["show"],
        ["list", "--limit", "0"],
        ["list", "--failure", "boredom"],
        ["list", "--server", "nowhere"],
    ],
)
def test_what_is_not_meant_this_way_is_refused_before_anything_is_sent(server: Script, arguments: list[str]) -> None:
    ended = run(server, *arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr
    assert server.seen == []


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [(["--all"], "DELETE /dead-letters"), ([FIRST], f"DELETE /dead-letters/{FIRST}")],
)
def test_somebody_at_a_terminal_is_asked(server: Script, arguments: list[str], request_: str) -> None:
    server.answers["GET /dead-letters"] = (200, page(letter(FIRST)))
    server.answers[request_] = (200, {"job_ids": [FIRST]})
    status, shown = run_on_a_terminal(server, "purge", *arguments, answer="n\n")
    assert status == 1
    assert "Erase 1 dead letter with" in shown
    assert server.requests("DELETE") == []
    status, shown = run_on_a_terminal(server, "purge", *arguments, answer="y\n")
    assert status == 0
    assert f"purged {FIRST}" in shown
    assert server.requests("DELETE") == [request_]


def test_a_server_that_is_not_there_is_said_so() -> None:
    ended = run("http://127.0.0.1:9", "list")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.startswith("scriptorium: Can't reach a service at http://127.0.0.1:9: ")
    assert "scriptorium up" in ended.stderr


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ((409, {"title": "The job is no dead letter", "detail": "It is queued."}), 4, "no dead letter. It is queued."),
        ((404, {"title": "No such job"}), 4, "scriptorium: No such job\n"),
        ((503, {"title": "The job store is away", "detail": "Try again."}), 4, "The job store is away. Try again."),
        ((500, {"oops": True}), 3, "500 Internal Server Error"),
        ((200, {"hello": "world"}), 3, "Is it a Scriptorium?"),
    ],
)
def test_an_error_is_one_line_and_a_status(server: Script, answer: tuple[int, Any], status: int, said: str) -> None:
    server.answers[f"GET /dead-letters/{FIRST}"] = answer
    ended = run(server, "show", FIRST)
    assert (ended.returncode, ended.stdout) == (status, "")
    assert said in ended.stderr
    assert ended.stderr.count("\n") == 1
