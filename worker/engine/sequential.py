"""Transcribes a job as faster-whisper does: window by window, each prompted by the text before it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from core.options import TranscriptionOptions
from core.transcript import Segment, Word
from worker.engine.chunking import Chunk
from worker.engine.features import FRAMES_PER_SECOND
from worker.engine.heard import Heard
from worker.engine.languages import NO_SPEECH, Language
from worker.engine.observer import ChunkFigures, EngineObserver
from worker.engine.whisper import PROMPT_TOKENS, Whisper

BLOCK_SECONDS: Final = 300.0
"""Audio that is in memory at once. Blocks are cut where nobody speaks, and prompted by the text before as well."""

_LANGUAGE_WINDOWS: Final = 4
"""Windows of 30 s that are asked for the language, until one is certain."""


def transcribe(
    blocks: Iterable[Chunk],
    whisper: Whisper,
    options: TranscriptionOptions,
    *,
    language: Language | None,
    committed: Mapping[int, Sequence[Segment]],
    observer: EngineObserver,
) -> Iterator[Heard]:
    """Yield every segment as it is found, and where a block ends.

    Args:
        blocks: In order, without those that are done; the first of a channel may begin where earlier text ends.
        whisper: The model.
        options: What the job asks for.
        language: Of all of them; None to have it detected.
        committed: Earlier segments of each channel, which prompt what follows.
        observer: Is told of every block.
    """
    first = list(whisper.prompt(options.initial_prompt, None))
    prompts = {
        channel: first + [token for each in before for token in each.tokens] for channel, before in committed.items()
    }
    for block in blocks:
        prompt = prompts.setdefault(block.channel, list(first))
        found, info = whisper.faster_whisper.transcribe(
            block.samples,
            language=None if options.multilingual or language is None else language.code,
            task=options.whisper_task,
            beam_size=options.beams,
            temperature=options.temperature,
            initial_prompt=prompt[-PROMPT_TOKENS:] or None,
            hotwords=options.hotwords,
            vad_filter=options.vad_filter,
            word_timestamps=options.word_timestamps,
            multilingual=options.multilingual,
            language_detection_segments=_LANGUAGE_WINDOWS,
        )
        if language is None and block.speech:
            language = Language(info.language, info.language_probability)
        of_block: list[Segment] = []
        for segment in found:
            prompt += segment.tokens
            of_whole = _in_time_of(block, segment)
            of_block.append(of_whole)
            yield Heard(block.channel, of_whole.end, (of_whole,), language or NO_SPEECH)
        observer.observe_chunk(ChunkFigures.of(block, of_block))
        yield Heard(block.channel, block.end_seconds, (), language or NO_SPEECH)


def _in_time_of(block: Chunk, segment: Any) -> Segment:  # noqa: ANN401 - faster-whisper ships no types
    def time(within: float) -> float:
        return round(float(within) + block.start_seconds, 3)

    return Segment(
        id=0,
        seek=segment.seek + round(block.start_seconds * FRAMES_PER_SECOND),
        start=time(segment.start),
        end=time(segment.end),
        text=segment.text,
        tokens=tuple(segment.tokens),
        temperature=segment.temperature,
        avg_logprob=segment.avg_logprob,
        compression_ratio=segment.compression_ratio,
        no_speech_prob=segment.no_speech_prob,
        words=None
        if segment.words is None
        else tuple(
            Word(word=word.word, start=time(word.start), end=time(word.end), probability=float(word.probability))
            for word in segment.words
        ),
    )
