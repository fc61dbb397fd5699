"""Webhooks on their way: from a real outbox, over real HTTP, to a receiver that behaves or doesn't."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from ipaddress import ip_address
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from api.webhook_store import LoggedEvent, WebhookLog
from core.errors import FailureCode, OutboundFault
from core.keys import Keys
from core.user_urls import UrlPolicy
from core.webhook_signatures import WebhookSigner
from core.webhooks import WebhookState
from tests.harness.receiver import Received, Receiver, Reply
from tests.harness.service import until
from tests.harness.stores import Jobs
from worker.outbound import Outbound
from worker.outbox import Outbox
from worker.webhooks import SCHEDULE, Deliverer

KEY = secrets.token_bytes(32)
LOOPBACK = UrlPolicy.parse("127.0.0.1/32")
SHORT = (0.0, 0.05, 0.05)
"""A schedule of three attempts."""


@pytest.fixture
def jobs(valkey_url: str, keys: Keys) -> Iterator[Jobs]:
    with asyncio.Runner() as runner:
        yield Jobs(valkey_url, keys, runner)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def names(host: str, _port: int) -> list[Any]:
    """Resolve every name to loopback, but one that is private."""
    return [ip_address("10.0.0.1" if host == "private.example" else "127.0.0.1")]


class Delivering:
    """A deliverer that looks for what is due all the time, until the block ends."""

    def __init__(self, jobs: Jobs, policy: UrlPolicy = LOOPBACK, **options: Any) -> None:  # noqa: ANN401 - as it takes them
        outbound = Outbound(policy, resolve=names)
        self.deliverer = Deliverer(Outbox(jobs.client, jobs.keys), outbound, WebhookSigner([KEY]), **options)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Deliverer:
        self._thread.start()
        return self.deliverer

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        self.deliverer.stop()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(0.02):
            self.deliverer.run()


def log(jobs: Jobs, job_id: str) -> WebhookLog:
    return jobs.webhooks(lambda store: store.log(job_id))


def completed(jobs: Jobs, url: str, **fields: str) -> str:
    job_id = jobs.accept(webhook_url=url, **fields)
    jobs.done(jobs.claimed())
    return job_id


def ended(jobs: Jobs, job_id: str, state: WebhookState) -> LoggedEvent:
    """Return a job's only event, once it stands so."""

    def look() -> LoggedEvent | None:
        (logged,) = log(jobs, job_id).events
        return logged if logged.event.state is state else None

    return until(look, 20, lambda: str(log(jobs, job_id)))


def tried(jobs: Jobs, job_id: str, times: int) -> LoggedEvent:
    """Return a job's only event, once so many attempts are noted."""

    def look() -> LoggedEvent | None:
        (logged,) = log(jobs, job_id).events
        return logged if len(logged.attempts) >= times else None

    return until(look, 20, lambda: str(log(jobs, job_id)))


def is_signed(received: Received, key: bytes = KEY) -> bool:
    """Verify as a receiver does, by the formula of Standard Webhooks."""
    headers = received.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + received.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split()


def in_turn(*replies: Reply) -> Callable[[Received], Reply]:
    """Reply so, one after the other, and the last for ever."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_the_schedule_is_that_of_standard_webhooks() -> None:
    assert SCHEDULE == (0, 5, 300, 1800, 7200, 18_000, 36_000)


def test_a_completed_job_is_told_once_and_signed(jobs: Jobs, receiver: Receiver) -> None:
    job_id = completed(jobs, receiver.url("/hook?token=x"))
    before = time.time()
    with Delivering(jobs):
        logged = ended(jobs, job_id, WebhookState.DELIVERED)
    (received,) = receiver.received
    assert received.path == "/hook?token=x"
    assert is_signed(received)
    assert not is_signed(received, secrets.token_bytes(32))
    assert received.headers["webhook-id"] == logged.event.webhook_id
    assert abs(int(received.headers["webhook-timestamp"]) - before) < 60
    assert received.headers["content-type"] == "application/json"
    document = json.loads(received.body)
    assert set(document) == {"type", "timestamp", "data"}
    assert document["type"] == "transcription.completed"
    data = document["data"]
    assert (data["job_id"], data["status"], data["result"]) == (job_id, "completed", f"/result/{job_id}")
    assert (data["model"], data["audio_seconds"], data["failure"]) == ("base", 10.0, None)
    assert [attempt.status for attempt in logged.attempts] == [204]


def test_a_failed_job_is_told_with_its_reason(jobs: Jobs, receiver: Receiver) -> None:
    job_id = jobs.accept(webhook_url=receiver.url())
    jobs.worker.fail(jobs.claimed(), FailureCode.NO_AUDIO_STREAM, "There is no audio in it.")
    with Delivering(jobs):
        ended(jobs, job_id, WebhookState.DELIVERED)
    data = json.loads(receiver.received[0].body)["data"]
    assert (data["status"], data["result"]) == ("failed", None)
    assert data["failure"] == {"code": "no_audio_stream", "detail": "There is no audio in it."}


def test_what_fails_is_tried_again_under_the_same_id_until_it_arrives(jobs: Jobs, receiver: Receiver) -> None:
    receiver.reply = in_turn(Reply(500), Reply(301, {"location": receiver.url("/elsewhere")}), Reply(200))
    job_id = completed(jobs, receiver.url())
    with Delivering(jobs, schedule=SHORT):
        logged = ended(jobs, job_id, WebhookState.DELIVERED)
    assert [attempt.status for attempt in logged.attempts] == [500, 301, 200]
    assert len({received.headers["webhook-id"] for received in receiver.received}) == 1
    assert len({received.body for received in receiver.received}) == 1
    assert {received.path for received in receiver.received} == {"/hook"}
    assert all(is_signed(received) for received in receiver.received)


def test_what_always_fails_is_given_up_and_may_be_replayed(jobs: Jobs, receiver: Receiver) -> None:
    receiver.reply = lambda _: Reply(503)
    job_id = completed(jobs, receiver.url())
    with Delivering(jobs, schedule=SHORT):
        logged = ended(jobs, job_id, WebhookState.GIVEN_UP)
        assert [attempt.status for attempt in logged.attempts] == [503] * 3
        receiver.reply = lambda _: Reply()
        jobs.webhooks(lambda store: store.replay(job_id))
        logged = ended(jobs, job_id, WebhookState.DELIVERED)
    assert [attempt.status for attempt in logged.attempts] == [503, 503, 503, 204]


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_receiver_that_says_when_is_not_asked_before(jobs: Jobs, receiver: Receiver, form: str) -> None:
    wanted = "3600" if form == "seconds" else formatdate(time.time() + 3600, usegmt=True)
    receiver.reply = lambda _: Reply(429, {"retry-after": wanted})
    job_id = completed(jobs, receiver.url())
    with Delivering(jobs, schedule=SHORT):
        logged = tried(jobs, job_id, 1)
    assert logged.next_attempt_at is not None
    assert 3500 < logged.next_attempt_at.timestamp() - time.time() <= 3600
    assert len(receiver.received) == 1


@pytest.mark.parametrize("header", ["-5", "soon", "1e9", "", "0", "²"])
def test_a_retry_after_that_means_nothing_changes_nothing(jobs: Jobs, receiver: Receiver, header: str) -> None:
    receiver.reply = in_turn(Reply(503, {"retry-after": header.encode().decode("latin-1")}), Reply())
    job_id = completed(jobs, receiver.url())
    with Delivering(jobs, schedule=SHORT):
        ended(jobs, job_id, WebhookState.DELIVERED)


def test_a_receiver_that_is_gone_is_told_nothing_more(jobs: Jobs, receiver: Receiver) -> None:
    receiver.reply = lambda _: Reply(410)
    job_id = jobs.accept(webhook_url=receiver.url())
    jobs.worker.fail(jobs.claimed(), FailureCode.TIMED_OUT, "no")
    with Delivering(jobs, schedule=SHORT):
        ended(jobs, job_id, WebhookState.DISABLED)
    jobs.buried(lambda letters: letters.requeue(job_id))
    jobs.done(jobs.claimed())
    assert log(jobs, job_id).is_disabled
    assert len(log(jobs, job_id).events) == 1
    assert len(receiver.received) == 1


def test_a_slow_receiver_holds_up_no_other(jobs: Jobs, receiver: Receiver) -> None:
    released = threading.Event()

    def reply(received: Received) -> Reply:
        if received.headers["host"].startswith("slow"):
            released.wait(30)
        return Reply()

    receiver.reply = reply
    slow = [completed(jobs, receiver.url(host="slow.example")) for _ in range(12)]
    quick = [completed(jobs, receiver.url(host=f"quick-{number}.example")) for number in range(12)]
    with Delivering(jobs, threads=4, per_host=2, busy_seconds=0.1):
        for job_id in quick:
            ended(jobs, job_id, WebhookState.DELIVERED)
        hosts = [received.headers["host"].partition(".")[0] for received in receiver.received]
        assert hosts.count("slow") <= 2
        released.set()
        for job_id in slow:
            assert len(ended(jobs, job_id, WebhookState.DELIVERED).attempts) == 1


def test_a_tenant_of_many_slow_receivers_holds_up_no_other(jobs: Jobs, receiver: Receiver) -> None:
    released = threading.Event()

    def reply(received: Received) -> Reply:
        if received.headers["host"].startswith("slow"):
            released.wait(30)
        return Reply()

    receiver.reply = reply
    slow = [completed(jobs, receiver.url(host=f"slow-{number}.example"), tenant="crowd") for number in range(6)]
    other = completed(jobs, receiver.url(host="quick.example"), tenant="single")
    with Delivering(jobs, threads=3, per_tenant=2, busy_seconds=0.1):
        ended(jobs, other, WebhookState.DELIVERED)
        assert len(receiver.received) <= 3
        released.set()
        for job_id in slow:
            ended(jobs, job_id, WebhookState.DELIVERED)


def test_a_receiver_that_never_answers_is_left_and_tried_again(jobs: Jobs, receiver: Receiver) -> None:
    released = threading.Event()
    receiver.reply = lambda _: Reply() if released.wait(30) else Reply(500)
    job_id = completed(jobs, receiver.url())
    with Delivering(jobs, schedule=SHORT, attempt_seconds=0.3):
        logged = tried(jobs, job_id, 1)
        assert logged.attempts[0].fault is OutboundFault.TIMED_OUT
        released.set()
        ended(jobs, job_id, WebhookState.DELIVERED)


def test_an_address_that_is_refused_is_logged_so_and_nothing_is_sent(jobs: Jobs, receiver: Receiver) -> None:
    private = completed(jobs, receiver.url(host="private.example"))
    with Delivering(jobs, schedule=SHORT):
        logged = ended(jobs, private, WebhookState.GIVEN_UP)
    assert [attempt.fault for attempt in logged.attempts] == [OutboundFault.ADDRESS_REFUSED] * 3
    assert receiver.received == []


def test_each_attempt_is_checked_anew(jobs: Jobs, receiver: Receiver) -> None:
    """The network was allowed when the URL was given, and is no longer."""
    job_id = completed(jobs, receiver.url())
    receiver.reply = lambda _: Reply(500)
    with Delivering(jobs, schedule=(0, 3600)):
        tried(jobs, job_id, 1)
    jobs.client.zadd(jobs.keys.webhooks, {f"{job_id}-1": 1}, xx=True)
    with Delivering(jobs, UrlPolicy(), schedule=(0, 3600)):
        logged = ended(jobs, job_id, WebhookState.GIVEN_UP)
    assert [(attempt.status, attempt.fault) for attempt in logged.attempts] == [
        (500, None),
        (None, OutboundFault.ADDRESS_REFUSED),
    ]
    assert len(receiver.received) == 1


class Forgetful(Outbox):
    """One that Redis never hears the end of a delivery from."""

    def settle(self, *_: object, **__: object) -> bool:
        raise RedisConnectionError("away")


def test_what_was_sent_and_not_noted_is_sent_again_under_the_same_id(jobs: Jobs, receiver: Receiver) -> None:
    job_id = completed(jobs, receiver.url())
    Deliverer(Forgetful(jobs.client, jobs.keys), Outbound(LOOPBACK), WebhookSigner([KEY])).run()
    receiver.awaited(1)
    jobs.client.zadd(jobs.keys.webhooks, {f"{job_id}-1": 1}, xx=True)  # its lease lapses
    with Delivering(jobs):
        logged = ended(jobs, job_id, WebhookState.DELIVERED)
    assert len(logged.attempts) == 1
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == f"{job_id}-1"
    assert first.body == second.body


def test_two_deliverers_send_nothing_twice(jobs: Jobs, receiver: Receiver) -> None:
    job_ids = [completed(jobs, receiver.url()) for _ in range(30)]
    with Delivering(jobs, busy_seconds=0.05), Delivering(jobs, busy_seconds=0.05):
        for job_id in job_ids:
            ended(jobs, job_id, WebhookState.DELIVERED)
    ids = [received.headers["webhook-id"] for received in receiver.received]
    assert sorted(ids) == sorted(f"{job_id}-1" for job_id in job_ids)


def test_the_log_holds_no_url(jobs: Jobs, receiver: Receiver, capsys: pytest.CaptureFixture[str]) -> None:
    job_id = completed(jobs, receiver.url("/secret-path?token=secret-token"))
    private = completed(jobs, receiver.url("/secret-path", "private.example"))
    with Delivering(jobs, schedule=SHORT):
        ended(jobs, job_id, WebhookState.DELIVERED)
        ended(jobs, private, WebhookState.GIVEN_UP)
    logged = "".join(capsys.readouterr())
    assert logged.count("webhook_attempt") >= 2
    assert "secret" not in logged
