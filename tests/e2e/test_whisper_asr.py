"""whisper-asr-webservice's API: what Bazarr and Speakr really send, and what they read of the answers."""

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import quote, urlencode

import pysubs2
import pytest

from core.version import VERSION
from tests.harness.service import Service
from tests.media import bare_pcm, clip, garbage, references, silence_wav, word_error_rate

TEXTS = {each.id: each.text for each in references()}
BOUNDARY = "0123456789abcdef0123456789abcdef"
"""As urllib3 draws one: 32 hexadecimal digits."""
FILM = "/media/Films/Ein Film (2024)/Ein Film & mehr.mkv"


def bazarr(service: Service, path: str, query: Mapping[str, str], samples: bytes) -> HTTPResponse:
    """Send what Bazarr's `requests` does, byte for byte: a session with its own User-Agent, a form with one file."""
    body = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="audio_file"; filename="audio_file"\r\n\r\n'
    ).encode()
    body += samples + f"\r\n--{BOUNDARY}--\r\n".encode()
    target = f"{path}?{urlencode(query)}"
    head = (
        f"POST {target} HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{service.port}\r\n"
        "User-Agent: Subliminal/2.1\r\n"
        "Accept-Encoding: gzip, deflate\r\n"
        "Accept: */*\r\n"
        "Connection: keep-alive\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        "\r\n"
    )
    connection = HTTPConnection("127.0.0.1", service.port, timeout=120)
    connection.connect()
    connection.sock.sendall(head.encode() + body)
    answer = HTTPResponse(connection.sock, method="POST")
    answer.begin()
    return answer


@pytest.mark.parametrize("video_name", [{}, {"video_file": FILM}], ids=["nameless", "named"])
def test_bazarrs_bare_samples_get_their_subtitles(service: Service, video_name: dict[str, str]) -> None:
    query = {"task": "transcribe", "language": "en", "output": "srt", "encode": "false", **video_name}
    answer = bazarr(service, "/asr", query, bare_pcm("lighthouse"))
    content = answer.read()
    assert answer.status == 200, content
    subtitles = pysubs2.SSAFile.from_string(content.decode(), format_="srt")
    heard = " ".join(subtitle.plaintext for subtitle in subtitles)
    assert word_error_rate([(TEXTS["lighthouse"], heard)]) < 10
    assert all(subtitle.start < subtitle.end for subtitle in subtitles)
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["asr-engine"]
    assert answer.headers["content-disposition"] == 'attachment; filename="audio_file.srt"'
    job = service.status(str(answer.headers["x-job-id"]))
    assert (job["status"], job["options"]["language"]) == ("completed", "en")
    assert job["progress"]["audio_seconds_total"] == pytest.approx(len(bare_pcm("lighthouse")) / 32_000, abs=0.01)


def test_bazarr_has_the_language_detected(service: Service) -> None:
    answer = bazarr(service, "/detect-language", {"encode": "false", "video_file": FILM}, bare_pcm("garden"))
    found = json.loads(answer.read())
    assert (answer.status, found["detected_language"], found["language_code"]) == (200, "english", "en")
    assert 0.5 < found["confidence"] <= 1


def test_only_the_beginning_says_what_language_it_is(service: Service) -> None:
    answer = service.client.post("/detect-language", files={"audio_file": ("minute.wav", silence_wav(60, rate=8000))})
    assert answer.status_code == 200
    job = service.status(answer.headers["x-job-id"])
    assert job["options"]["clip_end_seconds"] == 30


def test_bazarrs_test_of_a_connection_finds_a_version(service: Service) -> None:
    assert service.client.get("/status").json() == {"version": VERSION}
    assert service.client.get("/status/nonsense").status_code == 404  # ours is beside it


@pytest.mark.parametrize("encode", ["true", "false"])
def test_a_container_is_one_whatever_is_said_of_it(service: Service, encode: str) -> None:
    answer = service.client.post(
        "/asr", params={"encode": encode}, files={"audio_file": ("a b.flac", clip("snow").read_bytes())}
    )
    assert answer.status_code == 200
    assert word_error_rate([(TEXTS["snow"], answer.text)]) < 10
    assert answer.headers["content-disposition"] == f'attachment; filename="{quote("a b.flac")}.txt"'


def test_speakr_gets_segments_as_json(service: Service) -> None:
    answer = service.client.post(
        "/asr",
        params={
            "encode": "True",
            "task": "transcribe",
            "output": "json",
            "language": "en",
            "diarize": "False",
            "enable_diarization": "False",
            "initial_prompt": "A conversation.",
            "hotwords": "lighthouse",
            "word_timestamps": "true",
        },
        files={"audio_file": ("meeting.webm", clip("kitchen").read_bytes(), "audio/webm")},
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    told = json.loads(answer.text)
    assert told["language"] == "en"
    assert word_error_rate([(TEXTS["kitchen"], told["text"])]) < 10
    assert "".join(segment["text"] for segment in told["segments"]).strip() == told["text"]
    for segment in told["segments"]:
        assert segment["start"] < segment["end"]
        assert " ".join(word["word"] for word in segment["words"]) == segment["text"].strip()


@pytest.mark.parametrize(
    ("output", "begins"), [("txt", ""), ("vtt", "WEBVTT\n"), ("srt", "1\n"), ("tsv", "start\tend\ttext\n")]
)
def test_every_output(service: Service, output: str, begins: str) -> None:
    answer = service.client.post(
        "/asr", params={"output": output}, files={"audio_file": ("garden.flac", clip("garden").read_bytes())}
    )
    assert (answer.status_code, answer.text.startswith(begins)) == (200, True)


@pytest.mark.parametrize(
    ("query", "files", "status", "said"),
    [
        ({"language": "klingon"}, {"audio_file": ("a", silence_wav(1))}, 422, "language"),
        ({"output": "docx"}, {"audio_file": ("a", silence_wav(1))}, 422, "output"),
        ({"min_speakers": "0"}, {"audio_file": ("a", silence_wav(1))}, 422, "min_speakers"),
        ({}, {"file": ("a", silence_wav(1))}, 422, "audio_file"),
        ({}, {"audio_file": ("a", b"")}, 422, "no bytes"),
        ({}, {"audio_file": ("a", b"A shopping list. " * 20)}, 415, "plain text"),
        ({}, {"audio_file": ("a", garbage(7, 3000))}, 422, "decoded"),
        ({"encode": "false"}, {"audio_file": ("a", bytes(3 << 20))}, 413, "MAX_FILE_SIZE_MB"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_as_fastapi_does(
    service: Service, query: dict[str, str], files: dict[str, Any], status: int, said: str
) -> None:
    answer = service.client.post("/asr", params=query, files=files)
    assert answer.status_code == status
    document = answer.json()
    assert set(document) == {"detail"}
    if isinstance(document["detail"], list):
        assert {"type", "loc", "msg"} == set(document["detail"][0])
    assert said in json.dumps(document)
