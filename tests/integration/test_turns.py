"""Turns may be lost or doubled: the job's truth is in Redis, and the reaper sends what is missing."""

import asyncio
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.dispatch import TurnSender
from api.principal import DEFAULT_TENANT
from core.celery_app import create_celery
from core.redis_clients import connect_async
from tests.harness.service import Service, until
from tests.harness.stores import gateway_store, new_job
from tests.media import silence_wav
from worker.tasks import TurnQueue

TINY = silence_wav(1, rate=8000)


@pytest.fixture(scope="module")
def quick_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service whose reaper looks twice a second."""
    with Service(
        tmp_path_factory.mktemp("turns"), TRANSCRIBER="scripted", WORKER_CONCURRENCY="2", REAP_SECONDS="0.5"
    ) as running:
        yield running


def accept_without_a_turn(service: Service) -> str:
    """Accept a job as the gateway does, and lose its turn."""
    job_id = secrets.token_hex(16)
    (service.data_dir / "media" / job_id).write_bytes(TINY)

    async def accept() -> None:
        client = connect_async((service.data_dir / "valkey" / "url").read_text().strip())
        await gateway_store(client).accept(new_job(job_id, tenant=DEFAULT_TENANT, seconds=1))
        await client.aclose()

    asyncio.run(accept())
    return job_id


def test_a_job_whose_turn_was_lost_is_picked_up(quick_service: Service) -> None:
    lost = [accept_without_a_turn(quick_service) for _ in range(5)]
    assert [quick_service.finished(job_id)["status"] for job_id in lost] == ["completed"] * 5


def test_doubled_turns_change_nothing(quick_service: Service) -> None:
    broker = (quick_service.data_dir / "valkey" / "url").read_text().strip()
    turns = TurnQueue(create_celery(broker))
    before = quick_service.client.get("/stats").json()
    turns.send("base", 50)
    job_id = quick_service.submit(TINY)
    turns.send("base", 50)
    assert quick_service.finished(job_id)["attempt"] == 1
    until(lambda: True if turns.length("base") == 0 else None, 30, quick_service.output)
    after = quick_service.client.get("/stats").json()
    assert after["completed"] == before["completed"] + 1
    assert after["failed"] == before["failed"]


def test_the_length_of_a_queue_is_its_messages_and_an_empty_one_has_none(valkey_url: str) -> None:
    lane = secrets.token_hex(4)
    turns = TurnQueue(create_celery(valkey_url))
    assert turns.length(lane) == 0
    turns.send(lane, 3)
    assert turns.length(lane) == 3


def test_no_turn_is_sent_for_a_job_behind_so_many_that_nobody_sleeps(valkey_url: str) -> None:
    lane, celery = secrets.token_hex(4), create_celery(valkey_url)
    turns = TurnSender(celery)
    for waiting in (0, 255, 256, 5000):
        turns.send(lane, waiting=waiting)
    turns.close()
    assert TurnQueue(celery).length(lane) == 2


def test_a_full_worker_leaves_turns_to_those_who_are_free(tmp_path: Path) -> None:
    with Service(tmp_path, TRANSCRIBER="scripted", SCRIPTED_RTF="0.1", WORKER_CONCURRENCY="1", WORKERS="2") as service:
        busy = service.submit(silence_wav(600, rate=8000))
        until(lambda: True if service.status(busy)["status"] == "processing" else None, 20, service.output)
        waits = []
        for _ in range(12):
            began = time.monotonic()
            assert service.finished(service.submit(TINY))["status"] == "completed"
            waits.append(time.monotonic() - began)
        # A turn that is lost costs until the reaper's next look, ten seconds.
        assert max(waits) < 5, waits
        service.client.delete(f"/job/{busy}")


def test_the_clean_up_does_not_wait_for_a_lane_to_be_empty(tmp_path: Path) -> None:
    settings = {"TRANSCRIBER": "scripted", "SCRIPTED_RTF": "1", "WORKER_CONCURRENCY": "1", "CLEAN_UP_SECONDS": "1"}
    with Service(tmp_path, **settings) as service:
        running, cancelled = (service.submit(silence_wav(seconds, rate=8000)) for seconds in (60, 5))
        service.client.delete(f"/job/{cancelled}")
        until(lambda: True if service.media_files() == [running] else None, 20, service.output)
        assert service.status(running)["status"] == "processing"
        service.client.delete(f"/job/{running}")
