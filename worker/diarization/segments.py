"""Gives segments their voices, and parts a segment where the voice changes in it."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import Final

from core.transcript import Segment, Word
from worker.diarization.timeline import Timeline

_REACH_SECONDS: Final = 0.75
"""How far a change of voices is moved to where a speaker is more likely to stop: half a window, as far as it may be
off."""
_SENTENCE_ENDS: Final = frozenset(".?!…。？！؟।")  # noqa: RUF001 - the punctuation of other scripts is what is meant
_CLAUSE_ENDS: Final = frozenset(",;:、，；：،؛")  # noqa: RUF001


def parted(segment: Segment, timeline: Timeline) -> list[tuple[Segment, int | None]]:
    """Return a segment in parts of one voice each, with that voice; None where nobody's is known.

    Without words, or with words that don't spell its text, it stays whole. The first part has all tokens: which of them
    are whose, words don't tell.
    """
    words = segment.words or ()
    if "".join(word.word for word in words).strip() != segment.text.strip():
        return [(segment, timeline.voice(segment.start, segment.end))]
    voices = _settled(words, [timeline.voice(word.start, word.end) for word in words])
    found: list[tuple[Segment, int | None]] = []
    for voice, run in groupby(zip(voices, words, strict=True), key=lambda both: both[0]):
        its_words = tuple(word for _, word in run)
        found.append((_part(segment, its_words), voice))
    if len(found) == 1:
        return [(segment, found[0][1])]
    return [
        (part.model_copy(update={"tokens": segment.tokens if number == 0 else ()}), voice)
        for number, (part, voice) in enumerate(found)
    ]


def _part(segment: Segment, words: tuple[Word, ...]) -> Segment:
    return segment.model_copy(
        update={
            "start": words[0].start,
            "end": words[-1].end,
            "text": "".join(word.word for word in words),
            "words": words,
        }
    )


def _settled(words: Sequence[Word], voices: Sequence[int | None]) -> list[int | None]:
    """Return the words' voices with every change moved to the likeliest place within reach.

    Where two changes meet, the few words between them are nobody's turn.
    """
    places = [0]
    runs = [(voice, len(list(run))) for voice, run in groupby(voices)]
    for _, length in runs:
        places.append(places[-1] + length)
    moved = [0, *(_likeliest(words, place) for place in places[1:-1]), len(words)]
    settled: list[int | None] = []
    for (voice, _), (start, end) in zip(runs, pairwise(moved), strict=True):
        settled += [voice] * (max(end, len(settled)) - max(start, len(settled)))
    return settled


def _likeliest(words: Sequence[Word], change: int) -> int:
    """Return before which word, near one, a speaker most likely begins; the number of words stands for behind all."""
    at = _gap(words, change)
    return max(_within_reach(words, change), key=lambda place: _merit(words, place) - abs(_gap(words, place) - at))


def _within_reach(words: Sequence[Word], change: int) -> Iterator[int]:
    at = _gap(words, change)
    return (place for place in range(len(words) + 1) if abs(_gap(words, place) - at) <= _REACH_SECONDS)


def _gap(words: Sequence[Word], place: int) -> float:
    """Return the middle of the gap before a word."""
    if place == 0:
        return words[0].start
    if place == len(words):
        return words[-1].end
    return (words[place - 1].end + words[place].start) / 2


def _merit(words: Sequence[Word], place: int) -> float:
    """Return how likely speakers change before a word, in the seconds that a change is moved for it."""
    if place in {0, len(words)}:
        return _REACH_SECONDS
    last = words[place - 1].word.strip()[-1:]
    pause = words[place].start - words[place - 1].end
    ends = _REACH_SECONDS if last in _SENTENCE_ENDS else _REACH_SECONDS / 2 if last in _CLAUSE_ENDS else 0.0
    return max(pause, ends)
