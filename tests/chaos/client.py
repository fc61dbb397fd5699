"""A client that loses nothing it was promised: every 202 goes to the ledger, every finished job is compared whole."""

import io
import itertools
import threading
import time
import wave
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.chaos.ledger import Ledger
from tests.harness.cluster import Cluster
from tests.harness.service import FINISHED

_RATE = 8_000
_SEGMENT_SECONDS = 5.0
_RETRY_SECONDS = 0.25
_TIMEOUT_SECONDS = 120.0
"""Longer than any answer may take: a request that runs into it hangs."""
_LIMITS = httpx.Limits(max_keepalive_connections=0)
"""A connection for each request: one that was kept may be closed by the gateway just when it is used again."""
_SUBMITTERS = 16
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Submission:
    """A job that was accepted with a 202."""

    job_id: str
    audio_seconds: float
    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request went. `status` is 0 where the connection broke."""

    path: str
    status: int
    seconds: float


@dataclass(slots=True)
class Tally:
    """What became of a set of accepted jobs."""

    accepted: int
    completed: int = 0
    wrong: list[str] = field(default_factory=list)
    """Jobs that are not completed, or whose transcript is not the expected one, each with the reason."""
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def right(self) -> int:
        """How many are completed and right."""
        return self.accepted - len(self.wrong)

    @property
    def all_right(self) -> bool:
        """Whether every job is completed and right."""
        return self.completed == self.accepted and not self.wrong

    def evidence(self) -> str:
        """Return the first of what is wrong."""
        return "\n".join(self.wrong[:_SHOWN])


class Client:
    """Submits scripted audio to a cluster and follows it. Used by many threads."""

    def __init__(self, cluster: Cluster, ledger: Ledger, scenario: str) -> None:
        self._cluster = cluster
        self._ledger = ledger
        self._scenario = scenario
        self._http = httpx.Client(trust_env=False, timeout=_TIMEOUT_SECONDS, limits=_LIMITS)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self.accepted: list[Submission] = []
        self.answers: list[Answer] = []

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response | None:  # noqa: ANN401 - httpx's own
        """Send one request to one of the living gateways; None if the connection broke."""
        started = time.monotonic()
        url = self._cluster.base_url(next(self._numbers)) + path
        answer: httpx.Response | None = None
        try:
            answer = self._http.request(method, url, **arguments)
        except httpx.TimeoutException:
            pass
        except httpx.TransportError:
            # The gateway's end, not a hang, however long ago the request began.
            started = time.monotonic()
        self.answers.append(Answer(path, answer.status_code if answer else 0, time.monotonic() - started))
        return answer

    def submit(
        self,
        audio_seconds: float,
        *,
        patience: float = 180.0,
        media: bytes | None = None,
        may_fail: bool = False,
        **options: str,
    ) -> Submission:
        """Post audio until it is accepted: after a 503 or a broken connection again, with the same Idempotency-Key.

        Args:
            audio_seconds: length of the silence that is sent.
            patience: seconds in which it must be accepted.
            media: a file to send instead.
            may_fail: the scenario itself judges how it ends, not `Run.check_effect`.
            options: form fields.

        Raises:
            AssertionError: it was refused for good, or not accepted by the end of `patience`.
        """
        key = f"{self._scenario}-{next(self._numbers)}"
        content = silence(audio_seconds) if media is None else media
        deadline = time.monotonic() + patience
        while True:
            answer = self.post(content, key, **options)
            if answer is not None and answer.status_code == httpx.codes.ACCEPTED:
                return self._note(
                    answer.json()["job_id"], audio_seconds, key, "accepted, apart" if may_fail else "accepted"
                )
            # A 500 is asked again too, as clients do; that there was one is a failure that `Run.check_effect` reports.
            refused = answer is None or answer.is_server_error
            assert refused, f"POST /transcribe: {answer.status_code} {answer.text}" if answer else ""
            assert time.monotonic() < deadline, f"no 202 for {key} within {patience} s"
            time.sleep(_RETRY_SECONDS)

    def submit_all(self, lengths: Iterable[float], *, webhook_url: str = "") -> list[Submission]:
        """Submit many at once: each waits until it is on Valkey's disk, so one after the other would take for ever."""
        with ThreadPoolExecutor(_SUBMITTERS) as pool:
            return list(pool.map(lambda length: self.submit(length, webhook_url=webhook_url), lengths))

    def post(self, content: bytes, key: str, **options: str) -> httpx.Response | None:
        """POST /transcribe once. Deduplication is off: equal lengths are equal audio here."""
        return self.request(
            "POST",
            "/transcribe",
            files={"file": ("audio", content)},
            data=options,
            headers={"Idempotency-Key": key, "Cache-Control": "no-cache"},
        )

    def status(self, job_id: str) -> dict[str, Any] | None:
        """Return a job's status document; None while there is no answer to be had."""
        answer = self.request("GET", f"/status/{job_id}")
        if answer is None or answer.is_server_error:
            return None
        assert answer.status_code == httpx.codes.OK, f"GET /status/{job_id}: {answer.status_code} {answer.text}"
        document: dict[str, Any] = answer.json()
        return document

    def webhook_events(self, job_id: str) -> list[dict[str, Any]]:
        """Return the events that a job's receiver was or is to be told."""
        answer = self.request("GET", f"/webhooks/{job_id}")
        assert answer is not None
        events: list[dict[str, Any]] = answer.json()["events"]
        return events

    def await_status(self, job_id: str, wanted: Iterable[str], seconds: float) -> dict[str, Any] | None:
        """Wait until a job has one of some statuses; return its document then, None if that never came."""
        wanted = set(wanted)
        deadline = time.monotonic() + seconds
        while True:
            document = self.status(job_id)
            if document is not None and document["status"] in wanted:
                return document
            if time.monotonic() > deadline:
                return None
            time.sleep(0.02)

    def transcript(self, media: bytes, *, seconds: float = 180.0) -> str:
        """Return what a recording's job makes of it."""
        job = self.submit(0, media=media, may_fail=True, language="en")
        document = self.await_status(job.job_id, FINISHED, seconds)
        assert document is not None, self.status(job.job_id)
        assert document["status"] == "completed", document
        return self.text(job.job_id)

    def text(self, job_id: str) -> str:
        """Return the text of a job that is completed."""
        answer = self.request("GET", f"/result/{job_id}")
        return str(answer.json().get("text")) if answer is not None else ""

    def tally(self, submissions: Sequence[Submission], seconds: float) -> Tally:
        """Wait until jobs are finished and compare their transcripts with what they must be."""
        tally = Tally(len(submissions))
        deadline = time.monotonic() + seconds
        for submission in submissions:
            self._count(submission, tally, deadline)
        return tally

    def changed(self, submissions: Sequence[Submission], before: Tally) -> list[str]:
        """Return the jobs whose result is another one than before, each with both."""
        again = self.tally(submissions, 30)
        return [
            f"{job_id}: {text[:80]!r} became {again.texts.get(job_id, '')[:80]!r}"
            for job_id, text in before.texts.items()
            if again.texts.get(job_id) != text
        ]

    def _count(self, submission: Submission, tally: Tally, deadline: float) -> None:
        job_id = submission.job_id
        document = self.await_status(job_id, FINISHED, max(1.0, deadline - time.monotonic()))
        if document is None:
            tally.wrong.append(f"{job_id} is not finished: {self.status(job_id)}")
            return
        if document["status"] != "completed":
            self._ledger.write(self._scenario, "finished", job_id=job_id, status=document["status"])
            tally.wrong.append(f"{job_id} is {document['status']}: {document['failure']}")
            return
        answer = self.request("GET", f"/result/{job_id}")
        text = answer.json()["text"] if answer is not None and answer.is_success else f"no result: {answer}"
        right = text == scripted_text(submission.audio_seconds)
        self._ledger.write(self._scenario, "finished", job_id=job_id, status="completed", right=right)
        tally.completed += 1
        tally.texts[job_id] = text
        if not right:
            tally.wrong.append(f"{job_id} ({submission.audio_seconds} s) has another text: {text!r}")

    def _note(self, job_id: str, audio_seconds: float, key: str, event: str) -> Submission:
        submission = Submission(job_id, audio_seconds, key)
        self._ledger.write(self._scenario, event, job_id=job_id, audio_seconds=audio_seconds, key=key)
        with self._lock:
            self.accepted.append(submission)
        return submission


def silence(seconds: float) -> bytes:
    """Return a WAV of silence that is small: 8 bits at 8 kHz. The scripted transcriber looks at its length only."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(1)
        writer.setframerate(_RATE)
        writer.writeframes(b"\x80" * round(seconds * _RATE))
    return file.getvalue()


def scripted_text(seconds: float) -> str:
    """Return what the scripted transcriber must have written for audio of a length: no segment missing, none twice."""
    texts: list[str] = []
    start = 0.0
    while start < seconds:
        end = min(start + _SEGMENT_SECONDS, seconds)
        texts.append(f"Segment {len(texts) + 1} from {start:.1f} to {end:.1f} seconds.")
        start = end
    return " ".join(texts)
