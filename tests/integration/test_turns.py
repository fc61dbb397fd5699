"""Turns may be lost or doubled: the job's truth is in Redis, and the reaper sends what is missing."""

import asyncio
import secrets
from collections.abc import Iterator

import pytest

from core.celery_app import create_celery
from core.lanes import turn_queue
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
        await gateway_store(client).accept(new_job(job_id, seconds=1))
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


def test_a_worker_consumes_its_lane_and_the_maintenance(valkey_url: str) -> None:
    app = create_celery(valkey_url, lane="base")
    assert [queue.name for queue in app.conf.task_queues] == [turn_queue("base"), "maintenance"]
