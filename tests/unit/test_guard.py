"""What was made up, lost or stuck is told from what was heard, on each side of every threshold."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.engine.guard import Fault, compression_ratio, fault, is_silence, uncovered
from worker.engine.spans import Span
from worker.engine.whisper import Hypothesis

TEXT = " The garden behind the house was small, but in spring it was full of yellow flowers."
LOOP = " I'm sorry." * 30
SPANS = (Span(0.0, 4.0, (1, 2, 3)),)


def a_hypothesis(*, avg_logprob: float = -0.3, no_speech_prob: float = 0.0, is_cut: bool = False) -> Hypothesis:
    return Hypothesis(tokens=(1, 2, 3), avg_logprob=avg_logprob, no_speech_prob=no_speech_prob, is_cut=is_cut)


def fault_of(
    hypothesis: Hypothesis,
    text: str = TEXT,
    spans: tuple[Span, ...] = SPANS,
    *,
    speech_seconds: float = 4.0,
    duration_seconds: float = 5.0,
) -> Fault | None:
    return fault(hypothesis, text, spans, speech_seconds=speech_seconds, duration_seconds=duration_seconds)


def test_sound_text_passes() -> None:
    assert fault_of(a_hypothesis()) is None


# Loops


def test_a_loop_is_repetitive() -> None:
    assert compression_ratio(LOOP) > 2.4
    assert fault_of(a_hypothesis(), LOOP) is Fault.REPETITIVE


def test_the_bound_of_repetition_is_whispers() -> None:
    # Given texts that repeat a little more from one to the next
    texts = [TEXT + " spring" * count for count in range(40)]
    ratios = [compression_ratio(text) for text in texts]
    assert min(ratios) < 2.4 < max(ratios)
    # Then each is judged by its own ratio
    for text, ratio in zip(texts, ratios, strict=True):
        assert (fault_of(a_hypothesis(), text) is Fault.REPETITIVE) == (ratio > 2.4)


def test_text_that_does_not_end_is_repetitive() -> None:
    assert fault_of(a_hypothesis(is_cut=True)) is Fault.REPETITIVE


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_no_text_has_no_compression_ratio(text: str) -> None:
    assert compression_ratio(text) == 0.0


def test_the_compression_ratio_counts_bytes_and_no_white_space_around() -> None:
    assert compression_ratio(f"  {TEXT}\n") == compression_ratio(TEXT.strip())
    assert compression_ratio("ご視聴ありがとうございました" * 20) > compression_ratio("ご視聴ありがとうございました")


def test_what_can_not_be_compressed_has_a_ratio_below_one() -> None:
    letters = random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=12)
    assert 0 < compression_ratio("".join(letters)) < 1


# Likelihood and silence


@pytest.mark.parametrize(("avg_logprob", "expected"), [(-1.01, Fault.UNLIKELY), (-1.0, None), (-0.99, None)], ids=str)
def test_text_is_unlikely_below_minus_one(avg_logprob: float, expected: Fault | None) -> None:
    assert fault_of(a_hypothesis(avg_logprob=avg_logprob)) is expected


@pytest.mark.parametrize("no_speech_prob", [0.0, 0.6, 0.61, 1.0])
@pytest.mark.parametrize("avg_logprob", [-2.0, -1.01, -1.0, -0.3])
def test_silence_is_no_speech_that_is_likelier_than_an_unlikely_text(avg_logprob: float, no_speech_prob: float) -> None:
    hypothesis = a_hypothesis(avg_logprob=avg_logprob, no_speech_prob=no_speech_prob)
    assert is_silence(hypothesis) == (no_speech_prob > 0.6 and avg_logprob < -1.0)


def test_silence_has_no_fault_however_odd_its_text() -> None:
    silent = a_hypothesis(avg_logprob=-1.5, no_speech_prob=0.9, is_cut=True)
    assert fault_of(silent, LOOP, (Span(9.0, 10.0, (1,)),)) is None
    assert fault_of(silent, "", ()) is None


def test_likely_text_is_heeded_though_no_speech_is_likely_too() -> None:
    assert fault_of(a_hypothesis(no_speech_prob=0.99), LOOP) is Fault.REPETITIVE
    assert fault_of(a_hypothesis(no_speech_prob=0.99)) is None


# The end of the audio


@pytest.mark.parametrize(("start", "expected"), [(5.0, None), (5.5, None), (5.52, Fault.BEYOND)], ids=str)
def test_text_may_begin_half_a_second_behind_the_audio_and_no_later(start: float, expected: Fault | None) -> None:
    assert fault_of(a_hypothesis(), spans=(*SPANS, Span(start, 8.0, (4,)))) is expected


def test_text_may_end_far_behind_the_audio() -> None:
    assert fault_of(a_hypothesis(), spans=(Span(0.0, 30.0, (1,)),)) is None


# No text


@pytest.mark.parametrize(("speech_seconds", "expected"), [(0.0, None), (1.0, None), (1.01, Fault.EMPTY)], ids=str)
def test_more_than_a_second_of_speech_must_have_text(speech_seconds: float, expected: Fault | None) -> None:
    assert fault_of(a_hypothesis(), "", (), speech_seconds=speech_seconds) is expected


def test_the_first_of_several_faults_is_the_one_that_is_told() -> None:
    everything = a_hypothesis(is_cut=True, avg_logprob=-3.0)
    beyond = (Span(20.0, 21.0, (1,)),)
    assert fault_of(everything, LOOP, beyond) is Fault.REPETITIVE
    assert fault_of(a_hypothesis(avg_logprob=-3.0), TEXT, beyond) is Fault.UNLIKELY
    assert fault_of(a_hypothesis(), TEXT, beyond) is Fault.BEYOND


# Speech without text


def test_speech_before_between_and_behind_the_spans_is_uncovered() -> None:
    spans = [Span(2.0, 4.0, (1,)), Span(6.0, 7.0, (2,))]
    assert uncovered(spans, [(0.0, 10.0)]) == [(0.0, 2.0), (4.0, 6.0), (7.0, 10.0)]


def test_a_second_of_speech_may_go_without_text() -> None:
    spans = [Span(1.0, 3.0, (1,))]
    assert uncovered(spans, [(0.0, 4.0)]) == []
    assert uncovered(spans, [(0.0, 4.1)]) == [(3.0, 4.1)]
    assert uncovered([], [(0.0, 1.0), (2.0, 3.01)]) == [(2.0, 3.01)]


def test_pauses_are_never_uncovered() -> None:
    assert uncovered([Span(0.0, 1.0, (1,)), Span(9.0, 10.0, (2,))], [(0.0, 1.0), (9.0, 10.0)]) == []


CELL_SECONDS = 0.25
"""Exact in binary, so that sums are."""


def in_pairs(edges: set[int]) -> list[tuple[float, float]]:
    """Return stretches apart from one another, in seconds."""
    at = [edge * CELL_SECONDS for edge in sorted(edges)]
    return list(zip(at[::2], at[1::2], strict=False))


def cells(stretches: list[tuple[float, float]]) -> set[float]:
    """Return where the cells begin that stretches are made of."""
    return {at * CELL_SECONDS for at in range(120) for begin, end in stretches if begin <= at * CELL_SECONDS < end}


@given(
    speech=st.sets(st.integers(0, 100), max_size=16).map(in_pairs),
    written=st.sets(st.integers(0, 110), max_size=16).map(in_pairs),
)
def test_speech_is_covered_or_uncovered_or_too_short_to_matter(
    speech: list[tuple[float, float]], written: list[tuple[float, float]]
) -> None:
    spans = [Span(begin, end, (1,)) for begin, end in written]
    found = uncovered(spans, speech)
    # What is uncovered is speech without text, longer than a second, in order.
    assert cells(found) <= cells(speech) - cells(written)
    assert all(end - begin > 1.0 for begin, end in found)
    assert found == sorted(found)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(found))
    # What is left has text, or is a second or less within a stretch of speech.
    for begin, end in speech:
        bare = sorted(cells([(begin, end)]) - cells(written) - cells(found))
        run = 0
        for at, cell in enumerate(bare):
            run = run + 1 if at and cell - bare[at - 1] == CELL_SECONDS else 1
            assert run * CELL_SECONDS <= 1.0
