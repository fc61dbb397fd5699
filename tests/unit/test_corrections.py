"""What a correction changes: words counted without case and punctuation, a whole text shared out to its segments."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.correction_metrics import correction_metrics
from api.correction_store import CorrectionTotals
from api.corrections import Correction, Corrections, correction_of, shared_out, word_count
from core.transcript import Segment, Transcript, Word
from tests.harness.stores import INFO, segment


def heard(*texts: str) -> list[Segment]:
    return [segment(number).model_copy(update={"text": text}) for number, text in enumerate(texts, start=1)]


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        ("the lamp was lit", 0),
        ("The Lamp, was lit!", 0),
        ("the lamp was not lit", 1),
        ("the lamp lit", 1),
        ("a lamp was hit", 2),
        ("", 4),
    ],
)
def test_words_are_counted_and_not_how_they_are_written(text: str, edits: int) -> None:
    (lamp,) = heard(" the lamp was lit.")
    assert correction_of(lamp, text) == Correction(text, edits)


def test_what_was_heard_is_no_correction() -> None:
    (lamp,) = heard(" The lamp was lit.")
    assert correction_of(lamp, "The  lamp was\nlit.") is None


def test_where_no_spaces_are_set_characters_are_words() -> None:
    assert word_count("今天天气很好") == 6
    assert word_count("iPhone を買った") == 5
    (weather,) = heard("今天天气很好")
    assert correction_of(weather, "今天天气不好") == Correction("今天天气不好", 1)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("the lamp was lit and the ships came home", ["the lamp was lit", "and the ships came home"]),
        ("A lamp was lit, and ships came home.", ["A lamp was lit,", "and ships came home."]),
        ("the lamp was lit at night and the ships came home", ["the lamp was lit at night", "and the ships came home"]),
        ("and the ships came home", ["", "and the ships came home"]),
        ("the lamp was lit", ["the lamp was lit", ""]),
        (
            "in the dark the lamp was lit\nand the\n\nboats came home",
            ["in the dark the lamp was lit", "and the boats came home"],
        ),
        ("", ["", ""]),
    ],
)
def test_a_whole_text_is_shared_out_where_it_was_heard(text: str, parts: list[str]) -> None:
    segments = heard(" the lamp was lit", " and the ships came home")
    assert shared_out(segments, text) == dict(enumerate(parts, start=1))


def test_what_was_heard_nowhere_is_the_first_segments() -> None:
    assert shared_out(heard("", ""), "two words") == {1: "two words", 2: ""}


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=6).map(" ".join), min_size=1, max_size=5),
    st.lists(st.sampled_from(["a", "b", "c", "e"]), max_size=20).map(" ".join),
)
def test_no_word_of_a_whole_text_is_lost_or_moved(texts: list[str], text: str) -> None:
    assert " ".join(part for part in shared_out(heard(*texts), text).values() if part) == text


def test_a_corrected_transcript_keeps_its_times_and_loses_what_is_not_of_its_text() -> None:
    first, second, third = heard(" the lamp", " was lit", " Thanks for watching!")
    first = first.model_copy(update={"words": (Word(word=" the", start=1.0, end=1.2, probability=0.9),)})
    transcript = Transcript(info=INFO, segments=(first, second, third))
    corrections = Corrections(
        {1: Correction("a lamp", 1), 3: Correction("", 3)}, edits=4, corrected_at=datetime.now(UTC)
    )
    corrected = corrections.applied_to(transcript)
    assert corrected.text == "a lamp was lit"
    assert [(each.start, each.end) for each in corrected.segments] == [(1.0, 2.0), (2.0, 3.0), (3.0, 4.0)]
    assert (corrected.segments[0].tokens, corrected.segments[0].words) == ((), None)
    assert corrected.segments[1] == second
    assert Corrections().applied_to(transcript) == transcript


def test_the_rate_is_told_once_somebody_has_corrected_something() -> None:
    def told(totals: CorrectionTotals, results: int) -> dict[str, float]:
        samples = (sample for metric in correction_metrics(totals, results=results) for sample in metric.samples)
        return {sample.name: sample.value for sample in samples}

    before = told(CorrectionTotals(), 7)
    assert before["transcription_results_total"] == 7
    assert "transcription_human_correction_rate" not in before
    assert told(CorrectionTotals(submissions=3, jobs=2, edits=5, words=40), 8) == {
        "transcription_corrections_total": 3,
        "transcription_corrected_jobs_total": 2,
        "transcription_results_total": 8,
        "transcription_human_correction_rate": 0.125,
    }
