"""Downloads of transcripts whose channels are apart, or whose segments have a language each."""

import json

import pysubs2
import pytest
import webvtt

from api.transcript_formats import ResultFormat, SubtitleLayout, plain_json, render, subtitle_cues, verbose_json
from core.transcript import Transcript
from tests.transcripts import a_segment, a_transcript

LAYOUT = SubtitleLayout()
TEXT_FORMATS = [ResultFormat.TEXT, ResultFormat.TSV, ResultFormat.SRT, ResultFormat.VTT]


def a_dialogue() -> Transcript:
    """Return two channels by turns, in the order in which they were done: one channel is ahead of the other."""
    return a_transcript(
        a_segment(" Good morning.", 0.0, 1.5, number=1, channel=1),
        a_segment(" I am fine.", 4.0, 5.0, number=2, channel=1),
        a_segment(" How are you?", 2.0, 3.5, number=3, channel=2),
    )


def a_monologue() -> Transcript:
    return a_transcript(a_segment(" Good morning.", 0.0, 1.5), a_segment(" I am fine.", 4.0, 5.0, number=2))


def rendered(transcript: Transcript, result_format: ResultFormat) -> str:
    return render(transcript, result_format, LAYOUT)


# Order


def test_channels_are_woven_together_by_their_start() -> None:
    transcript = a_dialogue()
    assert [segment.start for segment in transcript.segments] == [0.0, 2.0, 4.0]
    assert transcript.text == "Good morning. How are you? I am fine."
    assert [segment.start for segment in plain_json(transcript).segments] == [0.0, 2.0, 4.0]
    assert [segment.start for segment in verbose_json(transcript, "transcribe").segments] == [0.0, 2.0, 4.0]


def test_segments_that_start_together_keep_the_order_in_which_they_came() -> None:
    segments = [a_segment(f" {number}", 1.0, 2.0, number=number, channel=number) for number in (1, 2, 3)]
    assert [segment.channel for segment in a_transcript(*segments).segments] == [1, 2, 3]


# Labels


def test_text_names_the_channel_of_every_line() -> None:
    assert rendered(a_dialogue(), ResultFormat.TEXT).splitlines() == [
        "Channel 1: Good morning.",
        "Channel 2: How are you?",
        "Channel 1: I am fine.",
    ]


def test_a_table_names_the_channel_in_the_text_and_keeps_its_three_columns() -> None:
    assert rendered(a_dialogue(), ResultFormat.TSV).splitlines() == [
        "start\tend\ttext",
        "0\t1500\tChannel 1: Good morning.",
        "2000\t3500\tChannel 2: How are you?",
        "4000\t5000\tChannel 1: I am fine.",
    ]


def test_subrip_names_the_channel_of_every_cue() -> None:
    subtitles = pysubs2.SSAFile.from_string(rendered(a_dialogue(), ResultFormat.SRT), format_="srt")
    assert [(line.start, line.plaintext) for line in subtitles] == [
        (0, "Channel 1: Good morning."),
        (2000, "Channel 2: How are you?"),
        (4000, "Channel 1: I am fine."),
    ]


def test_webvtt_has_the_channel_as_the_voice() -> None:
    content = rendered(a_dialogue(), ResultFormat.VTT)
    assert "<v Channel 1>Good morning.\n" in content
    captions = list(webvtt.from_string(content).captions)
    assert [(caption.voice, caption.text) for caption in captions] == [
        ("Channel 1", "Good morning."),
        ("Channel 2", "How are you?"),
        ("Channel 1", "I am fine."),
    ]


def test_every_cue_of_a_long_segment_names_its_channel_once() -> None:
    words = " ".join(["word"] * 60)
    transcript = a_transcript(a_segment(f" {words}", 0.0, 20.0, channel=2))
    captions = list(webvtt.from_string(rendered(transcript, ResultFormat.VTT)).captions)
    assert len(captions) > 1
    assert {caption.voice for caption in captions} == {"Channel 2"}
    subtitles = pysubs2.SSAFile.from_string(rendered(transcript, ResultFormat.SRT), format_="srt")
    assert [line.plaintext.count("Channel 2: ") for line in subtitles] == [1] * len(captions)
    spoken = " ".join(line.plaintext.removeprefix("Channel 2: ").replace("\n", " ") for line in subtitles)
    assert spoken == words


@pytest.mark.parametrize("result_format", TEXT_FORMATS)
def test_channels_that_are_mixed_have_no_label(result_format: ResultFormat) -> None:
    content = rendered(a_monologue(), result_format)
    assert "Channel" not in content
    assert "<v" not in content


@pytest.mark.parametrize("result_format", TEXT_FORMATS)
def test_a_transcript_without_speech_has_no_channels(result_format: ResultFormat) -> None:
    assert "Channel" not in rendered(a_transcript(), result_format)


# Two at once


def test_a_cue_keeps_its_time_though_another_channel_speaks_at_length() -> None:
    long = a_segment(" " + " ".join(["word"] * 60), 0.0, 20.0, number=1, channel=1)
    short = a_segment(" Yes.", 1.0, 2.0, number=2, channel=2)
    cues = subtitle_cues(a_transcript(long, short).segments, LAYOUT)
    (yes,) = (cue for cue in cues if cue.channel == 2)
    assert (yes.start_ms, yes.end_ms) == (1000, 2000)


def test_cues_of_channels_that_speak_at_once_are_both_shown_for_their_time() -> None:
    together = [a_segment(f" I am {number}.", 1.0, 3.0, number=number, channel=number) for number in (1, 2)]
    cues = subtitle_cues(a_transcript(*together).segments, LAYOUT)
    assert [(cue.channel, cue.start_ms, cue.end_ms) for cue in cues] == [(1, 1000, 3000), (2, 1000, 3000)]


# JSON


def test_json_has_the_channel_only_where_they_are_apart() -> None:
    for document in (plain_json(a_dialogue()), verbose_json(a_dialogue(), "transcribe")):
        segments = json.loads(document.model_dump_json())["segments"]
        assert [segment["channel"] for segment in segments] == [1, 2, 1]
        assert not any("language" in segment for segment in segments)
    for document in (plain_json(a_monologue()), verbose_json(a_monologue(), "transcribe")):
        segments = json.loads(document.model_dump_json())["segments"]
        assert not any("channel" in segment or "language" in segment for segment in segments)


def test_json_has_the_language_only_where_each_segment_has_its_own() -> None:
    transcript = a_transcript(
        a_segment(" Guten Morgen.", 0.0, 1.0, language="de"), a_segment(" Good morning.", 2.0, 3.0, language="en")
    )
    for document in (plain_json(transcript), verbose_json(transcript, "transcribe")):
        segments = json.loads(document.model_dump_json())["segments"]
        assert [segment["language"] for segment in segments] == ["de", "en"]
        assert not any("channel" in segment for segment in segments)
