"""The real engine: faster-whisper on CTranslate2, one model for all threads of the process."""

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from faster_whisper import WhisperModel

from core.errors import ConfigurationError, FailureCode, TranscriptionFailure
from core.options import TranscriptionOptions
from core.transcript import Segment, TranscriptInfo, Word
from worker.audio import SAMPLE_RATE
from worker.decoder import Decoder
from worker.transcriber import Transcription

_FRAMES_PER_SECOND = 100
_FALLBACK_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""faster-whisper's and Whisper's own ladder: the next step is taken where a result fails its checks."""


class FasterWhisperTranscriber:
    """faster-whisper behind the `Transcriber` protocol.

    CTranslate2 releases the GIL; `replicas` inferences run at once over one copy of the weights, each with
    `compute_threads` threads (0: the cores, shared out). Jobs take turns at them segment by segment, so that many jobs
    take little more memory than one: an inference holds over 100 MB while it runs, a waiting job a few.

    Raises:
        ConfigurationError: the device or the arithmetic is not to be had here, or the folder holds no model.
    """

    def __init__(
        self,
        model_folder: Path,
        *,
        device: str,
        compute_type: str,
        replicas: int,
        compute_threads: int,
        decoder: Decoder,
    ) -> None:
        cores = len(os.sched_getaffinity(0))
        try:
            self._model = WhisperModel(
                str(model_folder),
                device=device,
                compute_type=compute_type,
                num_workers=replicas,
                cpu_threads=compute_threads or max(1, cores // replicas),
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as error:
            raise ConfigurationError(
                f"The model in {model_folder} can't be loaded: DEVICE={device}, COMPUTE_TYPE={compute_type}: {error}"
            ) from error
        self._decoder = decoder
        self._slots = threading.BoundedSemaphore(replicas)
        # One more than can be taken in, so that a file on which the decoder hangs holds nobody else up.
        self._decoded = threading.BoundedSemaphore(replicas + 1)
        self._warm_up()

    @property
    def device(self) -> str:
        """Where it computes."""
        return str(self._model.model.device)

    @property
    def compute_type(self) -> str:
        """The arithmetic it really uses, which may differ from the one asked for."""
        return str(self._model.model.compute_type)

    def transcribe(self, media: Path, options: TranscriptionOptions) -> Transcription:
        """Decode, detect the language if it isn't given, and return the segments as faster-whisper finds them.

        Raises:
            TranscriptionFailure: what `Decoder.decode` raises, or `clip_outside_audio`.
        """
        # Decoding as well waits for its turn: few jobs that wait hold audio.
        with self._decoded:
            audio = self._decoder.decode(media)
            start_seconds = options.clip_start_seconds
            if start_seconds >= audio.duration_seconds:
                raise TranscriptionFailure(
                    FailureCode.CLIP_OUTSIDE_AUDIO,
                    f"clip_start_seconds is {start_seconds:g}; the audio ends at {audio.duration_seconds:.2f} s.",
                )
            end = None if options.clip_end_seconds is None else round(options.clip_end_seconds * SAMPLE_RATE)
            with self._slots:
                found, info = self._model.transcribe(
                    audio.samples[round(start_seconds * SAMPLE_RATE) : end],
                    language=options.language,
                    task=options.whisper_task,
                    beam_size=options.beam_size,
                    temperature=options.temperature or _FALLBACK_TEMPERATURES,
                    initial_prompt=options.initial_prompt,
                    hotwords=options.hotwords,
                    vad_filter=options.vad_filter,
                    word_timestamps=options.word_timestamps,
                )
        return Transcription(
            info=TranscriptInfo(
                language=info.language,
                language_probability=info.language_probability,
                duration_seconds=audio.duration_seconds,
            ),
            segments=_shifted(self._in_turn(found), start_seconds),
        )

    def _in_turn(self, found: Iterable[Any]) -> Iterator[Any]:
        """Yield faster-whisper's segments, each computed in a slot that is free for other jobs in between."""
        segments = iter(found)
        while True:
            with self._slots:
                segment = next(segments, None)
            if segment is None:
                return
            yield segment

    def _warm_up(self) -> None:
        """Run the model once, so that the first job does not pay for lazy initialization."""
        silence = np.zeros(SAMPLE_RATE, dtype=np.float32)
        for vad_filter in (False, True):
            segments, _ = self._model.transcribe(silence, language="en", temperature=0.0, vad_filter=vad_filter)
            list(segments)


def _shifted(found: Iterable[Any], seconds: float) -> Iterator[Segment]:
    """Yield faster-whisper's segments as ours, in the time of the whole audio."""
    for segment in found:
        yield Segment(
            id=segment.id,
            seek=segment.seek + round(seconds * _FRAMES_PER_SECOND),
            start=_time(segment.start, seconds),
            end=_time(segment.end, seconds),
            text=segment.text,
            tokens=tuple(segment.tokens),
            temperature=segment.temperature,
            avg_logprob=segment.avg_logprob,
            compression_ratio=segment.compression_ratio,
            no_speech_prob=segment.no_speech_prob,
            words=tuple(
                Word(
                    word=word.word,
                    start=_time(word.start, seconds),
                    end=_time(word.end, seconds),
                    probability=float(word.probability),
                )
                for word in segment.words
            )
            if segment.words is not None
            else None,
        )


def _time(within_clip: float, clip_start: float) -> float:
    return round(float(within_clip) + clip_start, 3)
