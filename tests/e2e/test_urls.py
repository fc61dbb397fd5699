"""Audio by URL through the real processes: named to the gateway, fetched by a worker, transcribed like any other."""

import json
import re
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.keys import Keys
from tests.harness.cluster import Cluster
from tests.harness.file_server import Asked, File, FileServer
from tests.harness.service import FINISHED, Service, until
from tests.media import clip, garbage, references, silence_wav, word_error_rate

ADMIN_KEY = secrets.token_hex(32)
SHORT = silence_wav(1, rate=8000)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(
        tmp_path_factory.mktemp("urls"),
        TRANSCRIBER="scripted",
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
        MAX_FILE_SIZE_MB="1",
        LEASE_SECONDS="2",
        HEARTBEAT_SECONDS="0.3",
        REAP_SECONDS="0.5",
        CLEAN_UP_SECONDS="1",
        OUTBOUND_ALLOWED_NETWORKS="127.0.0.1/32",
    ) as running:
        running.start(workers=1, beat=True)
        yield running


@pytest.fixture(scope="module")
def client(cluster: Cluster) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=cluster.base_url(), headers={"X-API-Key": ADMIN_KEY}, trust_env=False, timeout=30
    ) as running:
        yield running


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer(lambda _: File.of(SHORT)) as running:
        yield running


def submitted(client: httpx.Client, url: str, **fields: object) -> str:
    answer = client.post("/transcribe", json={"url": url, **fields})
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    assert answer.headers["location"] == f"/status/{job_id}"
    return job_id


def finished(client: httpx.Client, job_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        document: dict[str, Any] = client.get(f"/status/{job_id}").json()
        return document if document["status"] in FINISHED else None

    return until(look, 60, lambda: client.get(f"/status/{job_id}").text)


def test_a_url_is_fetched_transcribed_and_told_to_nobody(
    cluster: Cluster, client: httpx.Client, server: FileServer
) -> None:
    job_id = submitted(client, server.url("/very-secret.mp3?token=very-secret"), language="de", beam_size=2)
    status = finished(client, job_id)
    assert (status["status"], status["file_name"]) == ("completed", None)
    assert (status["options"]["language"], status["options"]["beam_size"]) == ("de", 2)
    assert status["progress"]["audio_seconds_total"] == 1.0
    assert "Segment 1" in client.get(f"/result/{job_id}").json()["text"]
    assert [asked.path for asked in server.asked] == ["/very-secret.mp3?token=very-secret"]
    answers = "".join(
        client.get(path).text for path in (f"/status/{job_id}", "/jobs", f"/events/{job_id}", f"/result/{job_id}")
    )
    assert "very-secret" not in answers
    assert "very-secret" not in str(cluster.redis.hgetall(Keys().work(job_id)))
    until(lambda: None if (cluster.media_folder / job_id).exists() else True, 20)
    assert client.delete(f"/job/{job_id}").json()["outcome"] == "erased"
    assert [key for key in cluster.redis.scan_iter() if job_id in key] == []


@pytest.mark.parametrize(
    ("body", "status", "code", "option"),
    [
        ({}, 422, "invalid_options", "url"),
        ({"url": None}, 422, "invalid_options", "url"),
        ({"url": 7}, 422, "invalid_options", "url"),
        ({"url": ""}, 422, "invalid_options", "url"),
        ({"url": "nonsense"}, 422, "invalid_options", "url"),
        ({"url": "https://example.com/" + "a" * 3000}, 422, "invalid_options", "url"),
        ({"url": "https://example.com/a", "langauge": "en"}, 422, "invalid_options", "langauge"),
        ({"url": "https://example.com/a", "whisper_task": "translate"}, 422, "invalid_options", "whisper_task"),
        ({"url": "https://example.com/a", "file": "x"}, 422, "invalid_options", "file"),
        ({"url": "https://example.com/a", "beam_size": "many"}, 422, "invalid_options", "beam_size"),
        ({"url": "https://example.com/a", "model": "enormous"}, 422, "unknown_model", "model"),
        (
            {"url": "https://example.com/a", "clip_start_seconds": 5, "clip_end_seconds": 3},
            422,
            "invalid_options",
            "clip_end_seconds",
        ),
        ({"url": "https://example.com/a", "webhook_url": "https://x.example/"}, 422, "invalid_options", "webhook_url"),
        ([], 422, "invalid_options", "options"),
        ("https://example.com/a", 422, "invalid_options", "options"),
        ({"url": "https://example.com/a", "initial_prompt": "x" * 70_000}, 400, "malformed_body", None),
    ],
)
def test_a_body_that_asks_for_nothing_proper(
    client: httpx.Client, body: object, status: int, code: str, option: str | None
) -> None:
    answer = client.post("/transcribe", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert [problem["option"] for problem in answer.json().get("errors") or []] == ([option] if option else [])


def test_a_body_that_is_no_json(client: httpx.Client) -> None:
    answer = client.post("/transcribe", content=b'{"url": ', headers={"content-type": "application/json; charset=x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


def test_who_may_not_submit_is_told_so_before_his_body_is_read(cluster: Cluster) -> None:
    answer = httpx.post(f"{cluster.base_url()}/transcribe", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]:6379/",
        "http://2130706434/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https://user:password@example.com/",
    ],
)
def test_urls_of_audio_that_lead_inside_are_refused(client: httpx.Client, url: str) -> None:
    answer = client.post("/transcribe", json={"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_options")
    assert [problem["option"] for problem in answer.json()["errors"]] == ["url"]
    assert url not in answer.text


@pytest.mark.parametrize("location", ["http://127.0.0.2/", "http://[::1]/", "//10.0.0.1/"])
def test_urls_of_audio_that_redirect_inside_fail_at_once(
    client: httpx.Client, server: FileServer, location: str
) -> None:
    server.serve = lambda _: File.redirect(location)
    status = finished(client, submitted(client, server.url()))
    assert (status["status"], status["failure"]["code"]) == ("failed", "url_refused")
    assert (status["attempt"], len(server.asked)) == (1, 1)


def test_a_job_whose_url_serves_no_audio_fails_like_an_upload(client: httpx.Client, server: FileServer) -> None:
    for served, code in [
        (File(status=404), "url_not_served"),
        (File.of(b""), "url_empty"),
        (File.of(bytes(1024 * 1024 + 1)), "url_too_large"),
        (File.of(garbage(seed=1, size=5000)), "audio_undecodable"),
        (File.of(b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n"), "audio_undecodable"),
    ]:
        server.serve = lambda _, served=served: served  # type: ignore[misc]
        job_id = submitted(client, server.url())
        status = finished(client, job_id)
        assert (status["status"], status["failure"]["code"], status["attempt"]) == ("failed", code, 1)
        answer = client.get(f"/result/{job_id}")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert client.delete(f"/dead-letters/{job_id}").status_code == 200


def test_a_dead_letter_of_a_url_is_requeued_without_a_file(client: httpx.Client, server: FileServer) -> None:
    server.serve = lambda _: File(status=404)
    job_id = submitted(client, server.url())
    assert finished(client, job_id)["status"] == "failed"
    server.serve = lambda _: File.of(SHORT)
    assert client.post(f"/dead-letters/{job_id}/requeue").status_code == 200
    assert finished(client, job_id)["status"] == "completed"


def test_the_same_key_is_the_same_job_and_the_same_url_is_not(client: httpx.Client, server: FileServer) -> None:
    def post(url: str, key: str | None = None) -> httpx.Response:
        return client.post("/transcribe", json={"url": url}, headers={"Idempotency-Key": key} if key else None)

    first, again, other = post(server.url(), "k"), post(server.url(), "k"), post(server.url())
    assert again.json()["job_id"] == first.json()["job_id"]
    assert again.headers["idempotency-replayed"] == "true"
    assert other.json()["job_id"] != first.json()["job_id"]
    assert not other.json()["cached"]
    conflict = post(server.url("/other"), "k")
    assert (conflict.status_code, conflict.json()["code"]) == (422, "idempotency_conflict")
    for answer in (first, other):
        assert finished(client, answer.json()["job_id"])["status"] == "completed"


def test_a_job_is_cancelled_while_its_audio_is_fetched(
    cluster: Cluster, client: httpx.Client, server: FileServer
) -> None:
    reached, released = threading.Event(), threading.Event()

    def body() -> Iterator[bytes]:
        yield SHORT[:100]
        reached.set()
        released.wait(60)

    server.serve = lambda _: File(body())
    job_id = submitted(client, server.url())
    assert reached.wait(20)
    assert client.get(f"/status/{job_id}").json()["status"] == "processing"
    assert client.delete(f"/job/{job_id}").json()["outcome"] == "cancel_requested"
    assert finished(client, job_id)["status"] == "cancelled"
    released.set()
    assert not list(cluster.media_folder.glob(f"{job_id}*"))


@pytest.mark.parametrize(("end", "attempt"), [("kill", 2), ("terminate", 1)])
def test_a_worker_that_ends_while_it_fetches_is_followed_by_one_that_fetches_anew(
    cluster: Cluster, client: httpx.Client, server: FileServer, end: str, attempt: int
) -> None:
    released = threading.Event()

    def body() -> Iterator[bytes]:
        yield SHORT[:100]
        released.wait(60)

    def serve(_: Asked) -> File:
        return File(body()) if len(server.asked) == 1 else File.of(SHORT)

    server.serve = serve
    job_id = submitted(client, server.url())
    part = cluster.media_folder / f"{job_id}.part"
    until(lambda: part.exists() or None, 20)
    (worker,) = cluster.running_workers()
    getattr(worker, end)()
    worker.wait(20)
    assert part.exists() is (end == "kill")
    cluster.start_worker()
    status = finished(client, job_id)
    released.set()
    assert (status["status"], status["attempt"], len(server.asked)) == ("completed", attempt, 2)
    until(lambda: None if list(cluster.media_folder.glob(f"{job_id}*")) else True, 20)


def test_no_log_holds_a_url_and_fetches_are_counted(cluster: Cluster, client: httpx.Client, server: FileServer) -> None:
    server.serve = lambda asked: File.of(SHORT) if asked.path == "/there" else File.redirect("/there")
    finished(client, submitted(client, server.url("/private-path?token=very-secret")))
    logs = "".join(path.read_text() for path in Path(cluster.logs).iterdir() if path.suffix == ".log")
    assert '"event":"fetch_ended"' in logs
    assert [secret for secret in ("private-path", "very-secret", f":{server.port}") if secret in logs] == []
    (worker,) = client.get("/health/ready").json()["workers"]
    metrics = httpx.get(f"http://127.0.0.1:{worker['metrics_port']}/metrics", trust_env=False).text
    assert re.search(r'transcription_fetches_total\{outcome="fetched"\} [1-9]', metrics)
    assert re.search(r"transcription_fetched_bytes_total [1-9]", metrics)


def test_the_document_tells_of_both_bodies(client: httpx.Client) -> None:
    content = client.get("/openapi.json").json()["paths"]["/transcribe"]["post"]["requestBody"]["content"]
    form, document = (content[kind]["schema"] for kind in ("multipart/form-data", "application/json"))
    assert set(document["properties"]) == set(form["properties"]) - {"file"} | {"url"}
    assert (document["required"], document["additionalProperties"]) == (["url"], False)
    assert "$ref" not in json.dumps(document)


def test_speech_behind_a_url_is_heard(tmp_path: Path) -> None:
    (reference,) = (each for each in references() if each.id == "garden")
    with (
        FileServer(
            lambda asked: File.of(clip("garden").read_bytes()) if asked.path == "/a" else File.redirect("/a")
        ) as server,
        Service(tmp_path, OUTBOUND_ALLOWED_NETWORKS="127.0.0.1") as service,
    ):
        job_id = service.client.post("/transcribe", json={"url": server.url("/")}).json()["job_id"]
        assert service.finished(job_id)["status"] == "completed"
        text = service.client.get(f"/result/{job_id}").json()["text"]
    assert word_error_rate([(reference.text, text)]) <= 10
