"""Fetches the audio of a URL into the media store, where an upload would have put it.

Either the file is whole, durable and under its final name, or nothing is left of it. Nothing that the other side says
of it is believed: neither its name nor its kind, and its length only if that is too much. Every redirect goes through
the guard anew (`worker.outbound`). Whoever is too slow, or not wanted any more, is left within a second.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EDQUOT, ENOSPC
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

import structlog

from core.body_credit import Credit
from core.errors import FailureCode, OutboundFailure, OutboundFault, TranscriptionFailure
from core.media_store import MediaStore
from worker.metrics import WorkerMetrics
from worker.outbound import Answer, Outbound

_MIB = 1024 * 1024
_SYNC_BYTES = 8 * _MIB
"""Bytes written between two syncs, each with a look at the free space."""
_MOST_REDIRECTS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_COME_BACK = frozenset({408, 425, 429})
"""Of the 4xx, those that time may change."""
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity"}
_FAILURES = {
    OutboundFault.URL_REFUSED: FailureCode.URL_REFUSED,
    OutboundFault.ADDRESS_REFUSED: FailureCode.URL_REFUSED,
    OutboundFault.HOST_NOT_FOUND: FailureCode.URL_HOST_UNKNOWN,
    OutboundFault.TLS_FAILED: FailureCode.URL_NOT_SERVED,
    OutboundFault.ANSWER_MALFORMED: FailureCode.URL_NOT_SERVED,
    OutboundFault.ANSWER_TOO_LARGE: FailureCode.URL_TOO_LARGE,
    OutboundFault.CONNECTION_FAILED: FailureCode.URL_UNREACHABLE,
    OutboundFault.TIMED_OUT: FailureCode.URL_UNREACHABLE,
}

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bounds of what is fetched."""

    max_file_bytes: int
    min_free_disk_bytes: int
    min_bytes_per_second: float
    grace_seconds: float
    timeout_seconds: float
    """Of the whole, redirects included."""


class AudioFetcher:
    """Fetches for one worker, from any number of threads at once."""

    def __init__(self, outbound: Outbound, limits: FetchLimits, metrics: WorkerMetrics) -> None:
        self._outbound = outbound
        self._limits = limits
        self._metrics = metrics

    def fetch(self, work_id: str, url: str, media: MediaStore, *, is_wanted: Callable[[], bool]) -> int | None:
        """Bring a work's audio into a media store and return its bytes; None if it is not wanted any more.

        Raises:
            TranscriptionFailure: there is none to be had, or not now.
            StoreUnavailable: the media store doesn't answer.
            OSError: it can't be written to.
        """
        started = time.monotonic()
        logger.info("fetch_started")
        size_bytes: int | None = None
        outcome = "error"
        try:
            size_bytes = self._follow(url, _Part(work_id, media, self._limits), _Wait(self._limits, is_wanted))
            outcome = "fetched"
        except _NotWanted:
            outcome = "stopped"
        except TranscriptionFailure as failure:
            outcome = failure.failure
            raise
        finally:
            self._metrics.fetches.labels(outcome).inc()
            logger.info(
                "fetch_ended", outcome=outcome, media_bytes=size_bytes, seconds=round(time.monotonic() - started, 2)
            )
        return size_bytes

    def _follow(self, url: str, part: "_Part", waiting: "_Wait") -> int:
        whose = "The URL"
        for _ in range(1 + _MOST_REDIRECTS):
            try:
                with self._outbound.send(
                    "GET", url, headers=_HEADERS, seconds=waiting.remaining_seconds, check=waiting.check
                ) as answer:
                    redirected = _redirected(url, answer)
                    if redirected is None:
                        return self._store(answer, part, waiting)
            except OutboundFailure as failure:
                raise self._failure(whose, failure) from None
            url, whose = redirected, "The URL redirects to one that"
        raise TranscriptionFailure(
            FailureCode.URL_NOT_SERVED, f"The URL redirects more than {_MOST_REDIRECTS} times. Send the last one."
        )

    def _failure(self, whose: str, failure: OutboundFailure) -> TranscriptionFailure:
        code = _FAILURES[failure.fault]
        if code is FailureCode.URL_TOO_LARGE:
            return self._too_large()
        return TranscriptionFailure(code, f"{whose} {failure.detail}.")

    def _store(self, answer: Answer, part: "_Part", waiting: "_Wait") -> int:
        length = answer.headers.get("content-length", "")
        announced_bytes = int(length) if length.isdecimal() else 0
        if announced_bytes > self._limits.max_file_bytes:
            raise self._too_large()
        with part.opened(announced_bytes):
            for chunk in waiting.chunks(answer.chunks(most_bytes=self._limits.max_file_bytes)):
                part.write(chunk)
                self._metrics.fetched_bytes.inc(len(chunk))
            if not part.size_bytes:
                raise TranscriptionFailure(
                    FailureCode.URL_EMPTY, "The URL serves a file without a single byte. Send that of an audio file."
                )
        return part.size_bytes

    def _too_large(self) -> TranscriptionFailure:
        return TranscriptionFailure(
            FailureCode.URL_TOO_LARGE,
            f"The URL serves more than {self._limits.max_file_bytes / _MIB:g} MiB (MAX_FILE_SIZE_MB), the most taken "
            "here.",
        )


class _NotWanted(Exception):
    """Ends a fetch that nobody waits for any more."""


class _Part:
    """The file of one attempt on its way to its final name.

    An attempt that was taken for dead may still be at the part file when the next one begins: what is under its name
    then is the next one's, and nothing that it may touch.
    """

    def __init__(self, work_id: str, media: MediaStore, limits: FetchLimits) -> None:
        self._work_id = work_id
        self._media = media
        self._path = media.part_path(work_id)
        self._min_free_bytes = limits.min_free_disk_bytes
        self._announced_bytes = 0
        self._synced_bytes = 0
        self._file = -1
        self.size_bytes = 0

    @contextmanager
    def opened(self, announced_bytes: int) -> Iterator[None]:
        """Make the file anew; give it its final name if the block ends well, else remove it.

        Raises:
            TranscriptionFailure: the disk has no room for what was announced, or for more of it.
            _NotWanted: another attempt is at it.
        """
        self._announced_bytes = announced_bytes
        self._path.unlink(missing_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        try:
            self._check_space()
            yield
            self._commit()
        except BaseException as error:
            if self._is_in_place():
                self._path.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in {ENOSPC, EDQUOT}:
                raise self._shortage() from error
            raise
        finally:
            os.close(self._file)

    def write(self, chunk: bytes) -> None:
        """Append."""
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(self._file, rest) :]
        self.size_bytes += len(chunk)
        if self.size_bytes - self._synced_bytes >= _SYNC_BYTES:
            os.fdatasync(self._file)
            self._synced_bytes = self.size_bytes
            self._check_space()

    def _commit(self) -> None:
        os.fsync(self._file)
        if not self._is_in_place():
            raise _NotWanted
        self._media.commit(self._work_id)

    def _is_in_place(self) -> bool:
        """Tell whether the file under the part's name is this one."""
        with suppress(FileNotFoundError):
            return os.path.samestat(self._path.stat(), os.fstat(self._file))
        return False

    def _check_space(self) -> None:
        more_bytes = max(_SYNC_BYTES, self._announced_bytes - self.size_bytes)
        if self._media.free_bytes() - more_bytes < self._min_free_bytes:
            raise self._shortage()

    def _shortage(self) -> TranscriptionFailure:
        return TranscriptionFailure(
            FailureCode.OUT_OF_DISK,
            f"Fetching the audio would leave less than {self._min_free_bytes / _MIB:g} MiB free (MIN_FREE_DISK_MB).",
        )


class _Wait:
    """What an attempt may still wait for the other side; only that counts, not what our own disk takes."""

    def __init__(self, limits: FetchLimits, is_wanted: Callable[[], bool]) -> None:
        self._limits = limits
        self._is_wanted = is_wanted
        self._credit = Credit(min_bytes_per_second=limits.min_bytes_per_second, grace_seconds=limits.grace_seconds)
        self._since = time.monotonic()
        self._end = self._since + limits.timeout_seconds

    @property
    def remaining_seconds(self) -> float:
        return self._end - time.monotonic()

    def check(self) -> None:
        """Do nothing if the wait may go on.

        Raises:
            _NotWanted: nobody waits for it any more.
            TranscriptionFailure: it comes too slowly.
        """
        if not self._is_wanted():
            raise _NotWanted
        if time.monotonic() - self._since > self._credit.seconds:
            raise TranscriptionFailure(
                FailureCode.URL_UNREACHABLE,
                f"The URL serves less than {self._limits.min_bytes_per_second:g} bytes a second "
                f"(MIN_FETCH_BYTES_PER_SECOND) for more than {self._limits.grace_seconds:g} s.",
            )

    def chunks(self, body: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in body:
            self._credit.settle(waited_seconds=time.monotonic() - self._since, size_bytes=len(chunk))
            yield chunk
            self._since = time.monotonic()


def _redirected(url: str, answer: Answer) -> str | None:
    """Return where an answer leads on to; None if it is the file.

    Raises:
        TranscriptionFailure: it is neither.
    """
    status = answer.status
    if status == HTTPStatus.OK:
        return None
    if status in _COME_BACK or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TranscriptionFailure(FailureCode.URL_UNREACHABLE, f"The URL's server answers with status {status}.")
    if status in _REDIRECTS and (location := answer.headers.get("location")):
        with suppress(ValueError):
            redirected = urljoin(url, location)
            if urlsplit(url).scheme == "https" and urlsplit(redirected).scheme != "https":
                raise TranscriptionFailure(
                    FailureCode.URL_REFUSED, "The URL redirects from https to something else, which is not followed."
                )
            return redirected
    raise TranscriptionFailure(
        FailureCode.URL_NOT_SERVED,
        f"The URL's server answers with status {status}. The URL must serve the file itself, with status 200 and "
        "without a login.",
    )
