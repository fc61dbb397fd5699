"""OpenAI's words and ours: fields, transcripts, deltas and errors."""

import itertools
from typing import Any

import pytest

from api.compat.openai import (
    ALIAS,
    Deltas,
    SpeechForm,
    diarized_transcription,
    error_answer,
    verbose_transcription,
)
from api.problems import STATUSES, Problem, problem_of
from core.errors import FailureCode, InvalidOptions, JobFailed, OptionProblem, QueueFull, RateLimited, UnknownModel
from core.transcript import Segment, Transcript, TranscriptInfo


def segment(number: int, text: str, **fields: Any) -> Segment:  # noqa: ANN401 - whatever a segment has
    return Segment.model_validate(
        {
            "id": number,
            "seek": 0,
            "start": number - 1.0,
            "end": float(number),
            "text": text,
            "tokens": (1, 2),
            "temperature": None,
            "avg_logprob": -0.2,
            "compression_ratio": 1.1,
            "no_speech_prob": 0.01,
        }
        | fields
    )


def transcript(*segments: Segment, language: str = "de") -> Transcript:
    info = TranscriptInfo(language=language, language_probability=0.9, duration_seconds=8.01)
    return Transcript(info=info, segments=segments)


# Fields


def translated(**sent: str) -> dict[str, str]:
    return SpeechForm().translate({name.replace("__", "[]"): value for name, value in sent.items()})


def test_fields_have_our_names() -> None:
    assert translated(model="base", prompt="Ann.", language="de", temperature="0.2", quality="fast") == {
        "model": "base",
        "initial_prompt": "Ann.",
        "language": "de",
        "temperature": "0.2",
        "quality": "fast",
    }


def test_lists_are_put_together_however_they_are_spelled() -> None:
    form = SpeechForm()
    form.translate(
        {
            "response_format": "verbose_json",
            "timestamp_granularities[0]": "word",
            "timestamp_granularities[1]": "segment",
            "keywords[]": "Ann,Bob",
        }
    )
    assert form.wanted.timestamp_granularities == ("word", "segment")
    assert translated(keywords__="Ann,Bob") == {"hotwords": "Ann,Bob"}


def test_one_language_is_a_language_and_several_are_a_matter_of_detection() -> None:
    assert translated(languages__="de") == {"language": "de"}
    assert translated(languages__="de,fr") == {}


@pytest.mark.parametrize(
    "model",
    [
        "whisper-1",
        "gpt-transcribe",
        "gpt-4o-transcribe",
        "gpt-4o-mini-transcribe",
        "gpt-4o-mini-transcribe-2025-12-15",
        "gpt-4o-transcribe-diarize",
    ],
)
def test_openais_models_mean_the_default(model: str) -> None:
    assert ALIAS.fullmatch(model)
    assert translated(model=model) == {}


@pytest.mark.parametrize("model", ["whisper-2", "gpt-4o", "base", "xwhisper-1"])
def test_other_models_are_asked_for_by_name(model: str) -> None:
    assert translated(model=model) == {"model": model}


def test_what_the_answer_needs_is_asked_for() -> None:
    assert translated(response_format="diarized_json") == {"diarize": "true"}
    assert translated(response_format="verbose_json", timestamp_granularities__="word") == {"word_timestamps": "true"}
    assert SpeechForm(translates=True).translate({}) == {"task": "translate"}


@pytest.mark.parametrize("sent", [{"response_format": "diarized_json"}, {"stream": "true"}])
def test_a_translation_is_neither_diarized_nor_streamed(sent: dict[str, str]) -> None:
    with pytest.raises(InvalidOptions):
        SpeechForm(translates=True).translate(sent)


@pytest.mark.parametrize(
    "sent",
    [
        {"chunking_strategy": "auto"},
        {"chunking_strategy": '{"type": "server_vad"}'},
        {"chunking_strategy[type]": "server_vad"},
    ],
    ids=str,
)
def test_a_way_of_chunking_that_holds_anyway_is_taken(sent: dict[str, str]) -> None:
    assert SpeechForm().translate(sent) == {}


def test_segments_may_be_asked_for_in_every_format() -> None:
    """As Vercel's AI SDK does."""
    form = SpeechForm()
    assert form.translate({"timestamp_granularities[]": "segment", "response_format": "json"}) == {}
    assert form.wanted.response_format == "json"


@pytest.mark.parametrize(
    ("sent", "option"),
    [
        ({"chunking_strategy": "none"}, "chunking_strategy"),
        ({"chunking_strategy[type]": "server_vad", "chunking_strategy[threshold]": "0.5"}, "chunking_strategy"),
        ({"include[]": "logprobs"}, "include"),
        ({"known_speaker_references[]": "data:"}, "known_speaker_references"),
        ({"prompt": "a", "initial_prompt": "b"}, "prompt"),
        ({"stream": "perhaps"}, "stream"),
        ({"stream": "true", "response_format": "vtt"}, "stream"),
        ({"timestamp_granularities[]": "word", "response_format": "json"}, "timestamp_granularities"),
        ({"timestamp_granularities[]": "segment,word"}, "timestamp_granularities"),
    ],
    ids=str,
)
def test_what_can_not_be_had_is_refused_by_name(sent: dict[str, str], option: str) -> None:
    with pytest.raises(InvalidOptions) as refused:
        SpeechForm().translate(sent)
    assert [each.option for each in refused.value.problems] == [option]


# Transcripts


def test_verbose_json_counts_from_nought_and_names_the_language() -> None:
    whole = transcript(segment(1, " Guten"), segment(2, " Tag."))
    answer = verbose_transcription(whole, "transcribe", ("segment",)).model_dump(mode="json")
    assert (answer["language"], answer["text"], answer["usage"]) == (
        "german",
        "Guten Tag.",
        {"type": "duration", "seconds": 9},
    )
    assert [(each["id"], each["temperature"]) for each in answer["segments"]] == [(0, 0.0), (1, 0.0)]
    assert "words" not in answer


def test_a_translations_language_is_english() -> None:
    assert verbose_transcription(transcript(), "translate", ("segment",)).language == "english"


def test_speakers_are_letters() -> None:
    speakers = [1, 2, 26, 27, 52, 53, None]
    whole = transcript(*(segment(number, " x", speaker=speaker) for number, speaker in enumerate(speakers, 1)))
    assert [each.speaker for each in diarized_transcription(whole).segments] == ["A", "B", "Z", "AA", "AZ", "BA", "?"]


@pytest.mark.parametrize(
    "texts",
    [[], [" A", " b.", " C"], ["  ", " A ", " ", "\n", "b ", " "], ["A", "", "b"], ["  ", " "], ["日本", "語"]],
    ids=repr,
)
def test_deltas_put_together_are_the_text(texts: list[str]) -> None:
    deltas = Deltas()
    whole = transcript(*(segment(number, text) for number, text in zip(itertools.count(1), texts, strict=False)))
    assert "".join(deltas.of(text) for text in texts) == whole.text


# Errors


@pytest.mark.parametrize("error", STATUSES, ids=lambda error: error.__name__)
def test_no_error_has_a_status_that_openais_clients_do_not_know(error: Any) -> None:  # noqa: ANN401 - any class of ours
    raised = (
        error([OptionProblem("language", "is none")]) if issubclass(error, InvalidOptions) else error("It happened.")
    )
    answer = error_answer(problem_of(raised))
    assert answer.status not in {415, 422}
    told = answer.body["error"]
    assert told.keys() == {"message", "type", "param", "code"}
    assert told["message"] == raised.detail
    assert told["type"] in {"invalid_request_error", "requests", "overloaded", "server_error"}
    assert (told["type"] == "server_error") == (answer.status >= 500)


def test_errors_have_openais_own_codes() -> None:
    def told(problem: Problem) -> tuple[int, str, str]:
        answer = error_answer(problem)
        return answer.status, answer.body["error"]["type"], answer.body["error"]["code"]

    assert told(problem_of(RateLimited())) == (429, "requests", "rate_limit_exceeded")
    assert told(problem_of(QueueFull())) == (429, "overloaded", "queue_full")
    assert told(problem_of(UnknownModel([OptionProblem("model", "x")]))) == (
        404,
        "invalid_request_error",
        "model_not_found",
    )


@pytest.mark.parametrize("failure", FailureCode)
def test_a_failed_job_is_not_sent_again(failure: FailureCode) -> None:
    answer = error_answer(problem_of(JobFailed(failure, "It failed.")))
    assert answer.status == (400 if failure.is_media_fault else 500)
    assert answer.headers == ({} if failure.is_media_fault else {"x-should-retry": "false"})
    assert answer.body["error"]["param"] == ("file" if failure.is_media_fault else None)


def test_fields_are_named_as_openai_names_them() -> None:
    problem = problem_of(InvalidOptions([OptionProblem("initial_prompt", "is too long")]))
    assert error_answer(problem).body["error"]["param"] == "prompt"
