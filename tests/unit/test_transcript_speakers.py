"""Downloads of transcripts whose speakers are told apart."""

import pysubs2
import pytest
import webvtt

from api.transcript_formats import ResultFormat, SubtitleLayout, plain_json, render, verbose_json
from core.transcript import Segment, Transcript
from tests.transcripts import a_segment, a_transcript

FORMATS = [ResultFormat.TEXT, ResultFormat.TSV, ResultFormat.SRT, ResultFormat.VTT]
LAYOUT = SubtitleLayout()


def by(speaker: int, segment: Segment) -> Segment:
    return segment.model_copy(update={"speaker": speaker})


INTERVIEW = a_transcript(
    by(1, a_segment(" Good morning.", 0.0, 1.5, number=1)),
    by(2, a_segment(" How are you?", 2.0, 3.5, number=2)),
    by(1, a_segment(" I am fine.", 4.0, 5.0, number=3)),
)
CALL = a_transcript(
    by(1, a_segment(" Good morning.", 0.0, 1.5, number=1, channel=2)),
    by(2, a_segment(" How are you?", 1.0, 3.5, number=2, channel=1)),
)


def test_text_and_table_name_the_speaker_of_every_line() -> None:
    assert render(INTERVIEW, ResultFormat.TEXT, LAYOUT).splitlines() == [
        "Speaker 1: Good morning.",
        "Speaker 2: How are you?",
        "Speaker 1: I am fine.",
    ]
    assert render(INTERVIEW, ResultFormat.TSV, LAYOUT).splitlines()[1] == "0\t1500\tSpeaker 1: Good morning."


@pytest.mark.parametrize("transcript", [INTERVIEW, CALL])
def test_subtitles_name_the_speaker_of_every_cue(transcript: Transcript) -> None:
    """A channel is not named beside its speaker."""
    expected = [(f"Speaker {each.speaker}", each.text.strip()) for each in transcript.segments]
    subrip = pysubs2.SSAFile.from_string(render(transcript, ResultFormat.SRT, LAYOUT), format_="srt")
    assert [tuple(line.plaintext.split(": ", 1)) for line in subrip] == expected
    captions = webvtt.from_string(render(transcript, ResultFormat.VTT, LAYOUT)).captions
    assert [(caption.voice, caption.text) for caption in captions] == expected


def test_speakers_of_channels_may_speak_at_once() -> None:
    lines = pysubs2.SSAFile.from_string(render(CALL, ResultFormat.SRT, LAYOUT), format_="srt")
    assert [(line.start, line.end) for line in lines] == [(0, 1500), (1000, 3500)]


def test_json_has_the_number() -> None:
    for document in (plain_json(INTERVIEW), verbose_json(INTERVIEW, "transcribe")):
        segments = document.model_dump(mode="json")["segments"]
        assert [segment["speaker"] for segment in segments] == [1, 2, 1]
        assert document.text == "Good morning. How are you? I am fine."


def test_without_speakers_nothing_is_said_of_them() -> None:
    transcript = a_transcript(a_segment(" Good morning."))
    for document in (plain_json(transcript), verbose_json(transcript, "transcribe")):
        assert "speaker" not in document.model_dump(mode="json")["segments"][0]
    assert not any("Speaker" in render(transcript, each, LAYOUT) for each in FORMATS)
