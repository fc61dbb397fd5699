"""whisper.cpp's words and ours: fields, and segments that are divided."""

import pytest

from api.compat.whisper_cpp import InferenceForm, divided, text_of, verbose_inference
from core.errors import InvalidOptions
from core.transcript import Segment, Transcript, TranscriptInfo, Word


def transcript(*words: str, speaker: int | None = None) -> Transcript:
    """Return a transcript of one segment, each word of which takes a second."""
    segment = Segment(
        id=1,
        seek=0,
        start=0.0,
        end=float(len(words)),
        text="".join(words),
        tokens=tuple(range(len(words))),
        temperature=0.0,
        avg_logprob=-0.2,
        compression_ratio=1.1,
        no_speech_prob=0.01,
        words=tuple(Word(word=word, start=float(at), end=at + 1.0, probability=0.9) for at, word in enumerate(words)),
        speaker=speaker,
    )
    info = TranscriptInfo(language="en", language_probability=0.9, duration_seconds=len(words))
    return Transcript(info=info, segments=(segment,))


def test_fields_have_our_names() -> None:
    sent = {
        "language": "auto",
        "prompt": "Ann.",
        "translate": "1",
        "offset_t": "1500",
        "duration": "2000",
        "max_len": "30",
        "beam_size": "-1",
        "temperature": "0.0",
        "temperature_inc": "0.2",
        "colour": "red",
        "hotwords": "",
    }
    assert InferenceForm().translate(sent) == {
        "initial_prompt": "Ann.",
        "task": "translate",
        "clip_start_seconds": "1.5",
        "clip_end_seconds": "3.5",
        "temperature": "0.0",
        "word_timestamps": "true",
    }


def test_silence_is_skipped_unless_either_name_of_it_says_otherwise() -> None:
    assert InferenceForm().translate({"vad": "false"}) == {"vad_filter": "False"}
    assert InferenceForm().translate({"vad_filter": "false"}) == {"vad_filter": "false"}
    assert InferenceForm().translate({}) == {}


@pytest.mark.parametrize(("sent", "meant"), [("true", "translate"), ("Y", "translate"), ("no", None), ("x", None)])
def test_flags_are_read_as_there(sent: str, meant: str | None) -> None:
    assert InferenceForm().translate({"translate": sent}).get("task") == meant


@pytest.mark.parametrize("sent", [{"offset_t": "x"}, {"max_len": "-1"}, {"response_format": "xml"}], ids=str)
def test_what_is_out_of_range_is_refused(sent: dict[str, str]) -> None:
    with pytest.raises(InvalidOptions) as refused:
        InferenceForm().translate(sent)
    assert [each.option for each in refused.value.problems] == list(sent)


@pytest.mark.parametrize("most", [1, 5, 9, 12, 100])
def test_a_divided_segment_is_the_same_words_in_lines_that_fit(most: int) -> None:
    words = (" One", " two", " three", " four", " incomprehensible", " six.")
    whole = transcript(*words)
    parts = divided(whole, most).segments
    assert "".join(part.text for part in parts) == whole.segments[0].text
    assert [word for part in parts for word in part.words or ()] == list(whole.segments[0].words or ())
    for part in parts:
        assert part.words
        assert len(part.text.strip()) <= most or len(part.words) == 1
        assert (part.start, part.end) == (part.words[0].start, part.words[-1].end)


def test_a_segment_that_fits_stays_whole() -> None:
    whole = transcript(" One", " two")
    assert divided(whole, 7) == whole


def test_speakers_are_counted_from_nought() -> None:
    assert text_of(transcript(" One", speaker=2)) == "(speaker 1) One\n"
    answer = verbose_inference(transcript(" One", speaker=1), "transcribe").model_dump()
    assert answer["segments"][0]["speaker"] == "0"
    assert "speaker" not in verbose_inference(transcript(" One"), "transcribe").model_dump()["segments"][0]
