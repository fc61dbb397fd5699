"""Whisper on CTranslate2: windows of features in, hypotheses out, a batch at a time. Knows nothing of jobs."""

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeAlias

import ctranslate2
import numpy as np
import structlog
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens
from numpy.typing import NDArray

from core.errors import ConfigurationError
from worker.engine.steady_model import SteadyWhisperModel

WhisperTask = Literal["transcribe", "translate"]
Encoded: TypeAlias = Any
"""CTranslate2's `StorageView` of a batch, shape (batch, frames / 2, width); it ships no types."""

_CONTEXT_TOKENS: Final = 448
"""Of Whisper's decoder: prompt and text together (`n_text_ctx`)."""
PROMPT_TOKENS: Final = _CONTEXT_TOKENS // 2 - 1
_SAMPLED_HYPOTHESES: Final = 5
"""Whisper's and faster-whisper's `best_of`."""
_LATEST_FIRST_TIMESTAMP: Final = 50
"""In steps of 20 ms: Whisper's `max_initial_timestamp` of 1 s."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Decoding:
    """How the decoder looks for text. Windows that share one can share a batch."""

    task: WhisperTask = "transcribe"
    beam_size: int = 5
    temperature: float = 0.0
    prompt: tuple[int, ...] = ()
    """Tokens of text to precede: initial prompt and hot words."""
    max_tokens: int = _CONTEXT_TOKENS
    """Longest text; a sound one ends before."""
    no_repeat_ngram_size: int = 0


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the decoder makes of one window."""

    tokens: tuple[int, ...]
    """Text and timestamps, without the prompt."""
    avg_logprob: float
    no_speech_prob: float
    is_cut: bool
    """Whether it reached `max_tokens` without an end."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Of the devices and arithmetics there are, which to use."""

    device: Literal["cpu", "cuda"]
    compute_type: str
    replicas: int
    compute_threads: int
    batch_size: int

    @classmethod
    def choose(
        cls, *, device: str, compute_type: str | None, replicas: int, compute_threads: int, batch_size: int
    ) -> Self:
        """Fill in what was left open (`auto`, None or 0).

        On a CPU every core is a replica of one thread: two inferences of one thread each do a third to a half more than
        one of two, which wait for each other at every step. A GPU computes one large batch at a time.
        A GPU that was asked for and is not there is a warning, and the CPU does its work, in an arithmetic that it has.
        """
        gpus = ctranslate2.get_cuda_device_count()
        if device == "cuda" and not gpus:
            if compute_type not in ctranslate2.get_supported_compute_types("cpu"):
                compute_type = None
            logger.warning(
                "no_gpu",
                detail="DEVICE=cuda, but no usable CUDA device is here; the CPU does the work, much slower. "
                "Install NVIDIA's driver and give this process the GPU, or set DEVICE=cpu.",
            )
        if gpus and device != "cpu":
            return cls("cuda", compute_type or "float16", replicas or 1, compute_threads, batch_size or 32)
        cores = len(os.sched_getaffinity(0))
        threads = compute_threads or max(1, cores // replicas if replicas else 1)
        return cls("cpu", compute_type or "int8", replicas or max(1, cores // threads), threads, batch_size or 4)


class Whisper:
    """One model in memory, of which `placement.replicas` batches can be computed at once.

    Raises:
        ConfigurationError: the folder holds no model, or the arithmetic is not to be had here.
    """

    def __init__(self, model_folder: Path, placement: Placement) -> None:
        try:
            self.faster_whisper = SteadyWhisperModel(
                str(model_folder),
                device=placement.device,
                compute_type=placement.compute_type,
                num_workers=placement.replicas,
                cpu_threads=placement.compute_threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as error:
            raise ConfigurationError(
                f"The model in {model_folder} can't be loaded: DEVICE={placement.device}, "
                f"COMPUTE_TYPE={placement.compute_type}: {error}"
            ) from error
        self._model = self.faster_whisper.model
        self._tokenizers: dict[tuple[str, WhisperTask], Tokenizer] = {}
        self._tokenizers_made = threading.Lock()
        self.mel_filters: NDArray[np.float32] = self.faster_whisper.feature_extractor.mel_filters

    @property
    def device(self) -> str:
        """Where it computes."""
        return str(self._model.device)

    @property
    def compute_type(self) -> str:
        """The arithmetic it really uses, which may differ from the one asked for."""
        return str(self._model.compute_type)

    @property
    def is_multilingual(self) -> bool:
        """Whether it knows any language but English."""
        return bool(self._model.is_multilingual)

    def tokenizer(self, language: str, task: WhisperTask = "transcribe") -> Tokenizer:
        """Return the tokenizer of a language; the same one every time."""
        with self._tokenizers_made:
            found = self._tokenizers.get((language, task))
            if found is None:
                found = Tokenizer(self.faster_whisper.hf_tokenizer, self.is_multilingual, task=task, language=language)
                self._tokenizers[language, task] = found
            return found

    def prompt(self, initial_prompt: str | None, hotwords: str | None) -> tuple[int, ...]:
        """Return the tokens of a prompt, hot words first; of a prompt too long, the end."""
        texts = [text.strip() for text in (hotwords, initial_prompt) if text and text.strip()]
        tokens: list[int] = []
        for text in texts:
            tokens += self.faster_whisper.hf_tokenizer.encode(f" {text}", add_special_tokens=False).ids
        return tuple(tokens[-PROMPT_TOKENS:])

    def encode(self, windows: NDArray[np.float32]) -> Encoded:
        """Run the encoder over features of shape (batch, mels, frames); any number of frames up to 3000."""
        return self._model.encode(ctranslate2.StorageView.from_array(np.ascontiguousarray(windows)))

    def rows(self, encoded: Encoded) -> NDArray[Any]:
        """Return the encodings of a batch as one array of shape (batch, frames / 2, width)."""
        view = encoded if encoded.device == "cpu" else encoded.to_device(ctranslate2.Device.cpu)
        return np.array(view)

    def batch(self, rows: Sequence[NDArray[Any]]) -> Encoded:
        """Return encodings of the same length as a batch for the decoder."""
        return ctranslate2.StorageView.from_array(np.stack(rows))

    def languages(self, encoded: Encoded) -> list[dict[str, float]]:
        """Return the probability of every language for each window; English alone for an English model."""
        if not self.is_multilingual:
            return [{"en": 1.0}] * encoded.shape[0]
        return [
            {token[2:-2]: probability for token, probability in found} for found in self._model.detect_language(encoded)
        ]

    def generate(self, encoded: Encoded, languages: Sequence[str], decoding: Decoding) -> list[Hypothesis]:
        """Decode windows, each in its language, with timestamps."""
        prompts = [self._prompt(language, decoding) for language in languages]
        longest = min(_CONTEXT_TOKENS, len(prompts[0]) + decoding.max_tokens)
        if decoding.temperature:
            search = {
                "beam_size": 1,
                "num_hypotheses": _SAMPLED_HYPOTHESES,
                "sampling_topk": 0,
                "sampling_temperature": decoding.temperature,
            }
        else:
            search = {"beam_size": decoding.beam_size}
        results = self._model.generate(
            encoded,
            prompts,
            max_length=longest,
            no_repeat_ngram_size=decoding.no_repeat_ngram_size,
            suppress_blank=True,
            suppress_tokens=self._suppressed(languages[0], decoding.task),
            max_initial_timestamp_index=_LATEST_FIRST_TIMESTAMP,
            return_scores=True,
            return_no_speech_prob=True,
            **search,
        )
        return [
            Hypothesis(
                tokens=tuple(result.sequences_ids[0]),
                # CTranslate2's score is the mean over the text's tokens; Whisper's counts the end of text as well.
                avg_logprob=result.scores[0] * (length := len(result.sequences_ids[0])) / (length + 1),
                no_speech_prob=result.no_speech_prob,
                is_cut=len(prompts[0]) + length >= longest,
            )
            for result in results
        ]

    def align(
        self,
        encoded: Encoded,
        tokens: Sequence[Sequence[int]],
        frames: Sequence[int],
        *,
        language: str,
        task: WhisperTask,
    ) -> list[list[Mapping[str, Any]]]:
        """Return, for each window, its words as faster-whisper's `find_alignment` has them, times within the window.

        Args:
            encoded: Encodings, shape (batch, frames / 2, width).
            tokens: The text tokens of each window, without timestamps.
            frames: Frames of each window that are audio, not padding.
            language: In which the texts are.
            task: Of which they came.
        """
        found: list[list[Mapping[str, Any]]] = self.faster_whisper.find_alignment(
            self.tokenizer(language, task), [list(each) for each in tokens], encoded, list(frames)
        )
        return found

    def _prompt(self, language: str, decoding: Decoding) -> list[int]:
        tokenizer = self.tokenizer(language, decoding.task)
        before = [tokenizer.sot_prev, *decoding.prompt] if decoding.prompt else []
        return [*before, *tokenizer.sot_sequence]

    def _suppressed(self, language: str, task: WhisperTask) -> list[int]:
        return list(get_suppressed_tokens(self.tokenizer(language, task), [-1]))
