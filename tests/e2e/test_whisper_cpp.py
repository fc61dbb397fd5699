"""`POST /inference` as clients of whisper.cpp's server send it, against the whole service with the real model."""

import io
from typing import Any

import httpx
import pysubs2
import pytest
import webvtt

from tests.harness.service import Service
from tests.media import clip, garbage

GARDEN = "the garden behind the house was small"


def infer(service: Service, name: str = "garden", **fields: Any) -> httpx.Response:  # noqa: ANN401 - as httpx takes it
    return service.client.post(
        "/inference", files={"file": (f"{name}.flac", clip(name).read_bytes(), "audio/flac")}, data=fields
    )


def test_what_its_readme_sends(service: Service) -> None:
    answer = infer(service, temperature="0.0", temperature_inc="0.2", response_format="json")
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"text"}
    assert GARDEN in answer.json()["text"].lower()
    assert answer.json()["text"].endswith("\n")
    assert answer.headers["location"] == f"/status/{answer.headers['x-job-id']}"


def test_json_is_the_default_and_text_is_the_same_text(service: Service) -> None:
    assert infer(service).json()["text"] == infer(service, response_format="text").text


def test_verbose_json(service: Service) -> None:
    answer = infer(service, "snow", response_format="verbose_json", language="auto").json()
    assert (answer["task"], answer["language"], answer["detected_language"]) == ("transcribe", "english", "english")
    assert answer["duration"] == pytest.approx(13.26, abs=0.02)
    assert answer["language_probabilities"] == {"en": answer["detected_language_probability"]}
    assert [segment["id"] for segment in answer["segments"]] == list(range(len(answer["segments"])))
    assert answer["text"] == "".join(f"{segment['text']}\n" for segment in answer["segments"])
    for segment in answer["segments"]:
        assert segment["tokens"]
        assert "".join(word["word"] for word in segment["words"]) == segment["text"]
        assert all(0 <= word["probability"] <= 1 for word in segment["words"])
        assert segment["start"] <= segment["words"][0]["start"] <= segment["words"][-1]["end"] <= segment["end"] + 0.5


def test_verbose_json_without_timestamps_has_no_words(service: Service) -> None:
    answer = infer(service, response_format="verbose_json", no_timestamps="true").json()
    assert [segment["words"] for segment in answer["segments"]] == [[]]


def test_subtitles_parse(service: Service) -> None:
    srt = infer(service, "snow", response_format="srt").text
    assert "snow" in pysubs2.SSAFile.from_string(srt, format_="srt")[0].plaintext
    vtt = infer(service, "snow", response_format="vtt").text
    assert "snow" in webvtt.from_buffer(io.StringIO(vtt)).captions[0].text


@pytest.mark.parametrize("split_on_word", ["true", "false"])
def test_segments_are_as_short_as_asked_for(service: Service, split_on_word: str) -> None:
    whole = infer(service, "snow", response_format="verbose_json").json()
    answer = infer(service, "snow", response_format="verbose_json", max_len="20", split_on_word=split_on_word).json()
    assert all(len(segment["text"].strip()) <= 20 for segment in answer["segments"])
    starts = [segment["start"] for segment in answer["segments"]]
    assert len(starts) > 8
    assert starts == sorted(starts)
    assert answer["text"].replace("\n", "") == whole["text"].replace("\n", "")
    srt = infer(service, "snow", response_format="srt", max_len="20").text
    cues = pysubs2.SSAFile.from_string(srt, format_="srt")
    assert all(len(cue.plaintext) <= 20 for cue in cues)


def test_a_part_of_the_audio(service: Service) -> None:
    answer = infer(service, "snow", response_format="verbose_json", offset_t="5000", duration="4000").json()
    assert "children" in answer["text"].lower()
    assert "snow fell" not in answer["text"].lower()
    assert all(4.5 <= segment["start"] < segment["end"] <= 9.5 for segment in answer["segments"])


def test_options_are_those_of_the_job(service: Service) -> None:
    answer = infer(
        service,
        language="german",
        detect_language="true",
        translate="true",
        prompt="Gardening.",
        beam_size="2",
        vad="false",
        quality="fast",
    )
    options = service.status(answer.headers["x-job-id"])["options"]
    assert (options["language"], options["task"], options["initial_prompt"]) == (None, "translate", "Gardening.")
    assert (options["beam_size"], options["vad_filter"], options["quality"]) == (2, False, "fast")


def test_what_means_nothing_here_is_passed_over(service: Service) -> None:
    answer = infer(service, vad_threshold="0.5", entropy_thold="2.4", suppress_nst="true", colour="red", model="")
    assert GARDEN in answer.json()["text"].lower()


@pytest.mark.parametrize(
    "fields",
    [{"language": "klingon"}, {"offset_t": "soon"}, {"duration": "-1"}, {"response_format": "docx"}, {"model": "huge"}],
    ids=str,
)
def test_what_makes_no_sense_is_refused_in_its_shape(service: Service, fields: dict[str, str]) -> None:
    answer = infer(service, **fields)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert next(iter(fields)) in answer.json()["error"]


def test_no_file_and_no_audio(service: Service) -> None:
    answer = service.client.post("/inference", files={"audio": ("a.wav", b"x")})
    assert answer.status_code == 400
    assert "'file'" in answer.json()["error"]
    answer = service.client.post("/inference", files={"file": ("a.mp3", garbage(9, 3000))})
    assert answer.status_code == 400
    assert service.status(answer.headers["x-job-id"])["failure"]["code"] == "audio_undecodable"
    assert service.client.get("/inference").json()["error"]


def test_its_health_probe_is_answered(service: Service) -> None:
    answer = service.client.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
