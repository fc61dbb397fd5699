"""Decodes media in child processes: a file that crashes or hangs the decoder costs its job and nothing else.

Everything that comes back is data: samples, window by window as they are asked for, and an outcome in JSON.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, Self

import numpy as np
import structlog
from numpy.typing import NDArray

from core.errors import FailureCode, TranscriptionFailure
from worker import decoder_child
from worker.audio import SAMPLE_RATE, Audio
from worker.decoder_children import Children, Message, UnsoundChild, overrun
from worker.media_labels import UNKNOWN, codec_label, container_label

_SAMPLE: Final = np.dtype(np.int16)
_TO_FLOAT: Final = np.float32(1 / 32_768)

logger = structlog.get_logger(__name__)


class DecodeObserver(Protocol):
    """Is told how files were decoded, from any thread."""

    def observe_decoded(self, seconds: float) -> None:
        """A file was decoded to its end; so long it kept its job waiting."""

    def observe_decode_error(self, container: str, codec: str, code: FailureCode) -> None:
        """A file could not be decoded; container and codec are of the few that `worker.media_labels` returns."""


class _Unobserved:
    """Does nothing."""

    def observe_decoded(self, seconds: float) -> None:
        """Do nothing."""

    def observe_decode_error(self, container: str, codec: str, code: FailureCode) -> None:
        """Do nothing."""


UNOBSERVED: Final[DecodeObserver] = _Unobserved()
"""Nobody listens."""


class Decoder:
    """Decodes for any number of threads at once, each in a child of its own.

    Args:
        max_audio_seconds: Longest audio that is decoded.
        timeout_seconds: A child that sends nothing for so long, while it is waited for, is killed.
        warm: Children that wait for files, so that a short file need not pay for a start.
        observer: Is told how files were decoded.
    """

    def __init__(
        self,
        *,
        max_audio_seconds: float,
        timeout_seconds: float,
        warm: int = 2,
        observer: DecodeObserver = UNOBSERVED,
    ) -> None:
        self._max_audio_seconds = max_audio_seconds
        self._observer = observer
        self._children = Children(max_audio_seconds=max_audio_seconds, timeout_seconds=timeout_seconds, warm=warm)

    @contextmanager
    def open(self, media: Path, *, split_channels: bool = False) -> Iterator["DecodedAudio"]:
        """Begin to decode the first audio stream of a file, mixed down to one channel or with every channel apart.

        The child goes on only as fast as its windows are taken, and is through with the file at the end of the `with`.

        Raises:
            TranscriptionFailure: here or with a window: `media_missing`, `audio_undecodable` (crashes and the child's
                limits as well, and rates and channels that nobody records speech with), `no_audio_stream`,
                `audio_empty`, `audio_too_long`; `timed_out`, `out_of_memory` or `internal_error` where the media need
                not be to blame.
        """
        audio = DecodedAudio(
            self._children,
            media,
            self._observer,
            split_channels=split_channels,
            max_audio_seconds=self._max_audio_seconds,
        )
        try:
            yield audio
        finally:
            audio.close()

    def decode(self, media: Path) -> Audio:
        """Return all the audio of a short file, mixed down to one channel.

        Raises:
            TranscriptionFailure: as `open`.
        """
        with self.open(media) as audio:
            return Audio(np.concatenate([window[0] for window in audio]))

    def header_seconds(self, media: Path) -> float | None:
        """Return the length that a file's header declares, without decoding; None if it declares none.

        Raises:
            TranscriptionFailure: as `open`, for a file that can't be opened.
        """
        audio = DecodedAudio(
            self._children, media, self._observer, max_audio_seconds=self._max_audio_seconds, header_only=True
        )
        try:
            next(audio, None)
        finally:
            audio.close()
        return audio.header_seconds

    def close(self) -> None:
        """End the children that wait for files. Whoever decodes may go on."""
        self._children.close()


class DecodedAudio:
    """The audio of one file, decoded as it is asked for: an iterator over its windows, to be used once.

    Each window is float32 of shape (channels, samples), between -1 and 1, at `SAMPLE_RATE`. All but the last hold
    `WINDOW_SECONDS`. The next one raises what `Decoder.open` raises, or ValueError once this is closed.

    Attributes:
        channels: 1, or as many as the file has if they stay apart: window[0] is the file's first one.
        header_seconds: The length that the header declares; None if it declares none.
    """

    def __init__(
        self,
        children: Children,
        media: Path,
        observer: DecodeObserver,
        *,
        max_audio_seconds: float,
        split_channels: bool = False,
        header_only: bool = False,
    ) -> None:
        started = time.monotonic()
        self._children = children
        self._observer = observer
        self._labels: tuple[str, str] | None = None
        self._request = {"media": str(media), "header_only": header_only, "split_channels": split_channels}
        self._max_samples = round(max_audio_seconds * SAMPLE_RATE)
        self._samples = 0
        self._told = 0
        self._told_before = 0
        self._is_over = self._is_closed = False
        self._reading = threading.Lock()
        # What `close` looks at while another thread waits for a window.
        self._holding = threading.Lock()
        self._child = children.take()
        try:
            self._child.ask(self._request)
            opened = self._message().json()
            self.channels: int = opened["channels"]
            self.header_seconds: float | None = opened["header_seconds"]
        except BaseException as error:
            self._observe(error)
            self.close()
            raise
        self._waited_seconds = time.monotonic() - started

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> NDArray[np.float32]:
        with self._reading:
            if self._is_over:
                raise StopIteration
            if self._is_closed:
                raise ValueError("This audio is closed.")
            try:
                asked = time.monotonic()
                message = self._message()
                self._waited_seconds += time.monotonic() - asked
                if message.kind == decoder_child.WINDOW:
                    return self._window(message.content)
                self._let_go()
                self._children.take_back(self._child, message)
                if not self._request["header_only"]:
                    self._observer.observe_decoded(self._waited_seconds)
            except BaseException as error:
                self._observe(error)
                self._let_go()
                self._child.end()
                raise
        raise StopIteration

    def close(self) -> None:
        """End the child, unless it is through with the file. A thread that waits for a window gets a ValueError."""
        with self._holding:
            self._is_closed = True
            if not self._is_over:
                self._child.kill()
        with self._reading:
            if not self._is_over:
                self._child.end()

    def _message(self) -> Message:
        """Return the next thing said about the file.

        A child that fails without a verdict, and has read other files before, may have been harmed by one of them:
        then a fresh child begins anew.
        """
        while True:
            try:
                message = self._child.message()
            except UnsoundChild as unsound:
                if self._is_closed:
                    raise ValueError("This audio is closed.") from None
                if not self._child.is_used:
                    raise unsound.failure from None
                logger.warning("used_decoder_failed", failure=unsound.failure.failure, detail=unsound.failure.detail)
                self._start_anew()
                continue
            if self._told_before:
                self._told_before -= 1
                continue
            self._told += 1
            if message.kind != decoder_child.IDENTIFIED:
                return message
            if self._labels is not None:
                raise overrun()
            names = message.json()
            self._labels = container_label(names["container"]), codec_label(names["codec"])

    def _start_anew(self) -> None:
        self._child.end()
        fresh = self._children.start()
        with self._holding:
            self._child = fresh
            if self._is_closed:
                fresh.kill()
        self._told_before = self._told
        fresh.ask(self._request)

    def _observe(self, error: BaseException) -> None:
        if isinstance(error, TranscriptionFailure):
            container, codec = self._labels or (UNKNOWN, UNKNOWN)
            self._observer.observe_decode_error(container, codec, error.failure)

    def _let_go(self) -> None:
        """Have `close` pass over the child, which may be somebody else's from now on."""
        with self._holding:
            self._is_over = True

    def _window(self, content: bytearray) -> NDArray[np.float32]:
        samples, rest = divmod(len(content), _SAMPLE.itemsize * self.channels)
        self._samples += samples
        if rest or not samples or self._samples > self._max_samples:
            raise overrun()
        window = np.empty((self.channels, samples), dtype=np.float32)
        np.multiply(np.frombuffer(content, dtype=_SAMPLE).reshape(samples, self.channels).T, _TO_FLOAT, out=window)
        return window
