"""RabbitMQ as the broker: BROKER_URL alone names it, and a job is done whatever becomes of its turns there."""

import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.celery_app import create_celery
from tests.harness.rabbitmq import RabbitMQ
from tests.harness.service import Service, until
from tests.media import silence_wav
from worker.tasks import TurnQueue

LANE = "base"
WORKERS = 2
TINY = silence_wav(0.5, rate=8000)
"""Five hundredths of a second of scripted work."""
SHORT = silence_wav(5, rate=8000)
"""Half a second of it."""


@pytest.fixture(scope="module")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    with RabbitMQ(tmp_path_factory.mktemp("rabbitmq")) as running:
        yield running


@pytest.fixture(scope="module")
def service(rabbitmq: RabbitMQ, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two workers of two slots that notice a loss within seconds; only BROKER_URL tells of RabbitMQ."""
    with Service(
        tmp_path_factory.mktemp("service"),
        BROKER_URL=rabbitmq.url,
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.1",
        WORKERS=str(WORKERS),
        WORKER_CONCURRENCY="2",
        LEASE_SECONDS="2",
        HEARTBEAT_SECONDS="0.5",
        REAP_SECONDS="0.5",
    ) as running:
        yield running


@pytest.fixture
def turns(rabbitmq: RabbitMQ) -> TurnQueue:
    return TurnQueue(create_celery(rabbitmq.url))


def submit(service: Service, media: bytes, jobs: int) -> list[str]:
    return [service.submit(media) for _ in range(jobs)]


def completed(service: Service, jobs: list[str]) -> list[dict[str, Any]]:
    """Wait for jobs and return their status documents; every one is completed, with its segments."""
    documents = [service.finished(job_id) for job_id in jobs]
    assert [document["status"] for document in documents] == ["completed"] * len(jobs)
    assert all(service.client.get(f"/result/{job_id}").json()["segments"] for job_id in jobs)
    return documents


def worker_processes(service: Service) -> list[int]:
    """Return the process ids of the workers that are ready, all of them; each is a child of the service."""

    def look() -> list[int] | None:
        workers = service.client.get("/health/ready").json()["workers"]
        # A worker that was killed stays listed until its entry lapses.
        living = [int(worker["name"].rpartition("-")[2]) for worker in workers]
        living = [process for process in living if parent(process) == service.process_id]
        return living if len(living) == WORKERS else None

    return until(look, 60, service.output)


def parent(process: int) -> int | None:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(status.rpartition(")")[2].split()[1])


def test_a_burst_is_done_over_rabbitmq_alone(service: Service) -> None:
    jobs = submit(service, TINY, 60)
    assert [document["attempt"] for document in completed(service, jobs)] == [1] * 60
    # Redis holds the jobs and nothing of Celery's.
    with service.redis() as client:
        assert [key for key in client.scan_iter() if not key.startswith("scriptorium:")] == []


def test_a_worker_killed_within_a_burst_loses_nothing(service: Service) -> None:
    worker_processes(service)
    jobs = submit(service, SHORT, 24)
    until(lambda: True if service.client.get("/stats").json()["processing_jobs"] == 4 else None, 30, service.output)
    victim = worker_processes(service)[0]

    os.kill(victim, signal.SIGKILL)

    attempts = sorted(document["attempt"] for document in completed(service, jobs))
    assert attempts[-1] == 2  # it was killed while it had a job
    assert set(attempts) == {1, 2}
    assert victim not in worker_processes(service)


def test_jobs_whose_turns_are_purged_are_done(service: Service, rabbitmq: RabbitMQ, turns: TurnQueue) -> None:
    # Stopped, `up` starts no worker anew; the gateway goes on, so the turns of what it accepts pile up.
    victims = worker_processes(service)
    os.kill(service.process_id, signal.SIGSTOP)
    try:
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        jobs = submit(service, TINY, 10)
        until(lambda: True if turns.length(LANE) >= len(jobs) else None, 30, rabbitmq.output)
        assert rabbitmq.purge(LANE) >= len(jobs)
        assert turns.length(LANE) == 0
    finally:
        service.lines.clear()
        os.kill(service.process_id, signal.SIGCONT)

    completed(service, jobs)
    assert service.wait_for_line("turns_topped_up", seconds=1)


def test_jobs_accepted_while_rabbitmq_is_away_are_done(service: Service, rabbitmq: RabbitMQ) -> None:
    rabbitmq.stop()
    try:
        jobs = submit(service, TINY, 10)
    finally:
        rabbitmq.start()
    completed(service, jobs)
    # The next ones don't wait for a reaper's look: the gateway and the workers have their connections again.
    completed(service, submit(service, TINY, 10))


def test_a_queue_that_nobody_declared_or_that_is_empty_has_no_turns(rabbitmq: RabbitMQ, turns: TurnQueue) -> None:
    lane = secrets.token_hex(4)
    assert turns.length(lane) == 0
    turns.send(lane, 3)
    until(lambda: True if turns.length(lane) == 3 else None, 10, rabbitmq.output)
    assert rabbitmq.purge(lane) == 3
    assert turns.length(lane) == 0
