"""Decodes media to 16-bit samples, 16 kHz, one channel, window by window.

Only containers on an allow-list are opened, so that no playlist or script can make the decoder read other files. This
module runs in the decoder's child process (`worker.decoder_child`), and so imports little.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from core.errors import FailureCode, TranscriptionFailure
from worker import wav_header
from worker.audio import SAMPLE_RATE

SAMPLE_BYTES = 2

_CONTAINERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,dts,eac3,flac,flv,loas,matroska,mov,mp3,mpeg,mpegts,"
    "ogg,tta,w64,wav,webm,wv"
)
"""FFmpeg's demuxers that may open an upload: real audio and video containers only."""
_EXACT_HEADERS = frozenset({"flac", "aiff"})
"""Containers whose header counts the samples, so that a file cut short is told from a short one."""
_CUT_TOLERANCE_SECONDS = 0.25
_CUT_TOLERANCE_BYTES = 4096
"""What a header may declare beyond what is there: writers round, pad and forget."""


def windows(media: Path, *, max_seconds: float) -> Iterator[memoryview]:
    """Yield the first audio stream of a file, mixed down to one channel, as 16-bit samples of this machine's order.

    Raises:
        TranscriptionFailure: `media_missing`, `audio_undecodable`, `no_audio_stream`, `audio_empty` or
            `audio_too_long` (counted while decoding; no header is trusted).
        MemoryError: FFmpeg gets no more memory.
    """
    samples = 0
    with _opened(media) as (container, stream):
        declared_seconds = _declared_seconds(container, stream)
        for frame in _resampled(container, stream):
            samples += frame.samples
            if samples > max_seconds * SAMPLE_RATE:
                raise TranscriptionFailure(
                    FailureCode.AUDIO_TOO_LONG,
                    f"The audio is longer than {max_seconds:g} s (MAX_AUDIO_SECONDS). Send it in parts.",
                )
            # FFmpeg pads its planes.
            yield memoryview(frame.planes[0]).cast("B")[: frame.samples * SAMPLE_BYTES]
    seconds = samples / SAMPLE_RATE
    if declared_seconds is not None and seconds < declared_seconds - _CUT_TOLERANCE_SECONDS:
        raise TranscriptionFailure(
            FailureCode.AUDIO_UNDECODABLE,
            f"The file is cut short or damaged: its header declares {declared_seconds:.2f} s of audio, "
            f"{seconds:.2f} s can be decoded.",
        )
    if (missing := wav_header.missing_bytes(media)) > _CUT_TOLERANCE_BYTES:
        raise TranscriptionFailure(
            FailureCode.AUDIO_UNDECODABLE,
            f"The file is cut short: {missing} of the bytes of audio that its header declares are missing.",
        )
    if not samples:
        raise TranscriptionFailure(FailureCode.AUDIO_EMPTY, "The file has an audio stream without a single sample.")


def header_seconds(media: Path) -> float | None:
    """Return the length that a file's header declares, without decoding; None if it declares none.

    Raises:
        TranscriptionFailure: as `windows`, for a file that can't be opened.
    """
    with _opened(media) as (container, stream):
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        return container.duration / av.time_base if container.duration else None


@contextmanager
def _opened(media: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    try:
        with av.open(
            str(media),
            metadata_errors="ignore",
            options={"format_whitelist": _CONTAINERS, "protocol_whitelist": "file"},
        ) as container:
            if not container.streams.audio:
                raise TranscriptionFailure(FailureCode.NO_AUDIO_STREAM, "The file has no audio stream.")
            stream = container.streams.audio[0]
            if stream.codec_context is None:
                raise TranscriptionFailure(
                    FailureCode.AUDIO_UNDECODABLE, "The audio is in a codec that can't be decoded here."
                )
            # A thread more would take a stack and an arena out of the memory that the child may have.
            stream.codec_context.thread_count = 1
            yield container, stream
    except MemoryError:
        raise
    except FileNotFoundError:
        raise TranscriptionFailure(FailureCode.MEDIA_MISSING, "The uploaded file is not in the media store.") from None
    except (av.error.FFmpegError, ValueError) as error:
        raise TranscriptionFailure(
            FailureCode.AUDIO_UNDECODABLE, f"The file can't be decoded as audio ({_reason(error)})."
        ) from error


def _resampled(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Yield the stream as 16-bit mono frames, passing over damaged packets as players do."""
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _declared_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    if container.format.name not in _EXACT_HEADERS or stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def _reason(error: Exception) -> str:
    # FFmpeg's own words, without the path that PyAV appends.
    return str(getattr(error, "strerror", None) or error).rstrip(".")
