"""What AssemblyAI's API tells of a transcript's words: who says them, in what sentences and paragraphs, and where."""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pydantic import BaseModel, Field

from api.transcript_formats import ends_sentence
from core.transcript import Transcript

_MOST_SENTENCES: Final = 5
_LONGEST_PARAGRAPH_MS: Final = 60_000
_PAUSE_MS: Final = 2_000
"""A paragraph ends at so many sentences, after so long, or at a silence of that length."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word, as AssemblyAI counts."""

    joined: str
    """With the white space that parts it from the word before, where its language has any."""
    start_ms: int
    end_ms: int
    confidence: float
    speaker: str | None
    channel: str | None

    @property
    def text(self) -> str:
        """The word alone."""
        return self.joined.strip()

    @property
    def voice(self) -> tuple[str | None, str | None]:
        """Who says it, as far as that is known."""
        return self.speaker, self.channel


Stretch = Sequence[SpokenWord]
"""Words that follow each other, at least one."""


class WordView(BaseModel):
    """A word."""

    text: str = Field(examples=["Americans,"])
    start: int = Field(description="Milliseconds from the start of the audio.", examples=[1250])
    end: int = Field(description="Milliseconds from the start of the audio.", examples=[1840])
    confidence: float = Field(description="The model's probability, 0 to 1.", examples=[0.97])
    speaker: str | None = Field(
        default=None, description="`A`, `B`, … in the order of appearance; null unless speakers are told apart."
    )
    channel: str | None = Field(default=None, description="`1`, `2`, …; null unless channels are transcribed apart.")

    @classmethod
    def of(cls, word: SpokenWord) -> "WordView":
        """Return a word's view."""
        return cls(
            text=word.text,
            start=word.start_ms,
            end=word.end_ms,
            confidence=word.confidence,
            speaker=word.speaker,
            channel=word.channel,
        )


class StretchView(WordView):
    """An utterance, a sentence or a paragraph."""

    text: str = Field(examples=["And so my fellow Americans, ask not what your country can do for you."])
    confidence: float = Field(description="The mean of its words'.", examples=[0.94])
    words: list[WordView]

    @classmethod
    def of_words(cls, words: Stretch) -> "StretchView":
        """Return the view of words that follow each other."""
        return cls(
            text="".join(word.joined for word in words).strip(),
            start=words[0].start_ms,
            end=max(word.end_ms for word in words),
            confidence=mean_confidence(words),
            speaker=words[0].speaker,
            channel=words[0].channel,
            words=[WordView.of(word) for word in words],
        )


class WordMatch(BaseModel):
    """Where a word or phrase is said."""

    text: str = Field(examples=["country"])
    count: int = Field(examples=[2])
    timestamps: list[tuple[int, int]] = Field(description="Start and end of each, in milliseconds.")
    indexes: list[int] = Field(description="Place of each among the transcript's words: that of its first word.")


def spoken_words(transcript: Transcript) -> list[SpokenWord]:
    """Return a transcript's words, as far as it has times of them."""
    return [
        SpokenWord(
            joined=word.word,
            start_ms=round(word.start * 1000),
            end_ms=round(word.end * 1000),
            confidence=round(word.probability, 4),
            speaker=_letter(segment.speaker or segment.channel),
            channel=str(segment.channel) if segment.channel else None,
        )
        for segment in transcript.segments
        for word in segment.words or ()
        if word.word.strip()
    ]


def mean_confidence(words: Sequence[SpokenWord]) -> float:
    """Return the mean confidence of words; 0 if there are none."""
    return round(sum(word.confidence for word in words) / len(words), 4) if words else 0.0


def utterances(words: Sequence[SpokenWord]) -> list[Stretch]:
    """Return what each speaker says before another one does."""
    return list(_divided(words, lambda before, after: before.voice != after.voice))


def sentences(words: Sequence[SpokenWord]) -> list[Stretch]:
    """Return sentences by their full stops; nobody ends another one's."""
    return list(_divided(words, lambda before, after: before.voice != after.voice or ends_sentence(before.text)))


def paragraphs(words: Sequence[SpokenWord]) -> list[Stretch]:
    """Return sentences put together: of one speaker, without a long silence, and few enough to be read at once."""
    found: list[list[Stretch]] = []
    for sentence in sentences(words):
        if found and _continues(found[-1], sentence):
            found[-1].append(sentence)
        else:
            found.append([sentence])
    return [[word for sentence in paragraph for word in sentence] for paragraph in found]


def matches(words: Sequence[SpokenWord], phrase: str) -> WordMatch:
    """Return where a word or phrase is said, whatever its case and punctuation; one that is not said has count 0."""
    wanted = _bare(phrase)
    spelled = [_bare(word.text) for word in words]
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    length = 0
    for index, text in enumerate(spelled):
        if text:
            starts[length] = index
            length += len(text)
            ends[length] = index
    # Whole words only, but what a language writes as one word may be several of the model's.
    found = [
        (starts[at], ends[at + len(wanted)])
        for at in _places("".join(spelled), wanted)
        if at in starts and at + len(wanted) in ends
    ]
    return WordMatch(
        text=phrase,
        count=len(found),
        timestamps=[(words[first].start_ms, words[last].end_ms) for first, last in found],
        indexes=[first for first, _ in found],
    )


def _letter(number: int | None) -> str | None:
    return chr(ord("A") + number - 1) if number else None


def _divided(words: Sequence[SpokenWord], is_end: Callable[[SpokenWord, SpokenWord], bool]) -> Iterator[Stretch]:
    """Divide words between those two that `is_end` says."""
    first = 0
    for index, (before, after) in enumerate(pairwise(words), start=1):
        if is_end(before, after):
            yield words[first:index]
            first = index
    if words:
        yield words[first:]


def _continues(paragraph: Sequence[Stretch], sentence: Stretch) -> bool:
    before = paragraph[-1][-1]
    return (
        before.voice == sentence[0].voice
        and sentence[0].start_ms - before.end_ms < _PAUSE_MS
        and len(paragraph) < _MOST_SENTENCES
        and sentence[-1].end_ms - paragraph[0][0].start_ms <= _LONGEST_PARAGRAPH_MS
    )


def _bare(text: str) -> str:
    """Return the letters of a text, with their marks, and its digits, in small letters."""
    return "".join(character for character in text.casefold() if unicodedata.category(character)[0] in "LMN")


def _places(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)
