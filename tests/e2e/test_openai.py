"""OpenAI's own SDK, unchanged, against the whole service with the real model; and what it does not send."""

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pysubs2
import pytest
import webvtt

from tests.harness.service import Service, until
from tests.media import clip, garbage, silence_wav

GARDEN = "the garden behind the house was small"


@pytest.fixture(scope="module")
def sdk(service: Service) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"http://127.0.0.1:{service.port}/v1", api_key="none needed", max_retries=0) as client:
        yield client


def upload(name: str = "garden") -> tuple[str, bytes]:
    return f"{name}.flac", clip(name).read_bytes()


def raw(service: Service, path: str = "transcriptions", **fields: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes it
    files = {"file": fields.pop("file", upload())}
    return service.client.post(f"/v1/audio/{path}", files=files, data=fields)


# What the SDK asks for


def test_json_is_the_text_and_what_it_is_charged_by(sdk: openai.OpenAI) -> None:
    transcript = sdk.audio.transcriptions.create(file=upload(), model="whisper-1")
    assert GARDEN in transcript.text.lower()
    assert transcript.usage is not None
    assert transcript.usage.model_dump() == {"type": "duration", "seconds": 5}


@pytest.mark.parametrize(
    "model", ["base", "whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-transcribe"]
)
def test_a_model_of_ours_and_any_of_openais_transcribe(sdk: openai.OpenAI, model: str) -> None:
    assert GARDEN in sdk.audio.transcriptions.create(file=upload(), model=model).text.lower()


def test_verbose_json_has_segments_and_the_languages_name(sdk: openai.OpenAI) -> None:
    transcript = sdk.audio.transcriptions.create(file=upload(), model="whisper-1", response_format="verbose_json")
    assert transcript.language == "english"
    assert transcript.duration == pytest.approx(4.73, abs=0.02)
    assert transcript.segments
    assert [segment.id for segment in transcript.segments] == list(range(len(transcript.segments)))
    assert "".join(segment.text for segment in transcript.segments).strip() == transcript.text
    assert all(segment.tokens and segment.avg_logprob < 0 for segment in transcript.segments)
    assert transcript.words is None
    assert transcript.usage is not None


@pytest.mark.parametrize("granularities", [["word"], ["segment"], ["word", "segment"]])
def test_words_and_segments_are_there_as_asked_for(sdk: openai.OpenAI, granularities: list[Any]) -> None:
    transcript = sdk.audio.transcriptions.create(
        file=upload(), model="whisper-1", response_format="verbose_json", timestamp_granularities=granularities
    )
    assert bool(transcript.words) == ("word" in granularities)
    assert bool(transcript.segments) == ("segment" in granularities)
    if transcript.words:
        assert [word.word.lower().strip(",.") for word in transcript.words][:3] == ["the", "garden", "behind"]
        assert all(0 <= word.start <= word.end <= 5 for word in transcript.words)


def test_text_is_text(sdk: openai.OpenAI) -> None:
    text = sdk.audio.transcriptions.create(file=upload(), model="whisper-1", response_format="text")
    assert GARDEN in text.lower()
    assert text.endswith("\n")


def test_srt_parses(sdk: openai.OpenAI) -> None:
    srt = sdk.audio.transcriptions.create(file=upload("snow"), model="whisper-1", response_format="srt")
    subtitles = pysubs2.SSAFile.from_string(srt, format_="srt")
    assert "snow fell all night" in " ".join(line.plaintext.replace("\n", " ") for line in subtitles).lower()
    assert 0 <= subtitles[0].start < subtitles[-1].end <= 13_500


def test_vtt_parses(sdk: openai.OpenAI) -> None:
    vtt = sdk.audio.transcriptions.create(file=upload("snow"), model="whisper-1", response_format="vtt")
    captions = webvtt.from_buffer(io.StringIO(vtt)).captions
    assert "snow fell all night" in " ".join(caption.text.replace("\n", " ") for caption in captions).lower()


def test_prompt_language_temperature_and_our_own_options(sdk: openai.OpenAI, service: Service) -> None:
    answer = sdk.audio.transcriptions.with_raw_response.create(
        file=upload(),
        model="whisper-1",
        prompt="Gardening.",
        language="en",
        temperature=0,
        chunking_strategy="auto",
        extra_body={"vad_filter": "false", "hotwords": "flowers", "quality": "fast"},
    )
    options = service.status(answer.headers["x-job-id"])["options"]
    assert (options["initial_prompt"], options["language"], options["hotwords"]) == ("Gardening.", "en", "flowers")
    assert (options["vad_filter"], options["quality"]) == (False, "fast")


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")  # OpenAI's, of its model
def test_a_translation_is_english(sdk: openai.OpenAI) -> None:
    translation = sdk.audio.translations.create(file=upload(), model="whisper-1", response_format="verbose_json")
    assert translation.language == "english"
    assert GARDEN in translation.text.lower()
    assert sdk.audio.translations.create(file=upload(), model="whisper-1").text == translation.text
    assert "-->" in sdk.audio.translations.create(file=upload(), model="whisper-1", response_format="srt")


def test_a_stream_is_the_text_as_it_comes(sdk: openai.OpenAI) -> None:
    deltas, done = [], []
    for event in sdk.audio.transcriptions.create(file=upload("snow"), model="gpt-4o-transcribe", stream=True):
        if event.type == "transcript.text.delta":
            deltas.append(event.delta)
        elif event.type == "transcript.text.done":
            done.append(event)
    assert "".join(deltas) == done[0].text
    assert "snow fell all night" in done[0].text.lower()
    assert [event.to_dict()["usage"] for event in done] == [{"type": "duration", "seconds": 14}]


def test_models_are_listed_and_looked_at(sdk: openai.OpenAI) -> None:
    listed = list(sdk.models.list())
    assert [model.id for model in listed] == ["base", "whisper-1"]
    assert all(model.created > 1_700_000_000 and model.object == "model" for model in listed)
    assert sdk.models.retrieve("base").owned_by == "scriptorium"
    assert sdk.models.retrieve("gpt-4o-transcribe").id == "gpt-4o-transcribe"


def test_the_asynchronous_client_transcribes_and_streams(service: Service) -> None:
    async def both() -> tuple[str, list[str]]:
        async with openai.AsyncOpenAI(base_url=f"http://127.0.0.1:{service.port}/v1", api_key="x") as client:
            transcript, stream = await asyncio.gather(
                client.audio.transcriptions.create(file=upload(), model="whisper-1"),
                client.audio.transcriptions.create(file=upload("kitchen"), model="gpt-4o-transcribe", stream=True),
            )
            return transcript.text, [event.type async for event in stream]

    text, events = asyncio.run(both())
    assert GARDEN in text.lower()
    assert events[-1] == "transcript.text.done"
    assert set(events[:-1]) == {"transcript.text.delta"}


# Errors, as the SDK raises them


def test_a_model_that_nobody_serves_is_not_found(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        sdk.audio.transcriptions.create(file=upload(), model="whisper-9")
    assert (refused.value.code, refused.value.type, refused.value.param) == (
        "model_not_found",
        "invalid_request_error",
        "model",
    )
    with pytest.raises(openai.NotFoundError):
        sdk.models.retrieve("whisper-9")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"language": "klingon"}, "language"),
        ({"prompt": "x" * 5000}, "prompt"),
        ({"temperature": 2}, "temperature"),
        ({"response_format": "docx"}, "response_format"),
        ({"timestamp_granularities": ["word"]}, "timestamp_granularities[]"),
        ({"timestamp_granularities": ["letter"], "response_format": "verbose_json"}, "timestamp_granularities[]"),
        ({"include": ["logprobs"]}, "include"),
        ({"chunking_strategy": {"type": "server_vad", "threshold": 0.3}}, "chunking_strategy"),
        ({"known_speaker_names": ["ann"]}, "known_speaker_names"),
        ({"stream": True, "response_format": "srt"}, "stream"),
        ({"response_format": "diarized_json", "extra_body": {"max_speakers": 0}}, "max_speakers"),
        ({"extra_body": {"colour": "red"}}, "colour"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_can_not_be_had_is_a_bad_request_that_names_the_field(
    sdk: openai.OpenAI, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.audio.transcriptions.create(file=upload(), model="whisper-1", **fields)
    assert (refused.value.param, refused.value.type) == (param, "invalid_request_error")


@pytest.mark.parametrize(("content", "code"), [(b"", "file_empty"), (b"%PDF-1.7 is no audio", "unsupported_media")])
def test_a_file_that_is_no_audio_is_a_bad_request(sdk: openai.OpenAI, content: bytes, code: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.audio.transcriptions.create(file=("a.mp3", content), model="whisper-1")
    assert (refused.value.code, refused.value.param) == (code, "file")


def test_audio_that_can_not_be_decoded_is_a_bad_request_that_names_its_job(
    sdk: openai.OpenAI, service: Service
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        sdk.audio.transcriptions.create(file=("a.mp3", garbage(7, 3000)), model="whisper-1")
    assert (refused.value.code, refused.value.param) == ("audio_undecodable", "file")
    headers = refused.value.response.headers
    assert headers["location"] == f"/status/{headers['x-job-id']}"
    assert service.status(headers["x-job-id"])["status"] == "failed"


def test_a_stream_that_fails_raises(sdk: openai.OpenAI) -> None:
    stream = sdk.audio.transcriptions.create(file=("a.mp3", garbage(8, 3000)), model="whisper-1", stream=True)
    with pytest.raises(openai.APIError) as failed:
        list(stream)
    assert failed.value.code == "audio_undecodable"


def test_a_file_that_is_too_large_is_told_so(sdk: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        sdk.audio.transcriptions.create(file=("a.wav", silence_wav(100, rate=16000)), model="whisper-1")
    assert (refused.value.status_code, refused.value.code) == (413, "upload_too_large")


# What the SDK does not send


def test_granularities_come_in_every_spelling(service: Service) -> None:
    spellings: list[dict[str, Any]] = [
        {"timestamp_granularities[]": ["word", "segment"]},
        {"timestamp_granularities": ["word", "segment"]},
        {"timestamp_granularities": "word,segment"},
        {"timestamp_granularities[0]": "word", "timestamp_granularities[1]": "segment"},
    ]
    for spelling in spellings:
        answer = raw(service, model="whisper-1", response_format="verbose_json", **spelling)
        assert answer.status_code == 200, answer.text
        assert answer.json()["words"]
        assert answer.json()["segments"]


def test_empty_fields_are_as_good_as_none_and_a_model_may_be_left_out(service: Service) -> None:
    answer = raw(service, language="", prompt="", temperature="", response_format="")
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"text", "usage"}


def test_every_answer_says_where_its_job_is(service: Service) -> None:
    answer = raw(service)
    job_id = answer.headers["x-job-id"]
    assert answer.headers["location"] == f"/status/{job_id}"
    assert service.client.get(answer.headers["location"]).json()["status"] == "completed"
    assert service.client.get(f"/result/{job_id}?format=text").text.strip() == answer.json()["text"]


def test_a_stream_on_the_wire(service: Service) -> None:
    answer = raw(service, stream="true")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-job-id"]
    *events, end = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
    assert end == "[DONE]"
    last = json.loads(events[-1])
    assert (last["type"], last["usage"]) == ("transcript.text.done", {"type": "duration", "seconds": 5})


def test_speakers_that_nobody_can_tell_apart_are_refused(service: Service) -> None:
    workers = service.client.get("/health/ready").json()["workers"]
    answer = raw(service, model="gpt-4o-transcribe-diarize", response_format="diarized_json")
    if all(worker["diarizes"] for worker in workers):
        assert {segment["speaker"] for segment in answer.json()["segments"]} <= {"A", "B", "C"}
    else:
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "diarize")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "unknown_url"),
        ("GET", "/v1/audio/transcriptions", 405, "method_not_allowed"),
        ("POST", "/v1/audio/transcriptions", 400, "file_missing"),
    ],
)
def test_errors_of_the_framework_have_the_shape_too(
    service: Service, method: str, path: str, status: int, code: str
) -> None:
    answer = service.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
    assert answer.json()["error"]["code"] == code


def test_json_is_no_form(service: Service) -> None:
    answer = service.client.post("/v1/audio/transcriptions", json={"model": "whisper-1"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "multipart_required")


def test_the_same_request_is_transcribed_once(service: Service) -> None:
    first, second = raw(service, prompt="Once."), raw(service, prompt="Once.")
    assert first.json() == second.json()
    until(lambda: service.status(second.headers["x-job-id"])["cached"] or None, 5)
