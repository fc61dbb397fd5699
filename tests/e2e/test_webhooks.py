"""Webhooks through the real processes: given to the gateway, delivered by beat's, shown to the owner."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.keys import Keys
from tests.harness.cluster import Cluster
from tests.harness.receiver import Received, Receiver, Reply
from tests.harness.service import until
from tests.media import silence_wav

KEY = secrets.token_bytes(32)
TINY = silence_wav(1, rate=8000)
ADMIN_KEY = secrets.token_hex(32)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(
        tmp_path_factory.mktemp("webhooks"),
        TRANSCRIBER="scripted",
        AUTH_MODE="api_key",
        ADMIN_KEY=ADMIN_KEY,
        WEBHOOK_SECRET=f"whsec_{base64.b64encode(KEY).decode()}",
        OUTBOUND_ALLOWED_NETWORKS="127.0.0.1/32",
    ) as running:
        running.start(workers=1, beat=True)
        yield running


class Client:
    """Somebody with a key of his own tenant."""

    def __init__(self, cluster: Cluster, tenant: str) -> None:
        answer = httpx.post(
            f"{cluster.base_url()}/keys",
            headers={"X-API-Key": ADMIN_KEY},
            json={"tenant": tenant, "name": tenant, "scopes": ["submit", "read"]},
            trust_env=False,
        )
        assert answer.status_code == 201, answer.text
        self.http = httpx.Client(
            base_url=cluster.base_url(), headers={"X-API-Key": answer.json()["key"]}, trust_env=False, timeout=30
        )

    def post(self, **fields: str) -> httpx.Response:
        headers = {"Cache-Control": "no-cache"}
        return self.http.post("/transcribe", files={"file": ("audio", TINY)}, data=fields, headers=headers)

    def submit(self, **fields: str) -> str:
        answer = self.post(**fields)
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["job_id"]
        return job_id

    def event(self, job_id: str, state: str) -> dict[str, Any]:
        """Return a job's only event, once it stands so."""

        def look() -> dict[str, Any] | None:
            answer = self.http.get(f"/webhooks/{job_id}")
            assert answer.status_code == 200, answer.text
            found: list[dict[str, Any]] = answer.json()["events"]
            return found[0] if [event["state"] for event in found] == [state] else None

        return until(look, 30, lambda: self.http.get(f"/webhooks/{job_id}").text)


@pytest.fixture(scope="module")
def client(cluster: Cluster) -> Client:
    return Client(cluster, "ann")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def test_the_end_of_a_job_is_told_signed_and_logged(client: Client, receiver: Receiver) -> None:
    job_id = client.submit(webhook_url=receiver.url("/hook?token=very-secret"))
    event = client.event(job_id, "delivered")
    (received,) = receiver.received
    signed = f"{event['webhook_id']}.{received.headers['webhook-timestamp']}.".encode() + received.body
    digest = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert received.headers["webhook-signature"] == f"v1,{digest}"
    document = json.loads(received.body)
    assert document["type"] == event["type"] == "transcription.completed"
    assert client.http.get(document["data"]["result"]).status_code == 200
    assert [attempt["status"] for attempt in event["attempts"]] == [204]
    shown = client.http.get(f"/webhooks/{job_id}").json()
    assert (shown["url"], shown["disabled"]) == (receiver.url("/hook?token=very-secret"), False)
    assert "very-secret" not in client.http.get(f"/status/{job_id}").text

    replayed = client.http.post(f"/webhooks/{job_id}/replay")
    assert (replayed.status_code, replayed.json()) == (202, {"job_id": job_id, "webhook_id": event["webhook_id"]})
    assert [each.headers["webhook-id"] for each in receiver.awaited(2)] == [event["webhook_id"]] * 2


def test_a_receiver_is_told_in_assemblyais_words_with_its_secret(
    cluster: Cluster, client: Client, receiver: Receiver
) -> None:
    uploaded = client.http.post("/v2/upload", content=TINY).json()
    asked = {
        "audio_url": uploaded["upload_url"],
        "webhook_url": receiver.url("/assemblyai?id=7"),
        "webhook_auth_header_name": "X-My-Secret",
        "webhook_auth_header_value": "hush, hush",
    }
    answer = client.http.post("/v2/transcript", json=asked)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    client.event(made["id"], "delivered")
    (received,) = receiver.received
    assert json.loads(received.body) == {"transcript_id": made["id"], "status": "completed"}
    assert received.headers["x-my-secret"] == "hush, hush"
    assert received.headers["content-type"] == "application/json"
    signed = f"{received.headers['webhook-id']}.{received.headers['webhook-timestamp']}.".encode() + received.body
    digest = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert received.headers["webhook-signature"] == f"v1,{digest}"
    shown = client.http.get(f"/v2/transcript/{made['id']}").json()
    assert (shown["webhook_url"], shown["webhook_status_code"]) == (receiver.url("/assemblyai?id=7"), 204)
    assert (shown["webhook_auth"], shown["webhook_auth_header_name"]) == (True, "X-My-Secret")
    # Nobody is told the secret, and its owner only by what he sent himself.
    for path in (f"/v2/transcript/{made['id']}", "/v2/transcript", f"/webhooks/{made['id']}", f"/status/{made['id']}"):
        assert "hush" not in client.http.get(path).text
    assert "hush" not in answer.text
    logs = "".join(path.read_text() for path in Path(cluster.logs).iterdir() if path.suffix == ".log")
    assert made["id"] in logs
    assert "hush" not in logs


def test_an_end_that_is_no_transcript_is_an_error_in_assemblyais_words(client: Client, receiver: Receiver) -> None:
    asked = {"audio_url": "http://127.0.0.1:9/nothing", "webhook_url": receiver.url()}
    made = client.http.post("/v2/transcript", json=asked).json()
    client.http.delete(f"/job/{made['id']}")
    (received,) = receiver.awaited(1)
    assert json.loads(received.body) == {"transcript_id": made["id"], "status": "error"}
    assert "x-my-secret" not in received.headers


def test_a_deliverer_killed_while_it_sends_is_followed_by_one_that_sends_the_same(
    cluster: Cluster, client: Client, receiver: Receiver
) -> None:
    released = threading.Event()

    def reply(_: Received) -> Reply:
        released.wait(30)
        return Reply()

    receiver.reply = reply
    job_id = client.submit(webhook_url=receiver.url())
    receiver.awaited(1)
    assert cluster.beat is not None
    cluster.beat.kill()
    released.set()
    cluster.start_beat()
    cluster.redis.zadd(Keys().webhooks, {f"{job_id}-1": 1}, xx=True)  # its lease lapses
    event = client.event(job_id, "delivered")
    assert len(event["attempts"]) == 1
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == event["webhook_id"]
    assert first.body == second.body


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]:6379/",
        "http://2130706434/",
        "ftp://example.com/",
        "https://user:password@example.com/",
        "nonsense",
    ],
)
def test_webhooks_to_private_addresses_are_refused(client: Client, url: str) -> None:
    answer = client.post(webhook_url=url)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_options")
    assert [problem["option"] for problem in answer.json()["errors"]] == ["webhook_url"]
    assert url not in answer.text


def test_webhooks_of_others_are_not_there(cluster: Cluster, client: Client, receiver: Receiver) -> None:
    job_id = client.submit(webhook_url=receiver.url())
    client.event(job_id, "delivered")
    stranger = Client(cluster, "bob")
    for answer in (stranger.http.get(f"/webhooks/{job_id}"), stranger.http.post(f"/webhooks/{job_id}/replay")):
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")
    assert len(receiver.received) == 1


def test_a_job_that_tells_nobody_has_nothing_to_replay(client: Client) -> None:
    job_id = client.submit()
    shown = client.http.get(f"/webhooks/{job_id}").json()
    assert shown == {"job_id": job_id, "url": None, "disabled": False, "events": []}
    answer = client.http.post(f"/webhooks/{job_id}/replay")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_webhook_event")


def test_without_a_secret_no_webhook_is_taken(cluster: Cluster, client: Client) -> None:
    gateway = cluster.start_gateway(WEBHOOK_SECRET="")
    try:
        cluster.await_ready()
        answer = httpx.post(
            f"{cluster.gateways[gateway]}/transcribe",
            headers=dict(client.http.headers),
            files={"file": ("audio", TINY)},
            data={"webhook_url": "https://example.com/"},
            trust_env=False,
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_options")
        assert "WEBHOOK_SECRET" in answer.json()["detail"]
    finally:
        gateway.kill()


def test_outcomes_are_counted_and_no_log_holds_a_url(cluster: Cluster, client: Client, receiver: Receiver) -> None:
    job_id = client.submit(webhook_url=receiver.url("/private-path?token=very-secret"))
    client.event(job_id, "delivered")
    metrics = httpx.get(f"{cluster.base_url()}/metrics", trust_env=False).text
    assert 'transcription_webhook_attempts_total{outcome="delivered"}' in metrics
    assert "transcription_webhooks_waiting" in metrics
    logs = "".join(path.read_text() for path in Path(cluster.logs).iterdir() if path.suffix == ".log")
    assert '"event":"webhook_attempted"' in logs
    assert job_id in logs
    assert [secret for secret in ("private-path", "very-secret", "169.254") if secret in logs] == []
