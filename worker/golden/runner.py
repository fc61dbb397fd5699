"""Runs the golden set when it is due: one recording at a time, each a job through the gateway, erased afterwards.

A runner that dies leaves one job at most, which goes by itself after its retention and before the next run at the
latest. Any number of processes may try: one runs.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import structlog

from core.golden import ErrorRates, GoldenRun
from core.version import VERSION
from worker.golden.front_door import FrontDoor
from worker.golden.metrics import GoldenMetrics
from worker.golden.references import GoldenSet
from worker.golden.scoring import character_errors, word_errors
from worker.golden.store import GoldenStore, Lease

_RETRY_SECONDS: Final = 900.0
"""Until a run that failed, or whose runner died, is tried again."""
_RENEWAL_SECONDS: Final = 10.0

logger = structlog.get_logger(__name__)


class _Stopping(Exception):
    """The process is told to stop."""


class GoldenRunner:
    """Looks whether a run is due, and runs it."""

    def __init__(
        self,
        golden_set: GoldenSet,
        store: GoldenStore,
        metrics: GoldenMetrics,
        door: Callable[[Callable[[], None]], FrontDoor],
        *,
        model: str,
        every_seconds: float,
    ) -> None:
        """Take the set and where it runs; `door` is given what is to be called while it waits."""
        self._set = golden_set
        self._store = store
        self._metrics = metrics
        self._door = door
        self._model = model
        self._every_seconds = every_seconds
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End a run that is under way."""
        self._stopping.set()

    def run_if_due(self) -> None:
        """Run the set if that is due and nobody does, and show what the latest run came to.

        Raises:
            redis.exceptions.RedisError: Redis doesn't answer.
        """
        if self._store.is_due():
            with self._store.lease() as lease:
                # Whoever had it a moment ago has set it.
                if lease is not None and self._store.is_due():
                    self._run(lease)
        if runs := self._store.runs():
            self._metrics.show(runs[0], baseline=self._store.baseline())

    def _run(self, lease: Lease) -> None:
        self._store.set_due(in_seconds=min(self._every_seconds, _RETRY_SECONDS))
        started_at, began = datetime.now(UTC), time.monotonic()
        logger.info("golden_run_started", references=len(self._set.references))
        try:
            languages = self._rates(self._door(self._renewing(lease)))
        except _Stopping:
            self._store.set_due(in_seconds=0)
            logger.info("golden_run_stopped")
            return
        except Exception as error:  # noqa: BLE001 - whatever it was, the run failed and is to count
            self._metrics.failures.inc()
            logger.warning("golden_run_failed", error=repr(error))
            return
        run = GoldenRun(
            set_digest=self._set.digest,
            model=self._model,
            version=VERSION,
            started_at=started_at,
            seconds=round(time.monotonic() - began, 3),
            languages=languages,
        )
        self._store.add(run)
        self._store.set_due(in_seconds=self._every_seconds - run.seconds)
        logger.info("golden_run_ended", seconds=run.seconds, wer={name: each.wer for name, each in languages.items()})

    def _rates(self, door: FrontDoor) -> dict[str, ErrorRates]:
        for job_id in door.jobs():  # what a runner that died has left
            door.erase(job_id)
        heard: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for reference in self._set.references:
            job_id = door.submit(self._set.audio(reference), language=reference.language)
            try:
                heard[reference.language].append((reference.text, door.transcript(job_id)))
            finally:
                door.erase(job_id)
        return {language: _rates_of(language, pairs) for language, pairs in sorted(heard.items())}

    def _renewing(self, lease: Lease) -> Callable[[], None]:
        """Return what renews the lease now and then, and raises once nothing is wanted any more."""
        renewed_at = time.monotonic()

        def check() -> None:
            nonlocal renewed_at
            if self._stopping.is_set():
                raise _Stopping
            if time.monotonic() - renewed_at > _RENEWAL_SECONDS:
                lease.reacquire()
                renewed_at = time.monotonic()

        return check


def _rates_of(language: str, pairs: list[tuple[str, str]]) -> ErrorRates:
    words, characters = word_errors(language, pairs), character_errors(language, pairs)
    return ErrorRates(wer=words.rate, cer=characters.rate, words=words.units, references=len(pairs))
