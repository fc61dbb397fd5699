"""Decodes media to 16-bit samples at 16 kHz, mixed down to one channel or every channel apart, window by window.

Only containers on an allow-list are opened, so that no playlist or script can make the decoder read other files. This
module runs in the decoder's child process (`worker.decoder_child`), and so imports little.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from core.errors import FailureCode, TranscriptionFailure
from worker import wav_header
from worker.audio import SAMPLE_RATE, WINDOW_SECONDS

Identified = Callable[[str, str | None], None]
"""Called with FFmpeg's names of the container and of the codec, None without audio, as soon as they are known."""

SAMPLE_BYTES = 2
MAX_CHANNELS = 8
"""As many as a surround recording has (7.1); apart, each costs a transcription."""

_LOWEST_RATE, _HIGHEST_RATE = 8_000, 192_000
"""Hz, of a telephone and of a studio. A header may claim any, and the resampler's memory and time grow with it."""
_MOST_FRAME_SAMPLES = 1 << 24
"""Of all channels; seven times the longest that an encoder writes (Monkey's Audio, eight channels). The resampler drops
what it gets no memory for and says nothing, so there must be enough."""
CONTAINERS = (
    *("aac", "ac3", "aiff", "amr", "amrnb", "amrwb", "ape", "asf", "au", "avi", "caf", "dts", "eac3", "flac", "flv"),
    *("loas", "matroska", "mov", "mp3", "mpeg", "mpegts", "ogg", "tta", "w64", "wav", "webm", "wv"),
)
"""FFmpeg's demuxers that may open an upload: real audio and video containers only."""
_BETTER_DECODERS = {"amrnb": "libopencore_amrnb", "amrwb": "libopencore_amrwb"}
"""FFmpeg's own decoders give up on the frames of silence that telephones send (DTX)."""
_EXACT_HEADERS = frozenset({"flac", "aiff"})
"""Containers whose header counts the samples, so that a file cut short is told from a short one."""
_CUT_TOLERANCE_SECONDS = 0.25
_CUT_TOLERANCE_BYTES = 4096
"""What a header may declare beyond what is there: writers round, pad and forget."""


class Recording:
    """The first audio stream of an open file, whose samples can be read once.

    Attributes:
        channels: One, or as many as the first decoded frame has where they stay apart.
        header_seconds: The length that the header declares; None if it declares none.
    """

    def __init__(
        self, media: Path, container: InputContainer, stream: AudioStream, *, max_seconds: float, split_channels: bool
    ) -> None:
        self._media = media
        self._max_seconds = max_seconds
        self._split_channels = split_channels
        self._frames = _decoded(container, stream)
        self._first = next(self._frames, None)
        self._exact_seconds = _seconds(stream) if container.format.name in _EXACT_HEADERS else None
        self.header_seconds = _header_seconds(container, stream)
        self.channels = 1
        if self._first is not None:
            _check_shape(self._first)
            if split_channels:
                self.channels = self._first.layout.nb_channels

    def windows(self) -> Iterator[bytearray]:
        """Yield 16-bit samples of this machine's order, one of every channel in turn, `WINDOW_SECONDS` at a time.

        Only the last window may be shorter.

        Raises:
            TranscriptionFailure: `audio_undecodable`, `audio_empty`, or `audio_too_long` (counted while decoding; no
                header is trusted).
            MemoryError: FFmpeg gets no more memory.
        """
        window_bytes = WINDOW_SECONDS * SAMPLE_RATE * self.channels * SAMPLE_BYTES
        gathered = bytearray()
        samples = 0
        for frame in self._resampled():
            samples += frame.samples
            if samples > self._max_seconds * SAMPLE_RATE:
                raise TranscriptionFailure(
                    FailureCode.AUDIO_TOO_LONG,
                    f"The audio is longer than {self._max_seconds:g} s (MAX_AUDIO_SECONDS). Send it in parts.",
                )
            # FFmpeg pads its planes.
            gathered += memoryview(frame.planes[0])[: frame.samples * self.channels * SAMPLE_BYTES]
            while len(gathered) >= window_bytes:
                yield gathered[:window_bytes]
                del gathered[:window_bytes]
        self._check_whole(samples)
        if gathered:
            yield gathered

    def _resampled(self) -> Iterator[AudioFrame]:
        """Yield the stream as packed 16-bit frames, whatever shape its frames change to on the way."""
        shape: tuple[str, str, int] | None = None
        resampler: AudioResampler | None = None
        for frame in chain([self._first] if self._first else [], self._frames):
            if resampler is None or shape != _shape(frame):
                if resampler is not None:
                    yield from resampler.resample(None)
                shape = _shape(frame)
                _check_shape(frame)
                if self._split_channels and frame.layout.nb_channels != self.channels:
                    raise TranscriptionFailure(
                        FailureCode.AUDIO_UNDECODABLE,
                        f"The file changes from {self.channels} channels to {frame.layout.nb_channels} on its way, "
                        "so they can't be told apart.",
                    )
                layout = frame.layout if self._split_channels else "mono"
                resampler = AudioResampler(format="s16", layout=layout, rate=SAMPLE_RATE)
            yield from resampler.resample(frame)
        if resampler is not None:
            yield from resampler.resample(None)

    def _check_whole(self, samples: int) -> None:
        seconds = samples / SAMPLE_RATE
        if self._exact_seconds is not None and seconds < self._exact_seconds - _CUT_TOLERANCE_SECONDS:
            raise TranscriptionFailure(
                FailureCode.AUDIO_UNDECODABLE,
                f"The file is cut short or damaged: its header declares {self._exact_seconds:.2f} s of audio, "
                f"{seconds:.2f} s can be decoded.",
            )
        if (missing := wav_header.missing_bytes(self._media)) > _CUT_TOLERANCE_BYTES:
            raise TranscriptionFailure(
                FailureCode.AUDIO_UNDECODABLE,
                f"The file is cut short: {missing} of the bytes of audio that its header declares are missing.",
            )
        if not samples:
            raise TranscriptionFailure(FailureCode.AUDIO_EMPTY, "The file has an audio stream without a single sample.")


@contextmanager
def opened(
    media: Path, *, max_seconds: float, split_channels: bool = False, identified: Identified = lambda *_: None
) -> Iterator[Recording]:
    """Open a file to decode its first audio stream, mixed down or with every channel apart.

    Raises:
        TranscriptionFailure: `media_missing`, `audio_undecodable` (also a rate or a number of channels that nobody
            records speech with), `no_audio_stream`.
        MemoryError: FFmpeg gets no more memory.
    """
    with _opened(media, identified) as (container, stream):
        yield Recording(media, container, stream, max_seconds=max_seconds, split_channels=split_channels)


def header_seconds(media: Path, *, identified: Identified = lambda *_: None) -> float | None:
    """Return the length that a file's header declares, without decoding; None if it declares none.

    Raises:
        TranscriptionFailure: as `opened`, for a file that can't be opened.
    """
    with _opened(media, identified) as (container, stream):
        return _header_seconds(container, stream)


@contextmanager
def _opened(media: Path, identified: Identified) -> Iterator[tuple[InputContainer, AudioStream]]:
    try:
        with av.open(
            str(media),
            metadata_errors="ignore",
            options={"format_whitelist": ",".join(CONTAINERS), "protocol_whitelist": "file"},
        ) as container:
            if not container.streams.audio:
                identified(container.format.name, None)
                raise TranscriptionFailure(FailureCode.NO_AUDIO_STREAM, "The file has no audio stream.")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                identified(container.format.name, "")
                raise TranscriptionFailure(
                    FailureCode.AUDIO_UNDECODABLE, "The audio is in a codec that can't be decoded here."
                )
            identified(container.format.name, stream.codec_context.codec.canonical_name)
            yield container, stream
    except MemoryError:
        raise
    except FileNotFoundError:
        raise TranscriptionFailure(FailureCode.MEDIA_MISSING, "The uploaded file is not in the media store.") from None
    except (av.error.FFmpegError, ValueError) as error:
        raise TranscriptionFailure(
            FailureCode.AUDIO_UNDECODABLE, f"The file can't be decoded as audio ({_reason(error)})."
        ) from error


def _decoded(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Yield the stream's frames, passing over damaged packets as players do."""
    decoder = _decoder(stream)
    # A thread more would take a stack and an arena out of the memory that the child may have.
    decoder.thread_count = 1
    for packet in container.demux(stream):
        try:
            frames = decoder.decode(packet)
        except av.error.InvalidDataError:
            continue
        yield from frames


def _decoder(stream: AudioStream) -> AudioCodecContext:
    usual = stream.codec_context
    if usual.name in _BETTER_DECODERS:
        # A build of FFmpeg need not have it.
        with suppress(av.codec.codec.UnknownCodecError):
            better = av.CodecContext.create(_BETTER_DECODERS[usual.name], "r")
            if isinstance(better, AudioCodecContext):
                better.sample_rate, better.layout = usual.sample_rate, usual.layout
                return better
    return usual


def _shape(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _check_shape(frame: AudioFrame) -> None:
    """Refuse what a crafted header claims and nobody records.

    Raises:
        TranscriptionFailure: `audio_undecodable`.
    """
    if not _LOWEST_RATE <= frame.sample_rate <= _HIGHEST_RATE:
        raise TranscriptionFailure(
            FailureCode.AUDIO_UNDECODABLE,
            f"The audio has a sample rate of {frame.sample_rate} Hz. "
            f"Send it at a rate from {_LOWEST_RATE} to {_HIGHEST_RATE} Hz.",
        )
    if (channels := frame.layout.nb_channels) > MAX_CHANNELS:
        raise TranscriptionFailure(
            FailureCode.AUDIO_UNDECODABLE, f"The audio has {channels} channels. Send at most {MAX_CHANNELS}."
        )
    if (samples := frame.samples * channels) > _MOST_FRAME_SAMPLES:
        raise TranscriptionFailure(
            FailureCode.AUDIO_UNDECODABLE,
            f"The file is damaged: one frame of its audio has {samples} samples, more than any encoder writes.",
        )


def _header_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    seconds = _seconds(stream)
    if seconds is None and container.duration:
        return container.duration / av.time_base
    return seconds


def _seconds(stream: AudioStream) -> float | None:
    if stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def _reason(error: Exception) -> str:
    # FFmpeg's own words, without the path that PyAV appends.
    return str(getattr(error, "strerror", None) or error).rstrip(".")
