"""What is typed into a search is understood, whatever it is; words are the same in every way of writing them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.search.query import Clause, Query
from api.search.words import words_of
from core.errors import InvalidOptions


def words(text: str) -> list[str]:
    return [word.text for word in words_of(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("Café CAFÉ cafe\u0301", ["cafe", "cafe", "cafe"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("ＡＢＣ ﬁn", ["abc", "fin"]),  # noqa: RUF001 - full width, and a ligature
        ("ЁЛКА ёлка", ["елка", "елка"]),
        ("مُحَمَّد محمد", ["محمد", "محمد"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("今日は天気", ["今", "日", "は", "天", "気"]),
        ("서울은 비", ["서울은", "비"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("GPT-4o isn't 3.5", ["gpt", "4o", "isn", "t", "3", "5"]),
        ("snake_case", ["snake", "case"]),
        ("a" * 500, ["a" * 64]),
        ("… — !?", []),
    ],
)
def test_words_are_one_however_they_are_written(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_stand_where_they_say(text: str) -> None:
    ends = 0
    for word in words_of(text):
        assert ends <= word.start < word.end <= len(text)
        assert not any(character.isspace() for character in text[word.start : word.end])
        ends = word.end


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("budget", ["budget"], []),
        ("Budget MEETING budget", ["budget", "meeting"], []),
        ('"next year" budget', ["next year", "budget"], []),
        ('"next year', ["next year"], []),
        ("budg*", ["budg*"], []),
        ('"next ye*"', ["next ye*"], []),
        ('"next ye"*', ["next ye*"], []),
        ("budget -draft", ["budget"], ["draft"]),
        ('budget -"first draft"', ["budget"], ["first draft"]),
        ("well-known", ["well known"], []),
        ("天気", ["天 気"], []),
        ("a AND (b OR c)", ["a", "and", "b", "or", "c"], []),
        ("NEAR(a, b) ^c :d", ["near a", "b", "c", "d"], []),
        ('"" * - budget', ["budget"], []),
    ],
)
def test_what_is_typed_is_understood(text: str, wanted: list[str], unwanted: list[str]) -> None:
    query = Query.parse(text)
    assert [written(clause) for clause in query.wanted] == wanted
    assert [written(clause) for clause in query.unwanted] == unwanted


def written(clause: Clause) -> str:
    return " ".join(clause.words) + ("*" if clause.is_prefix else "")


@pytest.mark.parametrize("text", ["", " ", '"', "*", "-draft", '-"a b" -c', "!?"])
def test_without_a_word_there_is_nothing_to_look_for(text: str) -> None:
    with pytest.raises(InvalidOptions) as refused:
        Query.parse(text)
    assert [problem.option for problem in refused.value.problems] == ["q"]


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("budget", "The budget, the whole BUDGET.", ["budget", "BUDGET"]),
        ('"next year"', "Next year is next, year by year.", ["Next year", "next, year"]),
        ("budg*", "Budgets and a budgie.", ["Budgets", "budgie"]),
        ("cafe", "Un Café.", ["Café"]),
        ("天気", "今日の天気は", ["天気"]),
        ("a b", "a b a", ["a", "b", "a"]),
        ('"a b" "b c"', "a b c", ["a b c"]),
        ("budget year", "The budget.", []),
        ("budget -draft", "The budget, a draft.", []),
    ],
)
def test_what_matches_is_marked(query: str, text: str, marked: list[str]) -> None:
    assert [text[start:end] for start, end in Query.parse(query).marks_in(text)] == marked


@given(st.text(alphabet='ab天é"*- ', max_size=20), st.text(alphabet="aábB天e ", max_size=20))
def test_marks_are_in_order_apart_and_within_the_text(typed: str, text: str) -> None:
    try:
        query = Query.parse(typed)
    except InvalidOptions:
        return
    ends = -1
    for start, end in query.marks_in(text):
        assert ends < start < end <= len(text)
        ends = end
