"""Segments get the voice that is heard in them, and are parted where it changes."""

import pytest

from core.transcript import Segment, Word
from worker.diarization.segments import parted
from worker.diarization.timeline import Timeline, Turn


def spoken(text: str, *times: tuple[float, float]) -> Segment:
    """Return a segment whose words, parted by spaces, have these times."""
    words = tuple(
        Word(word=f" {word}", start=start, end=end, probability=0.9)
        for word, (start, end) in zip(text.split(), times, strict=True)
    )
    return Segment(
        id=1,
        seek=0,
        start=times[0][0],
        end=times[-1][1],
        text=f" {text}",
        tokens=(1, 2, 3),
        temperature=0.0,
        avg_logprob=-0.2,
        compression_ratio=1.0,
        no_speech_prob=0.0,
        words=words,
    )


def evenly(text: str, *, seconds: float = 0.5) -> Segment:
    return spoken(text, *((seconds * at, seconds * (at + 1)) for at in range(len(text.split()))))


def timeline(*turns: tuple[float, float, int]) -> Timeline:
    return Timeline([Turn(*turn) for turn in turns])


def told(segment: Segment, turns: Timeline) -> list[tuple[str, int | None]]:
    return [(part.text, voice) for part, voice in parted(segment, turns)]


def test_a_segment_of_one_voice_stays_as_it_is() -> None:
    segment = evenly("so that is that")
    assert parted(segment, timeline((0, 5, 7))) == [(segment, 7)]


def test_a_segment_is_parted_where_the_voice_changes() -> None:
    segment = evenly("are you there yes I am here now")
    before, after = parted(segment, timeline((0, 1.5, 1), (1.5, 4, 2)))
    assert (before[0].text, before[1], after[0].text, after[1]) == (" are you there", 1, " yes I am here now", 2)
    assert (before[0].start, before[0].end, after[0].start, after[0].end) == (0, 1.5, 1.5, 4)
    assert (before[0].words or ()) + (after[0].words or ()) == segment.words
    assert (before[0].tokens, after[0].tokens) == ((1, 2, 3), ())


@pytest.mark.parametrize("change", [1.1, 1.5, 1.9])
def test_a_change_is_moved_to_the_end_of_a_sentence_nearby(change: float) -> None:
    segment = evenly("are you there? yes I am here now")
    assert told(segment, timeline((0, change, 1), (change, 4, 2))) == [
        (" are you there?", 1),
        (" yes I am here now", 2),
    ]


def test_a_change_is_moved_to_a_pause_nearby() -> None:
    segment = spoken("one two three four five", (0, 0.4), (0.4, 0.8), (0.8, 1.2), (1.9, 2.3), (2.3, 4))
    assert told(segment, timeline((0, 0.9, 1), (0.9, 4, 2))) == [(" one two three", 1), (" four five", 2)]


def test_a_change_at_the_edge_of_a_segment_parts_nothing() -> None:
    segment = evenly("that is what I think of it")
    assert told(segment, timeline((0, 3.1, 1), (3.1, 4, 2))) == [(" that is what I think of it", 1)]


def test_a_short_interjection_between_two_changes_is_not_lost() -> None:
    segment = evenly("we went home. really? yes by train and then we slept")
    assert told(segment, timeline((0, 1.5, 1), (1.5, 2, 2), (2, 6, 1))) == [
        (" we went home.", 1),
        (" really?", 2),
        (" yes by train and then we slept", 1),
    ]


def test_a_word_that_begins_in_a_pause_belongs_to_who_ends_it() -> None:
    segment = spoken("it will be seen by all", (8.7, 10.7), (10.7, 11), (11, 11.2), (11.2, 11.5), (11.5, 12), (12, 13))
    assert told(segment, timeline((0, 10.2, 1), (10.4, 14, 2))) == [(" it will be seen by all", 2)]


def test_words_that_do_not_spell_the_text_part_nothing() -> None:
    segment = evenly("are you there yes").model_copy(update={"text": " [PHONE] yes"})
    assert parted(segment, timeline((0, 0.4, 1), (0.4, 4, 2))) == [(segment, 2)]
    silent = segment.model_copy(update={"words": None})
    assert parted(silent, timeline((0, 0.4, 1), (0.4, 4, 2))) == [(silent, 2)]


def test_text_where_nobody_is_heard_has_the_voice_nearest_to_it() -> None:
    segment = evenly("are you there")
    assert told(segment, timeline((3, 4, 1), (9, 10, 2))) == [(" are you there", 1)]
    assert told(segment, timeline()) == [(" are you there", None)]
