"""What the decoder wrote is split at its timestamps, and no word of it is lost."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.engine.spans import Span, spans

END_OF_TEXT = 50_257
FIRST_TIMESTAMP = 50_364
DURATION_SECONDS = 12.0


def at(seconds: float) -> int:
    return FIRST_TIMESTAMP + round(seconds / 0.02)


def split(*tokens: int) -> list[Span]:
    return list(
        spans(tokens, first_timestamp=FIRST_TIMESTAMP, end_of_text=END_OF_TEXT, duration_seconds=DURATION_SECONDS)
    )


def test_text_between_two_timestamps_is_a_span() -> None:
    tokens = (at(0.0), 1, 2, at(3.5), at(4.0), 3, at(6.5))
    assert split(*tokens) == [
        Span(0.0, 3.5, (at(0.0), 1, 2, at(3.5))),
        Span(4.0, 6.5, (at(4.0), 3, at(6.5))),
    ]


def test_text_without_an_end_ends_with_the_audio() -> None:
    assert split(at(2.0), 1, 2) == [Span(2.0, DURATION_SECONDS, (at(2.0), 1, 2))]


def test_text_without_a_start_begins_where_the_text_before_ended() -> None:
    assert split(1, at(2.0), 2, at(5.0)) == [
        Span(0.0, 2.0, (1, at(2.0))),
        Span(2.0, 5.0, (at(2.0), 2, at(5.0))),
    ]


def test_text_without_timestamps_is_one_span_over_the_audio() -> None:
    assert split(1, 2, 3) == [Span(0.0, DURATION_SECONDS, (1, 2, 3))]


def test_text_that_begins_beyond_the_audio_keeps_its_time() -> None:
    assert split(at(13.0), 1) == [Span(13.0, 13.0, (at(13.0), 1))]
    assert split(at(13.0), 1, at(14.0)) == [Span(13.0, 14.0, (at(13.0), 1, at(14.0)))]


def test_no_span_ends_before_it_begins() -> None:
    assert [(span.start, span.end) for span in split(at(5.0), 1, at(3.0))] == [(5.0, 5.0)]


@pytest.mark.parametrize(
    "tokens",
    [(), (at(0.0),), (at(0.0), at(4.0)), (END_OF_TEXT,), (at(0.0), END_OF_TEXT + 1, at(2.0))],
    ids=["nothing", "a start", "a start and an end", "the end of text", "a special token"],
)
def test_no_text_is_no_span(tokens: tuple[int, ...]) -> None:
    assert split(*tokens) == []


def test_of_several_timestamps_before_a_text_the_last_is_its_start() -> None:
    assert split(at(0.0), at(1.0), at(2.0), 7, at(3.0)) == [Span(2.0, 3.0, (at(2.0), 7, at(3.0)))]


def test_timestamps_behind_the_last_text_add_nothing() -> None:
    assert split(at(0.0), 1, at(4.0), at(4.0), at(12.0)) == [Span(0.0, 4.0, (at(0.0), 1, at(4.0)))]


tokens_drawn = st.lists(
    st.one_of(
        st.integers(0, END_OF_TEXT - 1),
        st.integers(END_OF_TEXT, FIRST_TIMESTAMP - 1),
        st.integers(FIRST_TIMESTAMP, FIRST_TIMESTAMP + 1500),
    ),
    max_size=60,
)


@given(tokens_drawn)
def test_every_text_token_is_in_one_span_in_order(tokens: list[int]) -> None:
    found = split(*tokens)
    kept = [token for span in found for token in span.tokens if token < END_OF_TEXT]
    assert kept == [token for token in tokens if token < END_OF_TEXT]
    assert all(any(token < END_OF_TEXT for token in span.tokens) for span in found)
    assert all(span.start <= span.end for span in found)


@given(tokens_drawn)
def test_a_spans_tokens_are_its_text_between_its_own_timestamps(tokens: list[int]) -> None:
    for span in split(*tokens):
        inner = [place for place, token in enumerate(span.tokens) if token < END_OF_TEXT]
        assert len(span.tokens) - inner[-1] <= 2
        assert inner[0] <= 1
        assert inner == list(range(inner[0], inner[-1] + 1))
        if inner[0]:
            assert span.tokens[0] == at(span.start)


@given(st.lists(st.integers(0, 1500), min_size=2, max_size=20).map(sorted))
def test_times_that_do_not_fall_make_spans_that_do_not_overlap(times: list[int]) -> None:
    tokens = [token for number, time in enumerate(times) for token in (FIRST_TIMESTAMP + time, number)]
    found = split(*tokens)
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))
