"""What a cluster's probes ask a worker: a real one, which lives without Redis and is ready once it takes turns."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.ports import free_port
from tests.harness.cluster import Cluster, eventually
from tests.harness.service import until
from tests.media import silence_wav

Client = tuple[Cluster, httpx.Client]


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """An installation whose one worker works at the speed of sound, and who asks that worker."""
    port = free_port()
    with (
        Cluster(tmp_path, TRANSCRIBER="scripted", SCRIPTED_RTF="1", METRICS_PORT=str(port)) as cluster,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as asking,
    ):
        yield cluster, asking


def answer(client: httpx.Client, path: str) -> tuple[int, str] | None:
    """Return status and word, or nothing while nobody listens."""
    try:
        told = client.get(path)
    except httpx.TransportError:
        return None
    return told.status_code, told.json()["status"]


def test_a_worker_lives_without_redis_and_is_ready_when_it_takes_turns(client: Client) -> None:
    cluster, asking = client
    cluster.kill_valkey()
    worker = cluster.start_worker()

    assert until(lambda: answer(asking, "/health"), 60, worker.log_tail) == (200, "ok")
    until(lambda: "Cannot connect" in worker.log_tail() or None, 60, worker.log_tail)
    assert answer(asking, "/health/ready") == (503, "not_ready")
    assert answer(asking, "/health") == (200, "ok")

    cluster.start_valkey()
    assert eventually(lambda: answer(asking, "/health/ready") == (200, "ready"), 60), worker.log_tail()
    assert "transcription_jobs_running 0.0" in asking.get("/metrics").text


def test_a_worker_that_is_told_to_stop_is_not_ready_any_more(client: Client) -> None:
    cluster, asking = client
    cluster.start(workers=1)
    (worker,) = cluster.workers
    httpx.post(f"{cluster.base_url()}/transcribe", files={"file": silence_wav(30, rate=8000)}, trust_env=False)
    until(lambda: "transcription_jobs_running 1.0" in asking.get("/metrics").text or None, 30, worker.log_tail)
    assert answer(asking, "/health/ready") == (200, "ready")

    worker.terminate()
    # It answers until the segment under way is done.
    assert eventually(lambda: answer(asking, "/health/ready") == (503, "not_ready"), 30), worker.log_tail()
