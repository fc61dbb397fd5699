"""What a user puts in the place of what was heard: which words that changes, and the transcript that comes of it.

Words are compared without regard to case and to punctuation around them. Where a script sets no spaces, each of its
characters is a word.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from rapidfuzz.distance import Levenshtein

from core.transcript import Segment, Transcript

UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Characters of Thai, Lao, Burmese, Khmer, Japanese and Chinese, as a character class."""
_WORD: Final = re.compile(f"[{UNSPACED}]|[^\\s{UNSPACED}]+")
_AROUND_WORDS: Final = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True, slots=True)
class Correction:
    """The text of a segment as its user wants it."""

    text: str
    """With single spaces, and none around it; empty where nothing is said."""
    edits: int
    """Words substituted, deleted and inserted."""


@dataclass(frozen=True, slots=True)
class Corrections:
    """All that is put in the place of what one transcript says."""

    segments: Mapping[int, Correction] = field(default_factory=dict)
    """By the segment's id; the others are as they were heard."""
    edits: int = 0
    corrected_at: datetime | None = None
    """When something was changed last, in UTC; None: nobody has corrected the transcript."""

    def applied_to(self, transcript: Transcript) -> Transcript:
        """Return the corrected transcript: texts are replaced and times kept; tokens and timed words go."""
        return transcript.model_copy(
            update={"segments": tuple(self._corrected(segment) for segment in transcript.segments)}
        )

    def _corrected(self, segment: Segment) -> Segment:
        if (correction := self.segments.get(segment.id)) is None:
            return segment
        before = segment.text[: len(segment.text) - len(segment.text.lstrip())]
        text = f"{before}{correction.text}" if correction.text else ""
        return segment.model_copy(update={"text": text, "tokens": (), "words": None})


def on_one_line(text: str) -> str:
    """Return a text with single spaces, and none around it."""
    return " ".join(text.split())


def word_count(text: str) -> int:
    """Return how many words a text has."""
    return len(_words(text))


def correction_of(segment: Segment, text: str) -> Correction | None:
    """Return what a segment's new text changes; None if it is what was heard."""
    if on_one_line(text) == on_one_line(segment.text):
        return None
    return Correction(on_one_line(text), Levenshtein.distance(_words(segment.text), _words(text)))


def shared_out(segments: Sequence[Segment], text: str) -> dict[int, str]:
    """Return which part of a whole text each segment has, by its id.

    The text is aligned word by word with what was heard, with as few edits as can be; what was inserted goes to the
    segment of the word before. Without a word that was heard, all of it is the first segment's.
    """
    heard = [(segment.id, word) for segment in segments for word in _words(segment.text)]
    owners = [owner for owner, _ in heard] or [segments[0].id]
    parts = {segment.id: "" for segment in segments}
    starts = [match.start() for match in _WORD.finditer(text)]
    ends = [*starts[1:], len(text)]
    for edit in Levenshtein.opcodes([word for _, word in heard], _words(text)):
        for offset in range(edit.dest_end - edit.dest_start):
            source = edit.src_start - 1 if edit.tag == "insert" else edit.src_start + offset
            number = edit.dest_start + offset
            parts[owners[max(0, source)]] += text[starts[number] : ends[number]]
    return {owner: on_one_line(part) for owner, part in parts.items()}


def _words(text: str) -> list[str]:
    """Return the words as they are compared; what is punctuation alone stands for itself."""
    return [_AROUND_WORDS.sub("", word).casefold() or word for word in _WORD.findall(text)]
