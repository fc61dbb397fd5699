"""Batches across jobs: what all running jobs ask of the model meets here and goes there together.

Requests of one kind (an equal `key`) may share a batch. A free replica takes the request of the job that has been given
the least so far and fills the batch with others of its kind, again those first whose jobs have been given least: a job
of a hundred chunks holds up a job of one by a batch, not by a hundred chunks.
"""

import itertools
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from core.tracing import BATCH_KIND, BATCH_SIZE, NO_TRACES, Facts, Span, Tracer

Result_co = TypeVar("Result_co", covariant=True)


class Request(Protocol[Result_co]):
    """Something to be computed, alone or with others of its kind."""

    @property
    def key(self) -> Hashable:
        """Equal for requests that may share a batch; what one of them yields must not depend on the others."""

    @property
    def cost(self) -> float:
        """What it is charged to its job; any unit, the same for all; equal where the key is equal."""

    def compute(self, batch: Sequence[Any]) -> Sequence[Result_co]:
        """Return the results of a batch of requests of this kind, itself among them, in their order."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    request: Request[Any]
    result: Future[Any]
    since: float
    """By the monotonic clock."""
    attempt: Span
    """The job's span."""


class Party:
    """One job's place at the batcher."""

    def __init__(self, batcher: "Batcher", given: float, attempt: Span) -> None:
        self._batcher = batcher
        self.attempt = attempt
        self.given = given
        """Cost of what it was given so far, counted from where the others stood when it came."""
        self.waiting: deque[_Waiting] = deque()

    def submit(self, request: Request[Result_co], *, first: bool = False) -> Future[Result_co]:
        """Have a request computed; `first`, before this job's others."""
        return self._batcher.submit(self, request, first=first)


class Batcher:
    """Feeds a model's replicas, each from a thread of its own.

    Args:
        replicas: Batches computed at once.
        batch_size: Most requests in a batch.
        batch_cost: Most that the requests of a batch may cost together; one alone may cost more.
        linger_seconds: How long a request waits for others of its kind while its batch is not full.
        observe: Called with the size of every batch, the most that its kind may hold, and the seconds it took.
        tracer: Traces batches: each belongs to one job and is linked with the others', both ways.
    """

    def __init__(
        self,
        *,
        replicas: int,
        batch_size: int,
        batch_cost: float = math.inf,
        linger_seconds: float = 0.0,
        observe: Callable[[int, int, float], None] = lambda _size, _most, _seconds: None,
        tracer: Tracer = NO_TRACES,
    ) -> None:
        self._batch_size = batch_size
        self._batch_cost = batch_cost
        self._linger_seconds = linger_seconds
        self._observe = observe
        self._tracer = tracer
        self._changed = threading.Condition()
        self._parties: list[Party] = []
        self._now_at = 0.0
        for number in range(replicas):
            threading.Thread(target=self._run, name=f"replica-{number}", daemon=True).start()

    @property
    def parties(self) -> int:
        """How many take part."""
        return len(self._parties)

    @contextmanager
    def join(self) -> Iterator[Party]:
        """Take part for the length of a job; what it still waits for when it leaves is dropped."""
        with self._changed:
            party: Party = Party(self, self._now_at, self._tracer.current())
            self._parties.append(party)
        try:
            yield party
        finally:
            with self._changed:
                self._parties.remove(party)
                dropped = list(party.waiting)
                party.waiting.clear()
            for each in dropped:
                each.result.cancel()

    def submit(self, party: Party, request: Request[Result_co], *, first: bool) -> Future[Result_co]:
        """Queue a request of a party that takes part."""
        result: Future[Result_co] = Future()
        entry = _Waiting(request, result, time.monotonic(), party.attempt)
        with self._changed:
            # One that had nothing to ask for saves nothing up.
            if not party.waiting:
                party.given = max(party.given, self._now_at)
            if first:
                party.waiting.appendleft(entry)
            else:
                party.waiting.append(entry)
            self._changed.notify()
        return result

    def _run(self) -> None:
        while True:
            with self._changed:
                batch, most = self._next_batch()
            started = time.monotonic()
            try:
                with self._traced(batch):
                    results = batch[0].request.compute([each.request for each in batch])
                answered = list(zip(batch, results, strict=True))
            except Exception as error:  # noqa: BLE001 - it is each job's own to handle
                for each in batch:
                    each.result.set_exception(error)
            else:
                for each, result in answered:
                    each.result.set_result(result)
            self._observe(len(batch), most, time.monotonic() - started)

    @contextmanager
    def _traced(self, batch: Sequence[_Waiting]) -> Iterator[None]:
        """Enclose a batch in a span: one job's, and the others' refer to it, and it to them."""
        traced = [attempt for attempt in dict.fromkeys(each.attempt for each in batch) if attempt.is_recording]
        if not traced:
            yield
            return
        first, *others = traced
        facts: Facts = {BATCH_SIZE: len(batch), BATCH_KIND: type(batch[0].request).__name__.lower()}
        links = [attempt.traceparent for attempt in others]
        with self._tracer.span("batch", facts, parent=first.traceparent, links=links) as span:
            for attempt in others:
                attempt.link(span.traceparent)
            yield

    def _next_batch(self) -> tuple[list[_Waiting], int]:
        """Wait for a batch, take it out of the queues and charge it; return it, and how many could have been in it."""
        while True:
            by_need = sorted((party for party in self._parties if party.waiting), key=lambda party: party.given)
            if not by_need:
                self._changed.wait()
                continue
            leading = by_need[0].waiting[0].request
            most = self._batch_size
            while most > 1 and most * leading.cost > self._batch_cost:
                most -= 1
            chosen = self._of_kind(by_need, leading.key, most)
            rest = min(each.since for _, each in chosen) + self._linger_seconds - time.monotonic()
            if len(chosen) < most and rest > 0:
                self._changed.wait(rest)
                continue
            self._now_at = max(self._now_at, by_need[0].given)
            for party, each in chosen:
                party.waiting.remove(each)
                party.given += each.request.cost
            if wanted := [each for _, each in chosen if each.result.set_running_or_notify_cancel()]:
                return wanted, most

    def _of_kind(self, by_need: Sequence[Party], key: Hashable, most: int) -> list[tuple[Party, _Waiting]]:
        """Return up to so many requests of this kind: one of each party in turn, the neediest first."""
        of_each = [[(party, each) for each in party.waiting if each.request.key == key] for party in by_need]
        in_turn = itertools.zip_longest(*of_each)
        found = (each for turn in in_turn for each in turn if each is not None)
        return list(itertools.islice(found, most))
