"""Keeps an index as Redis is: takes what has changed, and takes out what is gone. A thread of the gateway.

Every gateway has one; whichever comes first writes, the others look again later. A run that ends anywhere, by whatever
fault, takes effect as a whole or not at all, and the next one begins where the last whole one has ended.
"""

import threading
from typing import Final

import structlog
from prometheus_client import Counter, Gauge

from api.search.index import Index, IndexWriter
from api.search.source import Stored, TranscriptSource

_EVERY_SECONDS: Final = 1.0
_MOST_SECONDS: Final = 60.0
"""Between two runs while they fail."""
_CHANGES: Final = 20
"""Taken in one run: a few transcripts are in memory, at most 500 segments of each, and the others' turn comes."""
_FEWEST_LOOKED_AT: Final = 200
_MOST_LOOKED_AT: Final = 2000
_ROUND_RUNS: Final = 60
"""Runs in which every job of the index is looked at once, as far as that many a run suffice."""

logger = structlog.get_logger(__name__)


class Indexer:
    """Indexes what has changed, every second, until it is told to stop."""

    def __init__(self, index: Index, source: TranscriptSource, *, waiting: Gauge, failures: Counter) -> None:
        """`waiting` tells how many changes are still to be taken; `failures` counts what failed."""
        self._index = index
        self._source = source
        self._waiting = waiting
        self._failures = failures
        self._looked_at = 0
        """The number of the last job that was looked at."""
        self._this_round = self._last_round = 0
        """How many jobs were looked at since the lowest number; and in the round before, which were all of them."""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="indexer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the run under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def run(self) -> bool:
        """Take the next changes, and take out some of what is gone; tell whether there is more to take at once.

        Raises:
            redis.exceptions.RedisError: Redis does not answer.
            StoreUnavailable: the index does not.
        """
        self._waiting.set(self._source.waiting(after=self._index.cursor()))
        with self._index.writing() as writer:
            if writer is None:
                return False
            changes = self._source.changes(after=writer.cursor(), limit=_CHANGES)
            for stored in self._source.stored([change.job_id for change in changes]):
                self._take(writer, stored)
            if changes:
                writer.move(changes[-1].number)
            self._look(writer)
        if changes:
            self._waiting.set(self._source.waiting(after=changes[-1].number))
        return len(changes) == _CHANGES

    def _take(self, writer: IndexWriter, stored: Stored) -> None:
        try:
            entry = self._source.entry(stored)
        except (ValueError, KeyError) as error:  # what can't be read must not keep the others out
            self._failures.inc()
            logger.warning("transcript_not_indexed", job_id=stored.job_id, error=type(error).__name__)
            entry = None
        if entry is None:
            writer.remove([stored.job_id])
        else:
            writer.put(entry)

    def _look(self, writer: IndexWriter) -> None:
        """Take out those of the next jobs that are gone: expired by themselves, or erased."""
        limit = min(_MOST_LOOKED_AT, max(_FEWEST_LOOKED_AT, self._last_round // _ROUND_RUNS))
        listed = writer.listed(after=self._looked_at, limit=limit)
        if listed:
            writer.remove(self._source.gone(listed))
        self._this_round += len(listed)
        if len(listed) < limit:
            self._looked_at, self._this_round, self._last_round = 0, 0, self._this_round
        else:
            self._looked_at = listed[-1].number

    def _loop(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            try:
                pause = 0.0 if self.run() else _EVERY_SECONDS
            except Exception as error:  # noqa: BLE001 - whatever it was: what isn't indexed now is later
                self._failures.inc()
                logger.warning("indexing_failed", error=type(error).__name__)
                pause = min(_MOST_SECONDS, max(_EVERY_SECONDS, 2 * pause))
