"""Makes text of chunks: a short window first, and more care where the guard finds fault with what it gave."""

import math
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Final

from core.tracing import FAULT
from core.transcript import Segment, Word
from worker.engine.batcher import Party
from worker.engine.chunking import Chunk
from worker.engine.features import FRAMES_PER_SECOND, FULL_WINDOW_FRAMES, log_mel, padded_window
from worker.engine.guard import Fault, compression_ratio, fault, is_silence, uncovered
from worker.engine.languages import Language
from worker.engine.observer import UNOBSERVED, ChunkFigures, EngineObserver
from worker.engine.requests import Align, Decode, Decoded, Detect, Detected, Window
from worker.engine.spans import Span, spans
from worker.engine.whisper import Decoding, Whisper
from worker.engine.words import words_of_spans

_TOKENS: Final = 32
_TOKENS_PER_SECOND: Final = 30
"""More than anybody speaks, in scripts of several tokens a letter too: a decoder in a loop is stopped there."""


@dataclass(frozen=True, slots=True)
class Care:
    """One way to listen to a window."""

    name: str
    padding_seconds: int
    """Least silence behind the audio."""
    bucket_seconds: int
    """Windows are a multiple of this long, so that some are equally long and share a batch."""
    no_repeat_ngram_size: int = 0


_CARE: Final = (
    Care("short", padding_seconds=2, bucket_seconds=1),
    Care("padded", padding_seconds=8, bucket_seconds=2),
    Care("full", padding_seconds=30, bucket_seconds=30),
    Care("no_repeats", padding_seconds=30, bucket_seconds=30, no_repeat_ngram_size=3),
)
"""From cheap to dear (docs/decisions/0016): what the guard refuses is heard again in the next way.

Whisper raises the temperature instead, which draws lots: the same audio would give other words each time.
"""


@dataclass(frozen=True, slots=True)
class Manner:
    """What a job asks for, the same for all of its chunks."""

    decoding: Decoding
    wants_words: bool
    heeds_speech: bool
    """Whether speech that the VAD found must have text."""


@dataclass(frozen=True, slots=True)
class _Heard:
    """A window's text, as heard in one way."""

    decoded: Decoded
    window: Window
    text: str
    spans: tuple[Span, ...]
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class ChunkText:
    """What is said in a chunk."""

    segments: list[Segment]
    """In order, all with the id 0; none where nothing is said."""
    language: Language


class Listener:
    """Listens to the chunks of one job.

    Args:
        whisper: The model.
        party: The job's place at the batcher.
        manner: What the job asks for.
        observer: Is told of every chunk, and of every text that is refused and heard again.
    """

    def __init__(
        self, whisper: Whisper, party: Party, manner: Manner, *, observer: EngineObserver = UNOBSERVED
    ) -> None:
        self.whisper = whisper
        self.party = party
        self.manner = manner
        self.observer = observer

    def detect(self, window: Window) -> Future[Detected]:
        """Ask which language a window is in."""
        return self.party.submit(Detect(self.whisper, window))

    def begin(self, chunk: Chunk, language: Language | None, window: Window | None = None) -> "Listening":
        """Begin to listen to a chunk, whose window may be there already; without a language, detect it."""
        return Listening(self, chunk, language, window)

    def window(self, chunk: Chunk, care: Care = _CARE[0]) -> Window:
        """Return a chunk as the model takes it."""
        features = log_mel(chunk.samples, self.whisper.mel_filters)
        bucket = care.bucket_seconds * FRAMES_PER_SECOND
        frames = math.ceil((features.shape[1] + care.padding_seconds * FRAMES_PER_SECOND) / bucket) * bucket
        return Window(padded_window(features, min(FULL_WINDOW_FRAMES, frames)))


class Listening:
    """One chunk on its way to its segments."""

    def __init__(
        self,
        listener: Listener,
        chunk: Chunk,
        language: Language | None,
        window: Window | None = None,
        *,
        is_part: bool = False,
    ) -> None:
        self.chunk = chunk
        self._listener = listener
        self._language = language
        self._is_part = is_part
        self._window = window or listener.window(chunk)
        self._text = self._ask(_CARE[0])

    @property
    def is_answered(self) -> bool:
        """Whether there is a first text, so that `text` most likely waits for nothing."""
        return self._text.done()

    def text(self) -> ChunkText:
        """Wait for the text."""
        heard = self._heard()
        is_silent = is_silence(heard.decoded.hypothesis, has_speech=bool(self.chunk.speech))
        segments = [] if is_silent else self._segments_of(heard)
        if segments and self._listener.manner.heeds_speech and not self._is_part:
            # Whisper goes on where its text ends, too; a second look at the rest costs less than a wider one at all.
            at = self.chunk.start_seconds
            for begin, end in uncovered(heard.spans, self.chunk.speech):
                if part := self.chunk.part(at + begin, at + end):
                    listening = Listening(self._listener, part, heard.decoded.language, is_part=True)
                    segments += listening.text().segments
            segments.sort(key=lambda segment: segment.start)
        if not self._is_part:
            self._listener.observer.observe_chunk(ChunkFigures.of(self.chunk, segments))
        return ChunkText(segments, heard.decoded.language)

    def _heard(self) -> _Heard:
        """Return the first text that the guard lets pass; failing that, the one the model believes most."""
        refused: list[_Heard] = []
        for care in _CARE:
            if refused:
                window = self._listener.window(self.chunk, care)
                if window.kind == self._window.kind and not care.no_repeat_ngram_size:
                    continue
                self._listener.observer.observe_fallback(care.name)
                self._window = window
                self._text = self._ask(care)
            heard = self._judged(self._text.result())
            if heard.fault is None:
                return heard
            self._listener.observer.observe_fault(heard.fault)
            self._listener.party.attempt.event("text refused", {FAULT: heard.fault})
            refused.append(heard)
            if heard.fault is Fault.UNLIKELY and len(refused) > 1:
                break  # what is unclear twice is unclear audio, and the ways that are left are the dearest
        sound = [each for each in refused if each.fault is not Fault.REPETITIVE] or refused[-1:]
        return max(sound, key=lambda each: each.decoded.hypothesis.avg_logprob)

    def _ask(self, care: Care) -> Future[Decoded]:
        manner = self._listener.manner
        seconds = self._window.features.shape[1] / FRAMES_PER_SECOND
        decoding = replace(
            manner.decoding,
            # By the window's length, not the chunk's, so that chunks of one bucket share a batch.
            max_tokens=_TOKENS + round(_TOKENS_PER_SECOND * seconds),
            no_repeat_ngram_size=care.no_repeat_ngram_size,
        )
        request = Decode(
            self._listener.whisper, self._window, decoding, self._language, keep_encoding=manner.wants_words
        )
        return self._listener.party.submit(request, first=care is not _CARE[0])

    def _judged(self, decoded: Decoded) -> _Heard:
        manner = self._listener.manner
        tokenizer = self._listener.whisper.tokenizer(decoded.language.code, manner.decoding.task)
        duration = self.chunk.duration_seconds
        found = tuple(
            spans(
                decoded.hypothesis.tokens,
                first_timestamp=tokenizer.timestamp_begin,
                end_of_text=tokenizer.eot,
                duration_seconds=duration,
            )
        )
        text = tokenizer.decode(list(decoded.hypothesis.tokens))
        expected = self.chunk.speech_seconds if manner.heeds_speech else 0.0
        wrong = fault(decoded.hypothesis, text, found, speech_seconds=expected, duration_seconds=duration)
        return _Heard(decoded, self._window, text, found, wrong)

    def _segments_of(self, heard: _Heard) -> list[Segment]:
        hypothesis, language = heard.decoded.hypothesis, heard.decoded.language.code
        manner, chunk = self._listener.manner, self.chunk
        tokenizer = self._listener.whisper.tokenizer(language, manner.decoding.task)
        texts = [
            (span, text)
            for span in heard.spans
            if span.start < chunk.duration_seconds and (text := tokenizer.decode(list(span.tokens))).strip()
        ]
        words = self._words(heard, [span for span, _ in texts]) if manner.wants_words else [None] * len(texts)
        ratio = compression_ratio(heard.text)
        return [
            Segment(
                id=0,
                seek=round(chunk.start_seconds * FRAMES_PER_SECOND),
                start=its_words[0].start if its_words else round(chunk.start_seconds + span.start, 3),
                end=its_words[-1].end
                if its_words
                else round(chunk.start_seconds + min(span.end, chunk.duration_seconds), 3),
                text=text,
                tokens=span.tokens,
                temperature=manner.decoding.temperature,
                avg_logprob=hypothesis.avg_logprob,
                compression_ratio=ratio,
                no_speech_prob=hypothesis.no_speech_prob,
                words=its_words,
                language=language,
            )
            for (span, text), its_words in zip(texts, words, strict=True)
        ]

    def _words(self, heard: _Heard, found: list[Span]) -> list[tuple[Word, ...]]:
        language, task = heard.decoded.language.code, self._listener.manner.decoding.task
        end_of_text = self._listener.whisper.tokenizer(language, task).eot
        alignment = self._listener.party.submit(
            Align(
                self._listener.whisper,
                replace(heard.window, encoding=heard.decoded.encoding),
                tuple(token for span in found for token in span.tokens if token < end_of_text),
                language,
                task,
                frames=round(self.chunk.duration_seconds * FRAMES_PER_SECOND),
            ),
            first=True,
        )
        return words_of_spans(
            alignment.result(),
            found,
            end_of_text=end_of_text,
            offset=self.chunk.start_seconds,
            duration=self.chunk.duration_seconds,
        )
