"""A transcript's downloads say what the transcript says, in files other programs read the same way."""

import html
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pysubs2
import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from api.transcript_formats import (
    Cue,
    PlainTranscript,
    ResultFormat,
    SubtitleLayout,
    VerboseTranscript,
    plain_json,
    render,
    subtitle_cues,
    to_srt,
    to_text,
    to_tsv,
    to_vtt,
    verbose_json,
)
from core.transcript import Segment, Word
from tests.transcripts import a_segment, a_transcript

LAYOUT = SubtitleLayout()
FRAME_MS = 40

SPEECH = (
    " It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of"
    " foolishness, it was the epoch of belief, it was the epoch of incredulity."
)
JAPANESE = (
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
    "何でも薄暗いじめじめした所でニャーニャー泣いていた事だけは記憶している。"
)
THAI = "ประเทศไทยมีชื่ออย่างเป็นทางการว่าราชอาณาจักรไทยเป็นรัฐชาติอันตั้งอยู่ในเอเชียตะวันออกเฉียงใต้น้ำ"
AWKWARD = " a --> b,\t<b>bold</b> & brave\n\nnext --- --->> line"


def spoken(*timed: tuple[str, float, float]) -> list[Word]:
    return [Word(word=word, start=start, end=end, probability=0.9) for word, start, end in timed]


def evenly_spoken(text: str, seconds_per_word: float = 0.25, start: float = 0.0) -> list[Word]:
    return spoken(
        *(
            (f" {word}", start + number * seconds_per_word, start + (number + 1) * seconds_per_word)
            for number, word in enumerate(text.split())
        )
    )


def lines_of(cues: Iterable[Cue]) -> list[tuple[str, ...]]:
    return [cue.lines for cue in cues]


def times_of(cues: Iterable[Cue]) -> list[tuple[int, int]]:
    return [(cue.start_ms, cue.end_ms) for cue in cues]


def without_space(text: str) -> str:
    return "".join(text.split())


def shown(cues: Iterable[Cue]) -> str:
    return without_space("".join(line for cue in cues for line in cue.lines))


def said(segments: Iterable[Segment]) -> str:
    return without_space("".join(segment.text for segment in segments))


def columns(text: str) -> int:
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me", "Cf") else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


# How subtitles are divided


def test_a_segment_that_fits_stays_one_cue() -> None:
    # Given a segment of two lines' length, and one of a single line
    segments = [a_segment(" " + "word " * 16, 0.0, 6.5), a_segment(" Short.", 7.0, 8.25)]
    # When it is laid out
    cues = subtitle_cues(segments, LAYOUT)
    # Then each is one cue with the segment's own times
    assert times_of(cues) == [(0, 6500), (7000, 8250)]
    assert lines_of(cues) == [(("word " * 8).strip(), ("word " * 8).strip()), ("Short.",)]


def test_a_long_sentence_is_divided_evenly_and_after_punctuation() -> None:
    # Given a sentence of five lines' length
    # When it is laid out
    cues = subtitle_cues([a_segment(SPEECH, 0.0, 12.0)], LAYOUT)
    # Then the cues end at clauses, and no line is left ragged
    assert lines_of(cues) == [
        ("It was the best of times,", "it was the worst of times,"),
        ("it was the age of wisdom,", "it was the age of foolishness,"),
        ("it was the epoch of belief,", "it was the epoch of incredulity."),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ("We were all there on Monday.", "Nobody else came to the party."),
        ('He told us, "It is Monday."', "Nobody else believed a word of it."),
        ("We were all there again,", "yet nobody else came to the party."),
        ("We were all there again —", "yet nobody else came to the party."),
        ("We were all there (again,", "if you like) and none came to the party."),
    ],
)
def test_a_line_ends_at_punctuation_rather_than_in_the_very_middle(lines: tuple[str, str]) -> None:
    assert lines_of(subtitle_cues([a_segment(" ".join(lines))], LAYOUT)) == [lines]


def test_a_short_word_is_not_left_alone_even_after_a_full_stop() -> None:
    text = " Yes. I never said that she took it from there."
    assert lines_of(subtitle_cues([a_segment(text)], LAYOUT)) == [("Yes. I never said that", "she took it from there.")]


def test_japanese_is_divided_between_characters_and_kept_at_punctuation() -> None:
    # Given Japanese of four lines, two columns a character
    # When it is laid out
    cues = subtitle_cues([a_segment(JAPANESE, 0.0, 12.0)], LAYOUT)
    # Then lines end after full stops where they can, and none starts with a mark that belongs to the one before
    assert lines_of(cues) == [
        ("吾輩は猫である。名前はまだ無い。", "どこで生れたかとんと見当がつかぬ。"),
        ("何でも薄暗いじめじめした所でニャー", "ニャー泣いていた事だけは記憶している。"),
    ]


def test_a_latin_word_within_japanese_stays_whole() -> None:
    # Given Japanese of 46 columns with a name in the very middle
    text = "猫" * 10 + "OpenAI" + "犬" * 10
    # When it is laid out, then the line breaks beside the name
    assert lines_of(subtitle_cues([a_segment(text)], LAYOUT)) == [("猫" * 10, "OpenAI" + "犬" * 10)]


def test_an_opening_bracket_stays_with_what_it_opens() -> None:
    # Given Japanese of 46 columns with a bracket just before the middle
    text = "猫" * 10 + "「" + "犬" * 11 + "」"
    # When it is laid out, then the line does not break behind the bracket
    assert lines_of(subtitle_cues([a_segment(text)], LAYOUT)) == [("猫" * 10 + "「犬", "犬" * 10 + "」")]


def test_korean_words_stay_whole() -> None:
    text = "그는 대한민국의 수도 서울에서 태어났으며 어린 시절을 부산에서 보낸 뒤 다시 서울로 돌아와 대학교를 다녔다"
    cues = subtitle_cues([a_segment(text)], SubtitleLayout(max_line_length=11, max_lines=1))
    assert [word for cue in cues for line in cue.lines for word in line.split()] == text.split()


@pytest.mark.parametrize(
    "text",
    [
        THAI,
        "e\u0301" * 100,
        "न" + "क\u093f" * 60,
        "\u1112\u1161\u11ab" * 40,
        "\U0001f44d\U0001f3fd" * 40,
        "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 20,
    ],
    ids=["thai", "combining acute", "devanagari vowel", "decomposed hangul", "skin tones", "emoji family"],
)
@pytest.mark.parametrize("max_line_length", [11, 13, 21, 42])
def test_a_character_of_several_code_points_is_never_torn(text: str, max_line_length: int) -> None:
    # Given text without spaces, longer than a line
    # When it is laid out
    cues = subtitle_cues([a_segment(text)], SubtitleLayout(max_line_length))
    lines = [line for cue in cues for line in cue.lines]
    # Then no line starts with something that belongs to the character before
    assert len(lines) > 1
    for line in lines:
        assert not unicodedata.category(line[0]).startswith("M")
        assert line[0] not in "\u0e33\u1161\u11ab\u200d\U0001f3fd"
        assert line[-1] != "\u200d"


def test_marks_above_and_below_take_no_room() -> None:
    text = "n\u0303" * 42
    assert lines_of(subtitle_cues([a_segment(text)], LAYOUT)) == [(text,)]


@pytest.mark.parametrize("address", ["https://example.org/" + "abcdefghij" * 5, "абвгдежзик" * 7])
def test_a_word_longer_than_a_line_is_divided_from_its_neighbours_first(address: str) -> None:
    # Given a word of two lines between others
    text = f" Go to {address} now, please, everyone here."
    # When it is laid out in three lines
    [cue] = subtitle_cues([a_segment(text)], SubtitleLayout(max_lines=3))
    # Then the second ends with the word, though a break within the word were more even
    assert [line.endswith(address[-5:]) for line in cue.lines] == [False, True, False]


def test_a_word_longer_than_a_line_is_divided_and_loses_nothing() -> None:
    address = "https://example.org/" + "abcdefghij" * 9
    cues = subtitle_cues([a_segment(f" See {address} for more.")], LAYOUT)
    assert shown(cues) == without_space(f"See {address} for more.")
    assert max(len(line) for cue in cues for line in cue.lines) <= 42


def test_narrower_layouts_are_kept() -> None:
    cues = subtitle_cues([a_segment(" one two three four")], SubtitleLayout(max_line_length=5, max_lines=1))
    assert lines_of(cues) == [("one",), ("two",), ("three",), ("four",)]


def test_three_lines_are_used_where_allowed() -> None:
    cues = subtitle_cues([a_segment(" aaa bbb ccc")], SubtitleLayout(max_line_length=4, max_lines=3))
    assert lines_of(cues) == [("aaa", "bbb", "ccc")]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000"])
def test_a_segment_without_text_yields_no_cue(text: str) -> None:
    assert subtitle_cues([a_segment(text), a_segment(" Yes.")], LAYOUT) == [Cue(0, 3000, ("Yes.",))]


@pytest.mark.parametrize(
    "bounds",
    [
        {"max_line_length": 0},
        {"max_lines": 0},
        {"max_cue_seconds": 0.0},
        {"max_cue_seconds": -1.0},
        {"max_cue_seconds": float("nan")},
        {"max_cue_seconds": float("inf")},
    ],
)
def test_a_layout_that_can_hold_nothing_is_refused(bounds: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="A subtitle needs at least"):
        SubtitleLayout(**bounds)


# When subtitles are shown


def test_cues_are_timed_by_their_words() -> None:
    # Given a segment whose words come late and unevenly
    words = spoken((" one", 2.0, 2.5), (" two", 2.5, 3.25), (" three", 5.0, 5.123), (" four", 5.5, 6.0))
    segment = a_segment(" one two three four", 0.0, 9.0, words)
    # When it takes two cues
    cues = subtitle_cues([segment], SubtitleLayout(max_line_length=10, max_lines=1))
    # Then each starts with its first word and ends with its last
    assert cues == [Cue(2000, 3250, ("one two",)), Cue(5000, 6000, ("three four",))]


def test_without_words_time_passes_evenly_over_the_characters() -> None:
    # Given ten characters in ten seconds, six of them in the first cue
    segment = a_segment(" abc def ghij", 100.0, 110.0)
    # When it takes two cues
    cues = subtitle_cues([segment], SubtitleLayout(max_line_length=7, max_lines=1))
    # Then the second starts after six seconds
    assert cues == [Cue(100_000, 106_000, ("abc def",)), Cue(106_000, 110_000, ("ghij",))]


def test_words_that_do_not_spell_the_text_are_not_trusted_with_its_time() -> None:
    layout = SubtitleLayout(max_line_length=7, max_lines=1)
    astray = spoken((" abc", 0.0, 0.1), (" xyz", 0.1, 0.2))
    cues = subtitle_cues([a_segment(" abc def ghij", 100.0, 110.0, astray)], layout)
    assert cues == subtitle_cues([a_segment(" abc def ghij", 100.0, 110.0)], layout)


def test_a_pause_between_words_divides_a_segment_that_lasts_too_long() -> None:
    # Given eight seconds of speech, five of them silent, on one line
    words = spoken(
        (" Well", 0.0, 0.5), (" now", 0.5, 1.0), (" we", 6.0, 6.5), (" shall", 6.5, 7.25), (" see", 7.25, 8.0)
    )
    # When it is laid out
    cues = subtitle_cues([a_segment(" Well now we shall see", 0.0, 8.0, words)], LAYOUT)
    # Then the cues leave the silence free
    assert cues == [Cue(0, 1000, ("Well now",)), Cue(6000, 8000, ("we shall see",))]


def test_a_short_text_over_a_long_stretch_is_shown_once_from_its_start() -> None:
    assert subtitle_cues([a_segment(" Thank you.", 10.0, 40.0)], LAYOUT) == [Cue(10_000, 17_000, ("Thank you.",))]


def test_two_lines_that_last_too_long_become_two_cues() -> None:
    text = " Thank you very much for watching, and see you in the next one."
    assert subtitle_cues([a_segment(text, 0.0, 10.0)], LAYOUT) == [
        Cue(0, 5600, ("Thank you very much for watching,",)),
        Cue(5600, 10_000, ("and see you in the next one.",)),
    ]


@pytest.mark.parametrize("end", [5.0, 5.0001, 4.0])
def test_a_segment_without_length_is_shown_for_a_frame(end: float) -> None:
    assert times_of(subtitle_cues([a_segment(start=5.0, end=end)], LAYOUT)) == [(5000, 5000 + FRAME_MS)]


def test_segments_at_one_time_are_shown_in_turn() -> None:
    segments = [a_segment(f" {name}", 5.0, 5.0) for name in "abc"]
    assert times_of(subtitle_cues(segments, LAYOUT)) == [(5000, 5040), (5040, 5080), (5080, 5120)]


def test_a_cue_ends_where_the_next_begins() -> None:
    segments = [a_segment(" a", 0.0, 3.0), a_segment(" b", 2.5, 5.0)]
    assert times_of(subtitle_cues(segments, LAYOUT)) == [(0, 2500), (2500, 5000)]


def test_a_time_before_the_audio_is_its_start() -> None:
    assert times_of(subtitle_cues([a_segment(start=-0.5, end=2.0)], LAYOUT)) == [(0, 2000)]


def test_rounding_makes_no_overlap() -> None:
    # Given segments that touch halfway between two milliseconds, where Python rounds to even
    segments = [a_segment(" a", 0.0, 0.5005), a_segment(" b", 0.5005, 1.0015), a_segment(" c", 1.0015, 2.0)]
    # When laid out, then they still touch
    cues = subtitle_cues(segments, LAYOUT)
    assert [before.end_ms for before in cues[:-1]] == [after.start_ms for after in cues[1:]]


# The rules of subtitles hold for any transcript

# Hypothesis keeps lists near their least length; the least lengths here make most texts longer than a line.
CHARACTERS = st.one_of(
    st.sampled_from(" \n\taeiou.,!?-<>&'\"()"),
    st.sampled_from("猫は日本語、。「」ー한국어กำีไทย"),
    st.sampled_from("\u0301\u0e35\u093f\u200d\u3099\U0001f44d\U0001f3fd\u200b\u2028\u0085"),
    st.characters(exclude_categories=("Cs", "Cc")),
)
WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=10)
ORDINARY = st.lists(WORD, min_size=12, max_size=60).map(" ".join)
TEXTS = st.one_of(
    st.text(CHARACTERS, max_size=3),
    st.text(CHARACTERS, min_size=40, max_size=200),
    st.text("猫は日本語、。", min_size=20, max_size=150),
    ORDINARY,
)
THOROUGHLY = settings(max_examples=200, deadline=None)
SECONDS = st.floats(0, 20, allow_nan=False)


def layouts(least_columns: int = 1) -> st.SearchStrategy[SubtitleLayout]:
    return st.builds(
        SubtitleLayout,
        max_line_length=st.integers(least_columns, 60),
        max_lines=st.integers(1, 4),
        max_cue_seconds=st.floats(0.04, 20),
    )


@st.composite
def segments_with_or_without_words(draw: st.DrawFn) -> list[Segment]:
    """Segments in order, at times of no length; words in order, or at any times at all."""
    segments = []
    now = draw(SECONDS)
    for text in draw(st.lists(TEXTS, min_size=1, max_size=4)):
        start, end = now, now + draw(SECONDS)
        now = draw(st.sampled_from([start, end, end + 1]))
        words = None
        if draw(st.booleans()):
            times = [draw(SECONDS) for _ in range(2 * len(text.split()))]
            if draw(st.booleans()):
                times.sort()
            pairs = zip(times[::2], times[1::2], strict=True)
            words = spoken(
                *(
                    (f" {word}", start + first, start + last)
                    for word, (first, last) in zip(text.split(), pairs, strict=True)
                )
            )
        segments.append(a_segment(text, start, end, words))
    return segments


@THOROUGHLY
@given(segments_with_or_without_words(), layouts())
def test_cues_never_overlap_nor_run_backwards(segments: list[Segment], layout: SubtitleLayout) -> None:
    cues = subtitle_cues(segments, layout)
    assert all(0 <= cue.start_ms < cue.end_ms for cue in cues)
    assert all(before.end_ms <= after.start_ms for before, after in pairwise(cues))
    assert all(cue.end_ms - cue.start_ms >= FRAME_MS for cue in cues)


@THOROUGHLY
@given(segments_with_or_without_words(), layouts())
def test_no_cue_is_larger_or_longer_than_the_layout(segments: list[Segment], layout: SubtitleLayout) -> None:
    for cue in subtitle_cues(segments, layout):
        assert 1 <= len(cue.lines) <= layout.max_lines
        assert cue.end_ms - cue.start_ms <= round(layout.max_cue_seconds * 1000)
        for line in cue.lines:
            assert line == line.strip() != ""
            assert columns(line) <= layout.max_line_length or is_one_character(line)


def is_one_character(line: str) -> bool:
    """Whether nothing after the first code point, or after a joiner, starts a character of its own."""
    return all(
        before == "\u200d"
        or unicodedata.category(after) in ("Mn", "Mc", "Me", "Cf")
        or after in "\u0e33\u0eb3"
        or 0x1160 <= ord(after) < 0x1200
        or 0x1F3FB <= ord(after) < 0x1F400
        for before, after in pairwise(line)
    )


@THOROUGHLY
@given(segments_with_or_without_words(), layouts())
def test_no_character_is_lost_added_or_moved(segments: list[Segment], layout: SubtitleLayout) -> None:
    assert shown(subtitle_cues(segments, layout)) == said(segments)


@THOROUGHLY
@given(segments_with_or_without_words(), layouts())
def test_no_line_starts_within_a_character(segments: list[Segment], layout: SubtitleLayout) -> None:
    # Given marks that start no word of their own
    starts = {word[0] for segment in segments for word in segment.text.split()}
    # When laid out, then no mark starts a line
    for cue in subtitle_cues(segments, layout):
        for line in cue.lines:
            assert line[0] in starts or not unicodedata.category(line[0]).startswith("M")


@THOROUGHLY
@given(ORDINARY, layouts(least_columns=10), st.booleans())
def test_words_that_fit_a_line_are_never_divided(text: str, layout: SubtitleLayout, timed: bool) -> None:
    segment = a_segment(text, 0.0, 8.0, evenly_spoken(text) if timed else None)
    cues = subtitle_cues([segment], layout)
    assert [word for cue in cues for line in cue.lines for word in line.split()] == text.split()


@THOROUGHLY
@given(ORDINARY, st.booleans())
def test_no_line_is_a_short_word_alone(text: str, timed: bool) -> None:
    # Given words at the speed of speech
    segment = a_segment(text, 0.0, len(text) / 15, evenly_spoken(text, 0.3) if timed else None)
    # When laid out, then no line is a single word of a few letters
    cues = subtitle_cues([segment], LAYOUT)
    assert all(" " in line or len(line) > 5 for cue in cues for line in cue.lines)


@THOROUGHLY
@given(ORDINARY)
def test_a_cue_starts_with_its_first_word_and_ends_with_its_last(text: str) -> None:
    # Given words with a moment of silence between them
    words = [word.model_copy(update={"end": word.end - 0.1}) for word in evenly_spoken(text, 0.3, start=2.0)]
    # When laid out
    cues = subtitle_cues([a_segment(text, 0.0, 60.0, words)], LAYOUT)
    # Then every cue's times are those of its words
    spoken_words = iter(words)
    for cue in cues:
        of_cue = [next(spoken_words) for _ in " ".join(cue.lines).split()]
        assert (cue.start_ms, cue.end_ms) == (round(of_cue[0].start * 1000), round(of_cue[-1].end * 1000))


# Files, as other programs read them


@THOROUGHLY
@given(segments_with_or_without_words())
def test_webvtt_py_reads_the_same_cues(segments: list[Segment]) -> None:
    # Given cues
    cues = subtitle_cues(segments, LAYOUT)
    # When they are written and read back, strictly
    captions = webvtt.from_string(to_vtt(a_transcript(*segments), LAYOUT), strict=True).captions
    # Then text, which webvtt-py leaves escaped, and times are the same
    assert [tuple(html.unescape(caption.text).split("\n")) for caption in captions] == lines_of(cues)
    assert [
        (caption.start_time.in_milliseconds(), caption.end_time.in_milliseconds()) for caption in captions
    ] == times_of(cues)


# SubRip has no escapes: pysubs2 takes tags, override braces and a lone last number for its own.
PLAIN_TEXTS = st.one_of(st.text("abc .,!?-> 猫は\n\t\u0301é", min_size=40, max_size=200), ORDINARY)


@THOROUGHLY
@given(st.lists(PLAIN_TEXTS, max_size=4))
def test_pysubs2_reads_the_same_cues(texts: list[str]) -> None:
    # Given cues
    segments = [a_segment(text, number * 5.0, number * 5.0 + 4.3217) for number, text in enumerate(texts)]
    cues = subtitle_cues(segments, LAYOUT)
    # When they are written and read back
    events = pysubs2.SSAFile.from_string(to_srt(a_transcript(*segments), LAYOUT), format_="srt").events
    # Then text and times are the same, but for the space that disarms an arrow
    assert [without_space(event.plaintext) for event in events] == [shown([cue]) for cue in cues]
    assert [(event.start, event.end) for event in events] == times_of(cues)


def test_an_srt_file_to_the_letter() -> None:
    transcript = a_transcript(a_segment(" Hello there.", 0.0, 1.5), a_segment(" one\n\ntwo", 61.0, 62.0004))
    assert to_srt(transcript, SubtitleLayout(max_line_length=12)) == (
        "1\n00:00:00,000 --> 00:00:01,500\nHello there.\n\n2\n00:01:01,000 --> 00:01:02,000\none two\n"
    )


def test_a_vtt_file_to_the_letter() -> None:
    transcript = a_transcript(a_segment(" Hello there.", 0.0, 1.5), a_segment(' "Q&A" <i>', 61.0, 62.0004))
    assert to_vtt(transcript, LAYOUT) == (
        'WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nHello there.\n\n00:01:01.000 --> 00:01:02.000\n"Q&amp;A" &lt;i&gt;\n'
    )


def test_more_than_99_hours_are_written_in_full() -> None:
    # Given speech after 123 hours
    transcript = a_transcript(a_segment(start=123 * 3600 + 4 * 60 + 5.678, end=123 * 3600 + 4 * 60 + 6.0))
    # When written
    srt, vtt, tsv = (render(transcript, one, LAYOUT) for one in (ResultFormat.SRT, ResultFormat.VTT, ResultFormat.TSV))
    # Then no digit is lost
    assert "\n123:04:05,678 --> 123:04:06,000\n" in srt
    assert "\n123:04:05.678 --> 123:04:06.000\n" in vtt
    assert webvtt.from_string(vtt, strict=True).captions[0].start_time.hours == 123
    assert tsv.splitlines()[1] == "443045678\t443046000\tHello there."


def test_no_text_can_be_taken_for_structure() -> None:
    # Given text with arrows, mark-up, an ampersand, a tab and an empty line
    transcript = a_transcript(a_segment(AWKWARD, 0.0, 4.0))
    # When written
    srt, vtt = to_srt(transcript, LAYOUT), to_vtt(transcript, LAYOUT)
    # Then only time lines hold an arrow, and there is one cue
    assert [line for line in srt.splitlines() if "-->" in line] == ["00:00:00,000 --> 00:00:04,000"]
    assert "\n\n" not in srt
    [event] = pysubs2.SSAFile.from_string(srt, format_="srt", keep_html_tags=True).events
    assert without_space(event.plaintext) == without_space(AWKWARD)
    [caption] = webvtt.from_string(vtt, strict=True).captions
    assert without_space(html.unescape(caption.text)) == without_space(AWKWARD)
    assert "&lt;b&gt;bold&lt;/b&gt; &amp;\n" in vtt


def test_a_tsv_file_to_the_letter() -> None:
    # Given text with tabs and line ends, and a segment without text
    transcript = a_transcript(a_segment(AWKWARD, 0.0005, 1.9996), a_segment("", 2.0, 2.0))
    # When written, then there is one row of three columns for each segment
    assert to_tsv(transcript) == (
        "start\tend\ttext\n0\t2000\ta --> b, <b>bold</b> & brave next --- --->> line\n2000\t2000\t\n"
    )


def test_text_has_one_line_for_each_segment() -> None:
    transcript = a_transcript(a_segment(" One,\n two. "), a_segment(" Drei."))
    assert to_text(transcript) == "One, two.\nDrei.\n"


def test_an_empty_transcript_makes_valid_empty_files() -> None:
    text_formats = [one for one in ResultFormat if "json" not in one]
    files = {one: render(a_transcript(), one, LAYOUT) for one in text_formats}
    assert files == {"text": "", "srt": "", "vtt": "WEBVTT\n", "tsv": "start\tend\ttext\n"}
    assert webvtt.from_string(files[ResultFormat.VTT], strict=True).captions == []


def test_render_lays_subtitles_out_as_asked() -> None:
    transcript, narrow = a_transcript(a_segment(SPEECH, 0.0, 12.0)), SubtitleLayout(20, 1, 3.0)
    assert render(transcript, ResultFormat.SRT, narrow) == to_srt(transcript, narrow) != to_srt(transcript, LAYOUT)
    assert render(transcript, ResultFormat.VTT, narrow) == to_vtt(transcript, narrow) != to_vtt(transcript, LAYOUT)


@pytest.mark.parametrize("json_format", [ResultFormat.JSON, ResultFormat.VERBOSE_JSON])
def test_render_refuses_json(json_format: ResultFormat) -> None:
    with pytest.raises(ValueError, match="not a text format"):
        render(a_transcript(), json_format, LAYOUT)


def test_every_format_has_its_content_type() -> None:
    assert {str(one): one.content_type for one in ResultFormat} == {
        "json": "application/json",
        "verbose_json": "application/json",
        "text": "text/plain; charset=utf-8",
        "srt": "application/x-subrip; charset=utf-8",
        "vtt": "text/vtt; charset=utf-8",
        "tsv": "text/tab-separated-values; charset=utf-8",
    }


# The two shapes of JSON


def test_plain_json_without_words() -> None:
    # Given a transcript without word timestamps, when shaped, then no key speaks of words
    assert plain_json(a_transcript(a_segment(), a_segment(" Bye.", 3.0, 4.0, number=2))).model_dump() == {
        "text": "Hello there. Bye.",
        "language": "en",
        "language_probability": 0.98,
        "duration_seconds": 12.5,
        "segments": (
            {"id": 1, "start": 0.0, "end": 3.0, "text": "Hello there."},
            {"id": 2, "start": 3.0, "end": 4.0, "text": "Bye."},
        ),
    }


def test_verbose_json_without_words() -> None:
    assert verbose_json(a_transcript(a_segment()), "translate").model_dump() == {
        "task": "translate",
        "language": "en",
        "duration": 12.5,
        "text": "Hello there.",
        "segments": (
            {
                "id": 1,
                "seek": 0,
                "start": 0.0,
                "end": 3.0,
                "text": " Hello there.",
                "tokens": (50364, 2425),
                "temperature": 0.0,
                "avg_logprob": -0.25,
                "compression_ratio": 1.1,
                "no_speech_prob": 0.01,
            },
        ),
    }


def test_words_lose_the_space_the_tokenizer_joins_them_with() -> None:
    # Given two segments with words
    transcript = a_transcript(
        a_segment(" Hello there.", words=spoken((" Hello", 0.0, 1.0), (" there.", 1.0, 3.0))),
        a_segment(" Bye.", 3.0, 4.0, spoken((" Bye.", 3.0, 4.0)), number=2),
    )
    hello, there, bye = (
        {"word": word, "start": start, "end": end, "probability": 0.9}
        for word, start, end in (("Hello", 0.0, 1.0), ("there.", 1.0, 3.0), ("Bye.", 3.0, 4.0))
    )
    # When shaped
    plain = plain_json(transcript).model_dump(mode="json")
    verbose = verbose_json(transcript, "transcribe").model_dump(mode="json")
    # Then words are bare, within their segments and, in the verbose shape, also in one list
    assert [segment["words"] for segment in plain["segments"]] == [[hello, there], [bye]]
    assert [segment["words"] for segment in verbose["segments"]] == [[hello, there], [bye]]
    assert verbose["words"] == [hello, there, bye]
    assert "words" not in plain


def test_silence_with_word_timestamps_has_an_empty_list_of_words() -> None:
    silent = verbose_json(a_transcript(a_segment("", words=())), "transcribe").model_dump(mode="json")
    assert silent["words"] == silent["segments"][0]["words"] == []


@pytest.mark.parametrize("model", [PlainTranscript, VerboseTranscript])
def test_openapi_can_describe_the_json_formats(model: type[PlainTranscript | VerboseTranscript]) -> None:
    schema = TypeAdapter(model).json_schema(mode="serialization")
    assert "words" not in schema["required"]
    definitions = schema["$defs"].values()
    assert all("description" in field for one in definitions for field in one.get("properties", {}).values())
