"""A transcriber without a model: the same text for the same length, at a fixed speed. For the queue's tests."""

import time
from collections.abc import Iterator
from pathlib import Path

from core.options import TranscriptionOptions
from core.transcript import Segment, TranscriptInfo
from worker import wav_header
from worker.decoder import Decoder
from worker.transcriber import Transcription

SEGMENT_SECONDS = 5.0
"""Audio seconds that one scripted segment covers."""


class ScriptedTranscriber:
    """Takes `rtf` processing seconds per audio second, which it reads from the file's header.

    A plain WAV costs microseconds, any other file a decoder's child.
    """

    device = "none"
    compute_type = "scripted"

    def __init__(self, *, rtf: float, decoder: Decoder) -> None:
        self._rtf = rtf
        self._decoder = decoder

    def transcribe(self, media: Path, options: TranscriptionOptions) -> Transcription:
        """Begin to "transcribe" a file.

        Raises:
            TranscriptionFailure: what `Decoder.header_seconds` raises.
        """
        seconds = wav_header.seconds(media)
        if seconds is None:
            seconds = self._decoder.header_seconds(media) or 0.0
        return Transcription(
            info=TranscriptInfo(language=options.language or "en", language_probability=1.0, duration_seconds=seconds),
            segments=self._segments(seconds),
        )

    def _segments(self, seconds: float) -> Iterator[Segment]:
        start = 0.0
        number = 0
        while start < seconds:
            number += 1
            end = min(start + SEGMENT_SECONDS, seconds)
            time.sleep((end - start) * self._rtf)
            yield Segment(
                id=number,
                seek=round(start * 100),
                start=start,
                end=end,
                text=f" Segment {number} from {start:.1f} to {end:.1f} seconds.",
                tokens=(),
                temperature=0.0,
                avg_logprob=-0.1,
                compression_ratio=1.0,
                no_speech_prob=0.0,
            )
            start = end
