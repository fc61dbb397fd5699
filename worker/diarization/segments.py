"""Gives segments their voices, and parts a segment where the voice changes in it."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import Final

from core.transcript import Segment, Word
from worker.diarization.timeline import Timeline

_REACH_SECONDS: Final = 0.75
"""How far a change of voices is moved to where a speaker is more likely to stop: half a window, as far as it may be
off."""
_LONGEST_WORD_SECONDS: Final = 0.7
"""Whisper's alignment begins a word behind a pause too early, within the pause."""
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
    heard = [timeline.voice(max(word.start, word.end - _LONGEST_WORD_SECONDS), word.end) for word in words]
    voices = _settled(words, heard)
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
    at = sum(_gap(words, change)) / 2

    def distance(place: int) -> float:
        start, end = _gap(words, place)
        return max(0.0, start - at, at - end)

    near = [place for place in range(len(words) + 1) if distance(place) <= _REACH_SECONDS]
    return max(near, key=lambda place: _merit(words, place) - distance(place))


def _gap(words: Sequence[Word], place: int) -> tuple[float, float]:
    """Return from when to when nobody speaks before a word."""
    end = words[place].start if place < len(words) else words[-1].end
    start = words[place - 1].end if place else words[0].start
    return min(start, end), end


def _merit(words: Sequence[Word], place: int) -> float:
    """Return how likely speakers change before a word, in the seconds that a change is moved for it."""
    if place in {0, len(words)}:
        return _REACH_SECONDS
    last = words[place - 1].word.strip()[-1:]
    start, end = _gap(words, place)
    ends = _REACH_SECONDS if last in _SENTENCE_ENDS else _REACH_SECONDS / 2 if last in _CLAUSE_ENDS else 0.0
    return max(end - start, ends)
