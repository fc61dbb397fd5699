"""The real Flower beside a real worker on Redis: it shows each turn's lane and jobs, to those with the password."""

import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cli.ports import free_port
from tests.harness.processes import ServerProcess
from tests.harness.servers import running_server
from tests.harness.service import REPOSITORY, Service, environment, until
from tests.media import silence_wav

PASSWORD = ("operator", "a password of nobody")
LANE = "base"


@pytest.fixture(scope="module")
def redis_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_server("redis", tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="module")
def flower(redis_of_all: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Flower, as its operators see it."""
    port = free_port()
    variables = environment(
        REDIS_URL=redis_of_all,
        FLOWER_BASIC_AUTH=":".join(PASSWORD),
        FLOWER_ADDRESS="127.0.0.1",
        FLOWER_PORT=str(port),
        FLOWER_URL_PREFIX="flower",
        PYTHONPATH=str(REPOSITORY),
    )
    log = tmp_path_factory.mktemp("flower") / "flower.log"
    process = ServerProcess.start("flower", [sys.executable, "-m", "worker.flower"], variables, log)
    url = f"http://127.0.0.1:{port}/flower"
    with httpx.Client(base_url=url, auth=PASSWORD, trust_env=False, timeout=30) as client:
        until(lambda: True if answers(client) else None, 60, process.log_tail)
        yield client
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="module")
def service(redis_of_all: str, flower: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One worker on that Redis, of whom Flower hears everything."""
    assert answers(flower)
    with Service(
        tmp_path_factory.mktemp("service"), REDIS_URL=redis_of_all, TRANSCRIBER="scripted", WORKER_CONCURRENCY="1"
    ) as running:
        yield running


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthcheck").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def turns(flower: httpx.Client) -> list[dict[str, Any]]:
    answer = flower.get("/api/tasks", params={"taskname": "scriptorium.turn"})
    assert answer.status_code == httpx.codes.OK
    return list(answer.json().values())


def test_a_turn_tells_its_lane_and_its_jobs(flower: httpx.Client, service: Service) -> None:
    job_id = service.submit(silence_wav(1))
    assert service.finished(job_id)["status"] == "completed"

    def look() -> dict[str, Any] | None:
        return next((turn for turn in turns(flower) if job_id in str(turn["result"])), None)

    turn = until(look, 30, lambda: str(turns(flower)))
    assert turn["state"] == "SUCCESS"
    assert f"lane {LANE}: " in turn["result"]
    assert turn["args"] == str((LANE,)) or turn["args"] == str([LANE])
    assert job_id in flower.get(f"/task/{turn['uuid']}").text


def test_every_worker_is_shown(flower: httpx.Client, service: Service) -> None:
    (ready,) = service.client.get("/health/ready").json()["workers"]

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = flower.get("/api/workers", params={"refresh": "1"}).json()
        return found if f"worker@{ready['name']}" in found else None

    worker = until(look, 30)[f"worker@{ready['name']}"]
    assert [queue["name"] for queue in worker["active_queues"]] == [f"lane.{LANE}"]
    assert worker["stats"]["pool"]["max-concurrency"] == 1


@pytest.mark.parametrize("path", ["/", "/tasks", "/api/tasks", "/api/workers"])
@pytest.mark.parametrize("password", [None, ("operator", "another"), ("", "")], ids=["none", "wrong", "empty"])
def test_nobody_is_shown_anything_without_the_password(
    flower: httpx.Client, path: str, password: tuple[str, str] | None
) -> None:
    answer = httpx.get(f"{str(flower.base_url).rstrip('/')}{path}", auth=password, trust_env=False)
    assert answer.status_code == httpx.codes.UNAUTHORIZED


def test_not_even_an_operator_ends_a_worker_by_it(flower: httpx.Client, service: Service) -> None:
    (ready,) = service.client.get("/health/ready").json()["workers"]
    answer = flower.post(f"/api/worker/shutdown/worker@{ready['name']}")
    assert answer.status_code in {403, 405}
    assert service.finished(service.submit(silence_wav(1)))["status"] == "completed"
