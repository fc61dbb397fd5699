"""Words of an alignment are the words of the text: each once, in its span, at a time within the window."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.transcript import Word
from worker.engine.spans import Span
from worker.engine.words import words_of_spans

END_OF_TEXT = 1_000
START, END = 2_000, 2_001
"""Timestamps around a span's text."""


def aligned(*words: tuple[str, float, float] | tuple[str, float, float, int]) -> list[dict[str, Any]]:
    """Return an alignment as faster-whisper has it: each word's text, start, end and, if not 1, number of tokens."""
    found = []
    token = 0
    for word, start, end, *count in words:
        length = count[0] if count else 1
        tokens = list(range(token, token + length))
        token += length
        found.append({"word": word, "tokens": tokens, "start": start, "end": end, "probability": 0.9})
    return found


def spans_of(*lengths: int) -> list[Span]:
    """Return spans of so many text tokens each, between timestamps."""
    ends = list(itertools.accumulate(lengths))
    return [Span(0.0, 1.0, (START, *range(end - length, end), END)) for length, end in zip(lengths, ends, strict=True)]


def words_of(
    alignment: list[dict[str, Any]], spans: list[Span], *, offset: float = 0.0, duration: float = 30.0
) -> list[tuple[Word, ...]]:
    return words_of_spans(alignment, spans, end_of_text=END_OF_TEXT, offset=offset, duration=duration)


def texts(found: list[tuple[Word, ...]]) -> list[list[str]]:
    return [[word.word for word in words] for words in found]


def test_each_span_has_its_words() -> None:
    alignment = aligned((" The", 0, 0.2), (" garden", 0.2, 0.6, 2), (" was", 1, 1.2), (" small", 1.2, 1.6))
    assert texts(words_of(alignment, spans_of(3, 2))) == [[" The", " garden"], [" was", " small"]]


def test_times_are_those_of_the_whole_audio() -> None:
    alignment = aligned((" The", 0.02, 0.2), (" garden", 0.2, 0.62))
    ((first, second),) = words_of(alignment, spans_of(2), offset=61.3)
    assert (first.start, first.end) == (61.32, 61.5)
    assert (second.start, second.end) == (61.5, 61.92)
    assert first.probability == 0.9


def test_no_word_leaves_the_window() -> None:
    alignment = aligned((" The", -0.1, 0.2), (" garden", 4.6, 5.3), (" was", 5.2, 5.4))
    ((first, second, third),) = words_of(alignment, spans_of(3), offset=10.0, duration=5.0)
    assert (first.start, second.start, second.end, third.start, third.end) == (10.0, 14.6, 15.0, 15.0, 15.0)


def test_punctuation_is_no_word_of_its_own() -> None:
    alignment = aligned(
        (" He", 0, 0.2),
        (" said", 0.2, 0.5),
        (",", 0.5, 0.6),
        (' "', 0.6, 0.7),
        ("Stop", 0.7, 1),
        ("!", 1, 1),
        ('"', 1, 1),
    )
    assert texts(words_of(alignment, spans_of(7))) == [[" He", " said,", ' "Stop!"']]


def test_a_quotation_mark_at_the_end_of_a_span_shifts_no_later_word() -> None:
    # Given a mark that opens what the next span says: it goes with the word behind it
    alignment = aligned(
        (" He", 0, 0.2),
        (' "', 0.2, 0.3),
        ("Stop", 0.3, 0.6),
        (" it", 0.6, 0.8),
        (" now", 0.8, 1),
        (" He", 1, 1.2),
        (" ran", 1.2, 1.5),
    )
    # Then the third span has its own words and not those of the second
    found = texts(words_of(alignment, spans_of(2, 3, 2)))
    assert list(itertools.chain(*found)) == [" He", ' "Stop', " it", " now", " He", " ran"]
    assert found[1:] == [[" it", " now"], [" He", " ran"]]


def test_a_word_across_two_spans_belongs_to_where_it_begins_and_shifts_no_later_word() -> None:
    alignment = aligned(("今日", 0, 0.4, 3), ("は", 0.4, 0.6), ("雨", 0.6, 0.9), ("です", 0.9, 1.2))
    assert texts(words_of(alignment, spans_of(2, 2, 2))) == [["今日"], ["は"], ["雨", "です"]]


def test_a_span_that_was_not_aligned_has_no_words() -> None:
    assert words_of([], spans_of(2, 1)) == [(), ()]
    assert words_of([], []) == []


@pytest.mark.parametrize("mark", list(".。!！?？"))  # noqa: RUF001 - the punctuation of other scripts is what is meant
def test_a_long_pause_behind_a_sentence_is_not_the_full_stops(mark: str) -> None:
    alignment = aligned((" one", 0, 0.4), (" two", 0.4, 0.8), (mark, 0.8, 5.0), (" three", 5.0, 5.4))
    ((_, two, three),) = words_of(alignment, spans_of(4))
    assert two.word == f" two{mark}"
    assert two.end < 2
    assert three.start == 5.0


def test_a_long_pause_before_a_sentence_is_not_its_first_words() -> None:
    alignment = aligned((" one", 0, 0.4), (" two", 0.4, 0.8), (".", 0.8, 0.9), (" three", 0.9, 5.4))
    ((*_, three),) = words_of(alignment, spans_of(4))
    assert three.end == 5.4
    assert three.start > 4


def test_a_long_word_within_a_sentence_keeps_its_length() -> None:
    alignment = aligned((" one", 0, 0.4), (" twooo", 0.4, 3.0), (" three", 3.0, 3.4))
    ((_, two, _),) = words_of(alignment, spans_of(3))
    assert (two.start, two.end) == (0.4, 3.0)


def test_what_it_was_given_stays_as_it_was() -> None:
    alignment = aligned((" one", 0, 0.4), (".", 0.4, 9.0))
    before = [dict(timing) for timing in alignment]
    words_of(alignment, spans_of(2))
    assert alignment == before


@st.composite
def alignments(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[Span]]:
    words = draw(
        st.lists(
            st.tuples(
                st.sampled_from([" snow", " fell", " all", "雨", "です", ".", ",", "?", ' "', '"', " (", ")", " -"]),
                st.integers(1, 3),
            ),
            min_size=1,
            max_size=20,
        )
    )
    times = sorted(draw(st.lists(st.integers(-20, 1600), min_size=len(words) + 1, max_size=len(words) + 1)))
    alignment = aligned(
        *(
            (word, start / 50, end / 50, count)
            for (word, count), (start, end) in zip(words, itertools.pairwise(times), strict=True)
        )
    )
    tokens = sum(count for _, count in words)
    cuts = sorted(draw(st.sets(st.integers(1, tokens - 1), max_size=4)) if tokens > 1 else set())
    lengths = [end - begin for begin, end in itertools.pairwise([0, *cuts, tokens])]
    return alignment, spans_of(*lengths)


@given(alignments(), st.floats(0, 40_000), st.floats(0.1, 30))
def test_every_word_is_there_once_in_order_and_in_time(
    drawn: tuple[list[dict[str, Any]], list[Span]], offset: float, duration: float
) -> None:
    alignment, spans = drawn
    found = words_of(alignment, spans, offset=offset, duration=duration)
    assert len(found) == len(spans)
    words = list(itertools.chain(*found))
    assert "".join(word.word for word in words) == "".join(timing["word"] for timing in alignment)
    times = [time for word in words for time in (word.start, word.end)]
    assert times == sorted(times)
    assert all(offset - 0.001 <= time <= offset + duration + 0.001 for time in times)


@given(alignments())
def test_every_word_is_in_the_span_of_its_first_token(drawn: tuple[list[dict[str, Any]], list[Span]]) -> None:
    alignment, spans = drawn
    # Words without punctuation, so that none of them is joined with another.
    for timing in alignment:
        timing["word"] = " word"
    homes = [
        next(number for number, span in enumerate(spans) if timing["tokens"][0] in span.tokens) for timing in alignment
    ]
    found = words_of(alignment, spans)
    assert [len(words) for words in found] == [homes.count(number) for number in range(len(spans))]
