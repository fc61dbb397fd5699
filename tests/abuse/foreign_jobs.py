"""Somebody who asks for another tenant's jobs, by every route that the service's own document knows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx

from tests.abuse.somebody import AUDIO_SECONDS, Somebody
from tests.chaos.outcome import Outcome
from tests.harness.receiver import Receiver
from tests.harness.service import FINISHED, until

_NOBODYS = "f" * 32
_SECRET = "ann-4b7e51"  # noqa: S105 - what is looked for in answers
_LONG_SECONDS = 4_000.0
_REFUSALS = {(404, "job_not_found"), (403, "scope_missing")}
"""There is no such job; or whoever asks may not, whatever he asks for."""
_CHANGING = {"date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit"}
"""Headers in which two equal answers differ."""
_CORRECTION = {"text": "Nobody has said so."}
"""The one thing that is sent about a job."""
_LEAST_ROUTES = 6


@dataclass(frozen=True)
class _Question:
    """A way to ask for a job."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, str] | None
    """What is sent as JSON."""
    is_id_in_query: bool

    def __str__(self) -> str:
        return " ".join(
            [self.method, self.path, *map(str, (self.query, self.headers) if self.query or self.headers else ())]
        )

    def ask(self, somebody: Somebody, job_id: str) -> httpx.Response:
        """Ask for a job in this way."""
        query = {**self.query, "job_id": job_id} if self.is_id_in_query else self.query
        path = self.path.replace("{job_id}", job_id)
        return somebody.request(self.method, path, params=query, headers=self.headers, json=self.body)


def check_foreign_jobs(outcome: Outcome, ann: Somebody, bob: Somebody, receiver: Receiver) -> str:
    """Check that a tenant's jobs are none to another one, whatever way he asks; return what was seen.

    Args:
        outcome: gets the checks.
        ann: whose jobs it is about.
        bob: who asks for them, and has the scopes to ask for his own.
        receiver: of ann's webhooks.
    """
    jobs = _jobs(ann, receiver)
    told = len(receiver.received)
    questions = list(_questions(bob, _event_id(ann, jobs["completed"])))
    theirs, different = set(), []
    for question in questions:
        unknown = question.ask(bob, _NOBODYS)
        refusal = (unknown.status_code, unknown.json().get("code"))
        if refusal not in _REFUSALS:
            different.append(f"{question}, an unknown id: {unknown.status_code} {unknown.text[:80]}")
        if unknown.status_code == httpx.codes.NOT_FOUND:
            theirs.add((question.method, question.path))
        for standing, job_id in jobs.items():
            foreign = question.ask(bob, job_id)
            if _told(foreign, job_id) != _told(unknown, _NOBODYS):
                different.append(f"{question}, one that is {standing}: {foreign.status_code} {foreign.text[:80]}")
    asked = len(questions) * len(jobs)
    routes = {(question.method, question.path) for question in questions}
    outcome.check(
        f"{asked} questions for another's jobs, by {len(routes)} routes of which {len(theirs)} are for everybody, were "
        "answered as for no job",
        not different and len(theirs) >= _LEAST_ROUTES,
        "\n".join(different) or sorted(theirs),
    )
    lists = list(_lists(ann, bob, jobs))
    shown = [f"{each.request.url}: {what}" for each in lists for what in (*jobs.values(), _SECRET) if what in each.text]
    outcome.check(f"{len(lists)} lists, cursors and keys of idempotency show none of them", not shown, "\n".join(shown))
    harm = [standing for standing, job_id in jobs.items() if not _is_as_before(ann, standing, job_id)]
    outcome.check("they are what they were before, and nobody was told of them again", not harm, harm)
    outcome.check("no webhook was sent again", len(receiver.received) == told, receiver.received[told:])
    other = len(different) + len(shown)
    return f"{asked} questions for another's jobs by {len(routes)} routes, {other} answered otherwise than for none"


def _jobs(ann: Somebody, receiver: Receiver) -> dict[str, str]:
    """Return the ids of jobs of ann's, by how they stand."""
    hook, key = receiver.url(f"/{_SECRET}"), [("Idempotency-Key", _SECRET)]
    jobs = {
        "completed": ann.submit({"webhook_url": hook}, name=_SECRET, headers=key),
        "failed": ann.submit({"initial_prompt": "scripted:error"}, name=_SECRET),
        "under way": ann.submit(name=_SECRET, audio_seconds=_LONG_SECONDS),
    }
    for standing in ("completed", "failed"):
        ended = partial(_ending, ann, jobs[standing])
        assert until(ended, 60) == standing
    receiver.awaited(1)
    return jobs


def _ending(ann: Somebody, job_id: str) -> str | None:
    status: str = ann.get(f"/status/{job_id}").json()["status"]
    return status if status in FINISHED else None


def _event_id(ann: Somebody, job_id: str) -> str:
    """Return the id of a job's first event."""
    lines = ann.get(f"/events/{job_id}").text.splitlines()
    return next(line.removeprefix("id: ") for line in lines if line.startswith("id: "))


def _questions(bob: Somebody, event_id: str) -> Iterator[_Question]:
    """Yield every way to ask for a job: each operation that takes an id, bare and with what else it may take."""
    document = bob.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = {each["name"].lower(): each for each in operation.get("parameters", ())}
            if "job_id" in parameters:
                is_in_query = parameters["job_id"]["in"] == "query"
                body = _CORRECTION if "requestBody" in operation else None
                for query, headers in _manners(parameters, event_id):
                    yield _Question(method.upper(), path, query, headers, body, is_in_query)


def _manners(parameters: Mapping[str, Any], event_id: str) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Yield queries and headers that an operation takes."""
    yield {}, {}
    if "wait" in parameters:
        yield {"wait": "0.2"}, {}
    if "format" in parameters:
        yield from (({"format": each}, {}) for each in ("verbose_json", "text", "srt", "vtt", "tsv"))
    if "range" in parameters:
        yield from (({}, {"Range": each}) for each in ("bytes=0-1", "bytes=99999999-"))
    if "last-event-id" in parameters:
        yield from (({}, {"Last-Event-ID": each}) for each in (event_id, "0-0", "9999999999999-0", "nonsense"))


def _told(answer: httpx.Response, job_id: str) -> tuple[int, dict[str, str], str]:
    """Return all that an answer says, but for when, and which job it is about."""
    headers = {name: value for name, value in answer.headers.items() if name not in _CHANGING}
    return answer.status_code, headers, answer.text.replace(job_id, "")


def _lists(ann: Somebody, bob: Somebody, jobs: Mapping[str, str]) -> Iterator[httpx.Response]:
    """Yield the answers to bob that could show ann's jobs though he doesn't ask for them by their ids."""
    own = bob.submit()
    everything = bob.get("/jobs", params={"limit": 200})
    assert own in everything.text
    yield everything
    anns = ann.get("/jobs", params={"limit": 1}).json()["next_cursor"]
    for cursor in (anns, *(f"9999999999999-{job_id}" for job_id in jobs.values())):
        yield bob.get("/jobs", params={"cursor": cursor})
    for status in ("queued", "processing", "completed", "failed", "cancelled"):
        yield bob.get("/jobs", params={"status": status})
    # What is found is one's own, in the index or not yet.
    assert until(lambda: ann.get("/search", params={"q": "segment"}).json()["hits"] or None, 30)
    anns = ann.get("/search", params={"q": "segment", "limit": 1}).json()["next_cursor"] or "9" * 19
    for query in ({"q": "segment"}, {"q": "segment", "cursor": anns}, {"q": _SECRET}, {"q": "segment -none"}):
        yield bob.get("/search", params=query)
    # What ann has sent under this key, bob sends as well; and then something else.
    key = [("Idempotency-Key", _SECRET)]
    yield bob.post(headers=key)
    yield bob.post(headers=key, audio_seconds=2 * AUDIO_SECONDS)


def _is_as_before(ann: Somebody, standing: str, job_id: str) -> bool:
    document = ann.get(f"/status/{job_id}").json()
    right = {"queued", "processing"} if standing == "under way" else {standing}
    return document.get("status") in right and not document["cancel_requested"]
