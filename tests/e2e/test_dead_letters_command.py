"""`scriptorium dead` against the real service: a job that fails for good, from its list entry to its purge."""

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.harness.service import Service, environment
from tests.media import silence_wav


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose jobs fail with their first error."""
    with Service(
        tmp_path_factory.mktemp("dead-letters-command"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.02",
        WORKER_CONCURRENCY="1",
        MAX_ATTEMPTS="1",
    ) as running:
        yield running


def run(service: Service, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "dead", *arguments],
        cwd=service.data_dir,
        env=environment(SCRIPTORIUM_SERVER=f"http://127.0.0.1:{service.port}"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def printed(service: Service, *arguments: str) -> list[list[str]]:
    """Return what a command prints, by line and column."""
    ended = run(service, *arguments)
    assert ended.returncode == 0, ended.stderr
    return [line.split("\t") for line in ended.stdout.splitlines()]


def failed(service: Service, prompt: str = "scripted:error") -> str:
    job_id = service.submit(silence_wav(30, rate=8000), name="Grüße.wav", initial_prompt=prompt)
    assert service.finished(job_id)["status"] == "failed"
    return job_id


def test_from_the_list_to_the_purge(service: Service) -> None:
    job_id = failed(service)
    ((listed, _, failure, attempts, jobs, file_name),) = printed(service, "list")
    assert (listed, failure, attempts, jobs, file_name) == (job_id, "attempts_exhausted", "1", "1", "Grüße.wav")

    facts = printed(service, "show", job_id)
    assert ["failure", "attempts_exhausted"] in facts
    number, worker, *_, audio, outcome, code, detail = facts[-1]
    assert (number, audio, outcome, code) == ("1", "0-0 s", "error", "internal_error")
    assert worker
    assert detail

    assert printed(service, "requeue", job_id) == [[f"requeued {job_id}"]]
    assert service.finished(job_id)["status"] == "failed"
    assert [line[0] for line in printed(service, "show", job_id)[-2:]] == ["1", "2"]
    document = json.loads(run(service, "show", job_id, "--json").stdout)
    assert document == service.client.get(f"/dead-letters/{job_id}").json()

    refused = run(service, "purge", job_id)
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert printed(service, "purge", job_id, "--yes") == [[f"purged {job_id}"]]
    gone = run(service, "show", job_id)
    assert (gone.returncode, gone.stdout) == (4, "")
    assert gone.stderr.startswith("scriptorium: No such job. ")
    assert printed(service, "list") == []
    assert job_id not in service.media_files()


def test_all_of_one_failure(service: Service) -> None:
    spared, lost = failed(service, "scripted:error@10"), failed(service)
    (service.data_dir / "media" / lost).unlink()
    assert printed(service, "requeue", "--all", "--failure", "timed_out") == []
    ended = run(service, "requeue", "--all", "--failure", "attempts_exhausted")
    assert (ended.returncode, ended.stdout) == (0, f"requeued {spared}\n")
    assert ended.stderr.startswith("1 job requeued.\n1 left: ")
    assert service.finished(spared)["status"] == "completed"
    gone = run(service, "requeue", lost)
    assert gone.returncode == 4
    assert "post it again" in gone.stderr
    not_dead = run(service, "requeue", spared)
    assert not_dead.returncode == 4
    assert f"{spared}: The job is no dead letter. " in not_dead.stderr
    assert printed(service, "purge", "--all", "--yes") == [[f"purged {lost}"]]
    assert printed(service, "list") == []
