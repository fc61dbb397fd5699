"""`scriptorium batch` and `watch` against the real service: killed half-way, limited, refused, left alone by it."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.command import RunningCommand, run_command
from tests.harness.service import Service
from tests.media import silence_wav, text_named_mp3

FILES = 200


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that lets nobody submit more than 100 files in ten seconds, and gives up at once what fails."""
    with Service(
        tmp_path_factory.mktemp("batch"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.02",
        WORKER_CONCURRENCY="4",
        RATE_LIMIT_SUBMIT="100/10second",
        MAX_ATTEMPTS="1",
    ) as running:
        yield running


@pytest.fixture
def server(service: Service) -> str:
    return f"http://127.0.0.1:{service.port}"


def stats(service: Service) -> dict[str, Any]:
    document: dict[str, Any] = service.client.get("/stats").json()
    return document


def jobs_by_name(service: Service) -> dict[str, list[str]]:
    """Return the ids of all jobs, by their files' names."""
    found: dict[str, list[str]] = {}
    cursor: str | None = None
    while True:
        page = service.client.get("/jobs", params={"limit": 200} | ({"cursor": cursor} if cursor else {})).json()
        for job in page["jobs"]:
            found.setdefault(job["file_name"], []).append(job["job_id"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def _cells(line: str) -> list[str]:
    return line.split("\t")


def refusals(service: Service) -> float:
    """Return how many submissions were answered 429."""
    lines = service.client.get("/metrics").text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if "/transcribe" in line and 'status="429"' in line)


def test_a_batch_of_200_files_killed_half_way_does_the_rest_only(service: Service, server: str, tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    seconds = {f"part-{number % 7}/call-{number:03}.wav": 1 + number / 1000 for number in range(FILES)}
    for name, length in seconds.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(silence_wav(length, rate=8000))
    before = stats(service)
    arguments = ("batch", folder, "-o", out, "-f", "srt", "-f", "text", "--report", tmp_path / "report.json")

    with RunningCommand(*arguments, server=server) as first:
        first.until_lines(FILES // 2)
        first.end(signal.SIGKILL)
        settled = {path: job_id for _, path, job_id, _ in map(_cells, first.lines)}
    assert FILES // 2 <= len(settled) < FILES
    assert not (tmp_path / "report.json").exists()

    ended = run_command(*arguments, server=server)
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.count("waiting whenever the service asks for it") == 1  # and not for each of a hundred refusals
    rest = [path for _, path, _, _ in map(_cells, ended.stdout.splitlines())]

    # The server has 200 jobs, each file once, and transcribed each once.
    after = stats(service)
    assert {name: after[name] - before[name] for name in ("accepted", "joined", "cached", "completed", "failed")} == {
        "accepted": FILES, "joined": 0, "cached": 0, "completed": FILES, "failed": 0,
    }  # fmt: skip
    jobs = jobs_by_name(service)
    assert all(len(jobs[Path(name).name]) == 1 for name in seconds)
    assert refusals(service) > 0

    # The second run did what the first had not settled, and nothing else.
    report = json.loads((tmp_path / "report.json").read_text())
    files = {file["path"]: file for file in report["files"]}
    assert files.keys() == seconds.keys()
    assert {path for path, file in files.items() if file["run"] == 2} == set(rest)
    assert settled.items() <= {path: file["job_id"] for path, file in files.items() if file["run"] == 1}.items()
    assert {job_id for ids in jobs.values() for job_id in ids} >= {file["job_id"] for file in files.values()}

    # Every number is the sum of the runs'.
    first_run, second_run = report["runs"]
    assert first_run["completed"] + second_run["completed"] == report["completed"] == report["total"] == FILES
    assert second_run["completed"] == len(rest)
    assert (report["failed"], report["unfinished"]) == (0, 0)
    assert report["audio_seconds"] == pytest.approx(sum(seconds.values()), abs=0.01)
    assert first_run["audio_seconds"] + second_run["audio_seconds"] == pytest.approx(report["audio_seconds"])
    assert first_run["wall_seconds"] + second_run["wall_seconds"] == pytest.approx(report["wall_seconds"])
    assert report["rtf"] == pytest.approx(report["wall_seconds"] / report["audio_seconds"], abs=1e-4)
    assert min(first_run["wall_seconds"], second_run["wall_seconds"]) > 0

    # Every transcript is there and whole, and nothing else is.
    written = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    expected = {f"{name.removesuffix('.wav')}{suffix}" for name in seconds for suffix in (".srt", ".txt")}
    assert written - expected == {".scriptorium-batch.jsonl"}
    assert expected <= written
    assert all((out / name).read_text().endswith("seconds.\n") for name in expected)

    third = run_command(*arguments, server=server)
    assert (third.returncode, third.stdout) == (0, "")
    assert stats(service)["accepted"] == after["accepted"]


def test_what_has_failed_is_listed_and_tried_again_only_if_asked_for(
    service: Service, server: str, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "fails.wav").write_bytes(silence_wav(2.5, rate=8000))
    (folder / "list.mp3").write_bytes(text_named_mp3())
    arguments = ("batch", folder, "-o", tmp_path / "out", "--initial-prompt", "scripted:error")
    first = run_command(*arguments, server=server)
    assert first.returncode == 1
    assert {(state, path, code) for state, path, _, code in map(_cells, first.stdout.splitlines())} == {
        ("failed", "fails.wav", "attempts_exhausted"),
        ("failed", "list.mp3", "unsupported_media"),
    }
    assert "--retry-failed" in first.stderr
    second = run_command(*arguments, server=server)
    assert (second.returncode, second.stdout) == (1, "")
    assert len(jobs_by_name(service)["fails.wav"]) == 1
    third = run_command(*arguments, "--retry-failed", "--json", server=server)
    events = [json.loads(line) for line in third.stdout.splitlines()]
    assert [event["event"] for event in events] == ["failed", "failed", "summary"]
    assert (events[-1]["total"], events[-1]["failed"], events[-1]["completed"]) == (2, 2, 0)
    assert [run["failed"] for run in events[-1]["runs"]] == [0, 0, 2]
    assert len(jobs_by_name(service)["fails.wav"]) == 2


def test_other_formats_are_fetched_and_a_transcript_that_was_removed_is_written_again(
    service: Service, server: str, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.wav").write_bytes(silence_wav(3.1, rate=8000))
    arguments = ("batch", tmp_path / "in", "-o", tmp_path / "out")
    assert run_command(*arguments, server=server).returncode == 0
    assert run_command(*arguments, "-f", "vtt", "-f", "text", server=server).returncode == 0
    (tmp_path / "out" / "one.txt").unlink()
    assert run_command(*arguments, server=server).returncode == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"one.txt", "one.vtt"}
    assert len(jobs_by_name(service)["one.wav"]) == 1
    # What the service has no more is transcribed again.
    (job_id,) = jobs_by_name(service)["one.wav"]
    service.client.delete(f"/job/{job_id}")
    (tmp_path / "out" / "one.txt").unlink()
    assert run_command(*arguments, server=server).returncode == 0
    assert (tmp_path / "out" / "one.txt").exists()
    (new_id,) = jobs_by_name(service)["one.wav"]
    assert new_id != job_id


def test_what_every_file_would_be_refused_for_ends_it_and_a_service_that_is_not_there_too(
    server: str, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for number in range(3):
        (tmp_path / "in" / f"{number}.wav").write_bytes(silence_wav(1, rate=8000))
    arguments = ("batch", tmp_path / "in", "-o", tmp_path / "out")
    refused = run_command(*arguments, "--language", "klingon", server=server)
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "klingon" in refused.stderr
    assert "3 left" in refused.stderr
    assert run_command(*arguments, server=server).returncode == 0


def test_watch_takes_a_file_when_it_is_complete_and_waits_for_a_service_that_is_away(
    service: Service, server: str, tmp_path: Path
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "before.wav").write_bytes(silence_wav(1.2, rate=8000))
    slow = silence_wav(9, rate=8000)
    with RunningCommand("watch", folder, "-o", out, "--settle", "0.3", "--json", server=server) as watching:
        assert json.loads(watching.until_line('"path": "before.wav"'))["event"] == "completed"
        with (folder / "slow.wav").open("wb") as growing:
            for number, start in enumerate(range(0, len(slow), len(slow) // 3 + 1)):
                growing.write(slow[start : start + len(slow) // 3 + 1])
                growing.flush()
                # Others come meanwhile and are taken: it was looked at, and left.
                name = f"quick/{number}.wav"
                (folder / name).parent.mkdir(exist_ok=True)
                (folder / name).write_bytes(silence_wav(1.3 + number / 10, rate=8000))
                watching.until_line(f'"path": "{name}"')
                assert not any("slow.wav" in line for line in watching.lines)
        taken = json.loads(watching.until_line('"path": "slow.wav"'))
        assert (taken["event"], taken["audio_seconds"]) == ("completed", 9.0)
        assert len(jobs_by_name(service)["slow.wav"]) == 1

        service.stop()
        (folder / "meanwhile.wav").write_bytes(silence_wav(1.9, rate=8000))
        watching.until_line("The service is away")
        service.start()
        assert json.loads(watching.until_line('"path": "meanwhile.wav"'))["event"] == "completed"
        assert watching.end() == 130
    assert (out / "quick" / "2.txt").exists()
    assert len(jobs_by_name(service)["meanwhile.wav"]) == 1
