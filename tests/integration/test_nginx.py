"""The real nginx in front of the whole service: what goes through it comes through, as it happens."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.harness.balancer import running_balancer
from tests.harness.service import Service, until
from tests.media import silence_wav


@pytest.fixture(scope="module")
def balancer(scripted_service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_balancer(tmp_path_factory.mktemp("nginx"), scripted_service.port) as running:
        yield running.url


def test_a_job_goes_through_the_balancer(balancer: str, scripted_service: Service) -> None:
    with httpx.Client(base_url=balancer, trust_env=False) as client:
        answer = client.post("/transcribe", files={"file": ("a.wav", silence_wav(1))})
        assert answer.status_code == 202
        assert answer.headers["location"].startswith("/status/")
        scripted_service.finished(answer.json()["job_id"])
        assert client.get(f"/result/{answer.json()['job_id']}").status_code == 200


def test_a_call_waits_for_its_job_through_the_balancer(balancer: str, scripted_service: Service) -> None:
    answer = httpx.post(
        f"{balancer}/v1/audio/transcriptions",
        files={"file": ("a.wav", silence_wav(12, rate=8000))},
        trust_env=False,
        timeout=30,
    )
    assert answer.status_code == 200
    assert "Segment 3" in answer.json()["text"]
    assert scripted_service.status(answer.headers["x-job-id"])["status"] == "completed"


def test_who_leaves_a_call_through_the_balancer_is_missed_at_the_gateway(
    balancer: str, scripted_service: Service
) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{balancer}/inference",
            files={"file": ("a.wav", silence_wav(300, rate=8000))},
            headers={"X-On-Disconnect": "cancel"},
            trust_env=False,
            timeout=httpx.Timeout(30, read=0.5),
        )
    job_id = scripted_service.client.get("/jobs?limit=1").json()["jobs"][0]["job_id"]
    assert scripted_service.finished(job_id)["status"] == "cancelled"


def test_an_upload_reaches_the_gateway_before_its_end(balancer: str, scripted_service: Service) -> None:
    half_sent: list[str] = []

    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        yield bytes(3 * 1024 * 1024)
        deadline = time.monotonic() + 20
        while not half_sent and time.monotonic() < deadline:
            half_sent.extend(name for name in scripted_service.media_files() if name.endswith(".part"))
        yield b"\r\n--x--\r\n"

    httpx.post(
        f"{balancer}/transcribe",
        content=body(),
        headers={"content-type": "multipart/form-data; boundary=x"},
        trust_env=False,
        timeout=30,
    )
    assert half_sent


def test_an_upload_that_turns_out_too_large_is_refused(scripted_service: Service, tmp_path: Path) -> None:
    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(32):
            yield bytes(128 * 1024)

    with running_balancer(tmp_path, scripted_service.port, MAX_FILE_SIZE_MB="1") as balancer:
        answer = httpx.post(
            f"{balancer.url}/transcribe",
            content=body(),
            headers={"content-type": "multipart/form-data; boundary=x"},
            trust_env=False,
            timeout=30,
        )
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert answer.json()["code"] == "upload_too_large"
    until(lambda: None if any(name.endswith(".part") for name in scripted_service.media_files()) else True, 20)


def test_events_come_through_as_they_happen(balancer: str, scripted_service: Service) -> None:
    job_id = scripted_service.submit(silence_wav(30, rate=8000))
    with httpx.stream("GET", f"{balancer}/events/{job_id}", trust_env=False, timeout=30) as answer:
        lines = answer.iter_lines()
        next(line for line in lines if line == "event: segment")
        assert scripted_service.status(job_id)["status"] == "processing"
        assert '"completed"' in [line for line in lines if line.startswith("data")][-1]


def test_metrics_are_not_for_the_outside(balancer: str) -> None:
    assert httpx.get(f"{balancer}/metrics", trust_env=False).status_code == 404


def test_the_request_id_is_the_balancers(balancer: str) -> None:
    assert re.fullmatch("[0-9a-f]{32}", httpx.get(f"{balancer}/health", trust_env=False).headers["x-request-id"])


def test_a_balanced_answer_tells_a_browser_to_be_careful(balancer: str) -> None:
    headers = httpx.get(f"{balancer}/health", trust_env=False).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in headers
