"""What AssemblyAI's API tells of words: who says them, in what sentences and paragraphs, and where they are."""

from collections.abc import Sequence

import pytest

from api.compat.assemblyai_words import (
    SpokenWord,
    Stretch,
    StretchView,
    matches,
    mean_confidence,
    paragraphs,
    sentences,
    spoken_words,
    utterances,
)
from core.transcript import Word
from tests.transcripts import a_segment, a_transcript


def said(text: str, *, start_ms: int = 0, speaker: str | None = None, channel: str | None = None) -> list[SpokenWord]:
    """Return words of 100 ms each, one after the other."""
    return [
        SpokenWord(f" {word}", start_ms + 100 * number, start_ms + 100 * number + 100, 0.9, speaker, channel)
        for number, word in enumerate(text.split())
    ]


def texts(stretches: Sequence[Stretch]) -> list[str]:
    return [StretchView.of_words(words).text for words in stretches]


def test_words_are_told_in_milliseconds_with_their_speaker() -> None:
    words = [
        Word(word=" Hello", start=1.0004, end=1.5, probability=0.75),
        Word(word=" ", start=1, end=1, probability=1),
    ]
    transcript = a_transcript(
        a_segment(" Hello", words=words).model_copy(update={"speaker": 2}),
        a_segment(" there", 3, 4, [Word(word=" there", start=3, end=4, probability=0.5)], 2, channel=3),
        a_segment(" nobody knows when", 5, 6, None, 3),
    )
    assert spoken_words(transcript) == [
        SpokenWord(" Hello", 1000, 1500, 0.75, "B", None),
        SpokenWord(" there", 3000, 4000, 0.5, "C", "3"),
    ]
    assert mean_confidence(spoken_words(transcript)) == 0.625
    assert mean_confidence([]) == 0


def test_an_utterance_ends_where_another_one_speaks() -> None:
    words = said("Good morning.", speaker="A") + said("Morning. How are", speaker="B") + said("Well.", speaker="A")
    assert texts(utterances(words)) == ["Good morning.", "Morning. How are", "Well."]
    view = StretchView.of_words(utterances(words)[1])
    assert (view.speaker, view.start, view.end, len(view.words), view.confidence) == ("B", 0, 300, 3, 0.9)
    assert utterances([]) == []


def test_a_sentence_ends_with_its_full_stop_or_its_speaker() -> None:
    words = said('He said "go." Then 3.5 men left! Why? And', speaker="A") + said("nobody knows", speaker="B")
    assert texts(sentences(words)) == ['He said "go."', "Then 3.5 men left!", "Why?", "And", "nobody knows"]


def test_a_language_without_spaces_is_joined_without() -> None:
    words = [SpokenWord(part, 0, 1, 1.0, None, None) for part in ("東", "京", "です。", "はい。")]
    assert texts(sentences(words)) == ["東京です。", "はい。"]
    assert matches(words, "東京").indexes == [0]


def test_a_paragraph_is_a_few_sentences_of_one_speaker_without_a_silence() -> None:
    many = said("One. Two. Three. Four. Five. Six.")
    assert texts(paragraphs(many)) == ["One. Two. Three. Four. Five.", "Six."]
    assert texts(paragraphs(said("One.") + said("Two.", start_ms=2_100))) == ["One.", "Two."]
    assert texts(paragraphs(said("One.") + said("Two.", start_ms=2_099))) == ["One. Two."]
    assert texts(paragraphs(said("One.", speaker="A") + said("Two.", speaker="B"))) == ["One.", "Two."]
    long = [word for number in range(4) for word in said("Word.", start_ms=1_900 * number)]
    assert len(paragraphs(long)) == 1
    slow = [SpokenWord(" Long.", 25_000 * number, 25_000 * number + 24_000, 1.0, None, None) for number in range(3)]
    assert texts(paragraphs(slow)) == ["Long. Long.", "Long."]


@pytest.mark.parametrize(
    ("phrase", "indexes"),
    [
        ("fox", [1, 5]),
        ("FOX!", [1, 5]),
        ("the fox", [0, 4]),
        ("fo", []),
        ("ox", []),
        ("fox the", [5]),
        ("don't", [2]),
        ("dont", [2]),
        ("never", []),
        ("!", []),
        ("", []),
    ],
)
def test_words_and_phrases_are_found_whole_whatever_their_case(phrase: str, indexes: list[int]) -> None:
    words = said("The fox don't ... the Fox, the")
    match = matches(words, phrase)
    assert (match.indexes, match.count) == (indexes, len(indexes))
    for (start, end), index in zip(match.timestamps, indexes, strict=True):
        assert start == words[index].start_ms
        assert end >= words[index].end_ms
