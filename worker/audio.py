"""Decodes media to what Whisper hears: 16 kHz, one channel, 32-bit floats.

Only containers on an allow-list are opened, so that no playlist or script can make the decoder read other files.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from core.errors import FailureCode, TranscriptionFailure
from worker import wav_header

SAMPLE_RATE = 16_000
"""Samples per second that Whisper's features are computed from."""

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


@dataclass(frozen=True, slots=True)
class Audio:
    """Decoded audio: float32 of shape (samples,), between -1 and 1, at `SAMPLE_RATE`."""

    samples: NDArray[np.float32]

    @property
    def duration_seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE


def decode(media: Path, *, max_seconds: float) -> Audio:
    """Decode the first audio stream of a file, mixed down to one channel.

    Raises:
        TranscriptionFailure: `media_missing`, `audio_undecodable`, `no_audio_stream`, `audio_empty` or
            `audio_too_long` (counted while decoding; no header is trusted).
    """
    with _opened(media) as (container, stream):
        declared_seconds = _declared_seconds(container, stream)
        pieces: list[NDArray[np.int16]] = []
        samples = 0
        for piece in _resampled(container, stream):
            samples += len(piece)
            if samples > max_seconds * SAMPLE_RATE:
                raise TranscriptionFailure(
                    FailureCode.AUDIO_TOO_LONG,
                    f"The audio is longer than {max_seconds:g} s (MAX_AUDIO_SECONDS). Send it in parts.",
                )
            pieces.append(piece)
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
    return Audio(np.concatenate(pieces).astype(np.float32) / 32768.0)


def header_seconds(media: Path) -> float | None:
    """Return the length that a file's header declares, without decoding; None if it declares none.

    Raises:
        TranscriptionFailure: as `decode`, for a file that can't be opened.
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
            yield container, stream
    except FileNotFoundError:
        raise TranscriptionFailure(FailureCode.MEDIA_MISSING, "The uploaded file is not in the media store.") from None
    except (av.error.FFmpegError, ValueError) as error:
        raise TranscriptionFailure(
            FailureCode.AUDIO_UNDECODABLE, f"The file can't be decoded as audio ({_reason(error)})."
        ) from error


def _resampled(container: InputContainer, stream: AudioStream) -> Iterator[NDArray[np.int16]]:
    """Yield the stream as 16-bit mono pieces, passing over damaged packets as players do."""
    resampler = AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue
        for frame in frames:
            for resampled in resampler.resample(frame):
                yield _mono(resampled)
    for resampled in resampler.resample(None):
        yield _mono(resampled)


def _mono(frame: AudioFrame) -> NDArray[np.int16]:
    return frame.to_ndarray().reshape(-1).astype(np.int16, copy=False)


def _declared_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    if container.format.name not in _EXACT_HEADERS or stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def _reason(error: Exception) -> str:
    # FFmpeg's own words, without the path that PyAV appends.
    return str(getattr(error, "strerror", None) or error).rstrip(".")
