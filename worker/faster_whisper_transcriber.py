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
from worker.transcriber import Checkpoint, Transcription

_FRAMES_PER_SECOND = 100
_FALLBACK_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""faster-whisper's and Whisper's own ladder: the next step is taken where a result fails its checks."""
_PROMPT_TOKENS = 223
"""Tokens of preceding text that Whisper looks at: half its context, less one."""
_PROMPT_RESET_TEMPERATURE = 0.5
"""faster-whisper's default: text decoded at a higher temperature does not prompt what follows."""


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

    def transcribe(
        self, media: Path, options: TranscriptionOptions, checkpoint: Checkpoint | None = None
    ) -> Transcription:
        """Decode, detect the language if it isn't known, and return the segments as faster-whisper finds them.

        Behind a checkpoint, the audio from its end on is transcribed in its language, prompted by its text, as if
        the transcription had not been broken off there.

        Raises:
            TranscriptionFailure: what `Decoder.decode` raises, or `clip_outside_audio`.
        """
        # Decoding as well waits for its turn: few jobs that wait hold audio.
        with self._decoded:
            audio = self._decoder.decode(media)
            start_seconds = checkpoint.end_seconds if checkpoint else options.clip_start_seconds
            samples = audio.samples[round(start_seconds * SAMPLE_RATE) : _end_sample(options)]
            if not len(samples):
                if checkpoint:
                    return Transcription(info=checkpoint.info, segments=iter(()))
                raise TranscriptionFailure(
                    FailureCode.CLIP_OUTSIDE_AUDIO,
                    f"clip_start_seconds is {start_seconds:g}; the audio ends at {audio.duration_seconds:.2f} s.",
                )
            with self._slots:
                found, info = self._model.transcribe(
                    samples,
                    language=checkpoint.info.language if checkpoint else options.language,
                    task=options.whisper_task,
                    beam_size=options.beam_size,
                    temperature=options.temperature or _FALLBACK_TEMPERATURES,
                    initial_prompt=self._prompt(options, checkpoint) if checkpoint else options.initial_prompt,
                    hotwords=options.hotwords,
                    vad_filter=options.vad_filter,
                    word_timestamps=options.word_timestamps,
                )
        return Transcription(
            info=checkpoint.info
            if checkpoint
            else TranscriptInfo(
                language=info.language,
                language_probability=info.language_probability,
                duration_seconds=audio.duration_seconds,
            ),
            segments=_shifted(
                self._in_turn(found), start_seconds, first=len(checkpoint.segments) + 1 if checkpoint else 1
            ),
        )

    def _prompt(self, options: TranscriptionOptions, checkpoint: Checkpoint) -> list[int]:
        """Return the tokens that precede what is behind the checkpoint, as faster-whisper would have them."""
        tokens: list[int] = []
        if options.initial_prompt:
            text = f" {options.initial_prompt.strip()}"
            tokens.extend(self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids)
        for segment in checkpoint.segments:
            if (segment.temperature or 0.0) > _PROMPT_RESET_TEMPERATURE:
                tokens.clear()
            else:
                tokens.extend(segment.tokens)
        return tokens[-_PROMPT_TOKENS:]

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


def _end_sample(options: TranscriptionOptions) -> int | None:
    return None if options.clip_end_seconds is None else round(options.clip_end_seconds * SAMPLE_RATE)


def _shifted(found: Iterable[Any], seconds: float, *, first: int) -> Iterator[Segment]:
    """Yield faster-whisper's segments as ours, numbered from `first`, in the time of the whole audio."""
    for number, segment in enumerate(found, first):
        yield Segment(
            id=number,
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
