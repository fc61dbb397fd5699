"""faster-whisper's model, made to give the same words for the same audio every time."""

from dataclasses import replace
from typing import Any, TypeAlias

from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import TranscriptionOptions

Encoded: TypeAlias = Any


class SteadyWhisperModel(WhisperModel):  # type: ignore[misc]  # faster-whisper ships no types
    """Where a window's text fails its checks, it is decoded without the text before, then so that it can't repeat.

    faster-whisper would raise the temperature instead. That draws lots, from a generator that all jobs of a process
    share, so that nobody could be told the same words twice.
    """

    def generate_with_fallback(
        self,
        encoder_output: Encoded,
        prompt: list[int],
        tokenizer: Tokenizer,
        options: TranscriptionOptions,
    ) -> tuple[Any, float, float, float]:
        """Return result, average log probability, temperature and compression ratio of a window."""
        unprompted = prompt[prompt.index(tokenizer.sot) :]
        ways = [(prompt, options)]
        if not options.temperatures[0]:
            ways += [(unprompted, options), (unprompted, replace(options, no_repeat_ngram_size=3))]
        refused = []
        for tokens, way in ways:
            found: tuple[Any, float, float, float] = super().generate_with_fallback(
                encoder_output, tokens, tokenizer, way
            )
            result, avg_logprob, _, ratio = found
            is_unlikely = avg_logprob < options.log_prob_threshold
            is_silence = is_unlikely and result.no_speech_prob > options.no_speech_threshold
            is_repetitive = ratio > options.compression_ratio_threshold
            if is_silence or not (is_unlikely or is_repetitive):
                return found
            refused.append((not is_repetitive, avg_logprob, found))
        return max(refused, key=lambda each: each[:2])[2]
