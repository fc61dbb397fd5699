"""A transcriber without a model: the same text for the same length, at a fixed speed. For the queue's tests.

It also fails as it is told: `initial_prompt=scripted:hang@10` hangs for ever when it comes to the 10th second of the
audio, `error` raises an unexpected error there, `die` kills its own process. An attempt that begins there, or behind
it, is spared; without `@` the fault comes at the start of every attempt.
"""

import itertools
import math
import os
import re
import signal
import threading
import time
from collections.abc import Generator
from pathlib import Path

from core.options import TranscriptionOptions
from core.tracing import BATCH_SIZE, NO_TRACES, Tracer
from core.transcript import Segment, TranscriptInfo
from worker import wav_header
from worker.decoder import Decoder
from worker.transcriber import Checkpoint, Passage

SEGMENT_SECONDS = 5.0
"""Audio seconds that one scripted segment covers."""

_FAULT = re.compile(r"scripted:(hang|error|die)(?:@(\d+))?")


class ScriptedTranscriber:
    """Takes `rtf` processing seconds per audio second, which it reads from the file's header.

    A plain WAV costs microseconds, any other file a decoder's child.
    """

    device = "none"
    compute_type = "scripted"

    def __init__(self, *, rtf: float, decoder: Decoder, tracer: Tracer = NO_TRACES) -> None:
        self._rtf = rtf
        self._decoder = decoder
        self._tracer = tracer

    def transcribe(
        self, media: Path, options: TranscriptionOptions, checkpoint: Checkpoint | None = None
    ) -> Generator[Passage, None, None]:
        """Make up the text of a file, or go on with it.

        Raises:
            TranscriptionFailure: what `Decoder.header_seconds` raises.
        """
        fault = _FAULT.fullmatch(options.initial_prompt or "")
        if fault and fault[2] is None:
            _commit(fault[1])
        seconds = wav_header.seconds(media)
        if seconds is None:
            with self._tracer.span("decode"):
                seconds = self._decoder.header_seconds(media) or 0.0
        info = TranscriptInfo(language=options.language or "en", language_probability=1.0, duration_seconds=seconds)
        start = checkpoint.end_seconds if checkpoint else 0.0
        fault_seconds = float(fault[2]) if fault and fault[2] is not None else math.inf
        is_spared = start >= fault_seconds
        yield Passage(info, (), start, seconds)
        for number in itertools.count(len(checkpoint.segments) + 1 if checkpoint else 1):
            if start >= seconds:
                return
            end = min(start + SEGMENT_SECONDS, seconds)
            if fault and not is_spared and end > fault_seconds:
                _commit(fault[1])
            with self._tracer.span("batch", {BATCH_SIZE: 1}):
                time.sleep((end - start) * self._rtf)
            yield Passage(info, (_segment(number, start, end),), end, seconds)
            start = end


def _segment(number: int, start: float, end: float) -> Segment:
    return Segment(
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


def _commit(fault: str) -> None:
    match fault:
        case "hang":
            threading.Event().wait()
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case _:
            raise RuntimeError("the script says so")
