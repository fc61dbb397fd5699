"""Bad input gets a specific answer, leaves nothing behind, and hurts nobody else's job."""

import http.client
import io
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.harness.service import Service, until
from tests.media import (
    clip,
    garbage,
    references,
    text_named_mp3,
    truncated_flac,
    video_without_audio,
    wav_of_bytes,
    wav_without_samples,
    word_error_rate,
)

LIMIT = 2 * 1024 * 1024
GARDEN = clip("garden").read_bytes()


@pytest.fixture(autouse=True)
def nothing_left_behind(service: Service) -> Iterator[None]:
    """After every test here, no file is left: a refused upload's goes at once, a job's with the clean-up."""
    yield
    until(lambda: None if unfinished_files(service) else True, 10, service.output)


@pytest.fixture(autouse=True, scope="module")
def worker_unharmed(service: Service) -> Iterator[None]:
    """After all of them, the same worker process still transcribes."""
    (before,) = service.client.get("/health/ready").json()["workers"]
    yield
    reference = next(reference for reference in references() if reference.id == "garden")
    transcript = service.transcribed(GARDEN, language="en")
    assert word_error_rate([(reference.text, transcript["text"])]) <= 10
    (after,) = service.client.get("/health/ready").json()["workers"]
    assert after["name"] == before["name"]


def unfinished_files(service: Service) -> list[str]:
    """Return the media files that belong to no job which an operator could still requeue."""
    failed = {
        job["job_id"] for job in service.client.get("/jobs", params={"status": "failed", "limit": 200}).json()["jobs"]
    }
    return [name for name in service.media_files() if name not in failed]


def accepted(service: Service) -> int:
    count: int = service.client.get("/stats").json()["accepted"]
    return count


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


def refused(service: Service, status: int, code: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - httpx takes many
    """Post, and check that it was refused without a job."""
    before = accepted(service)
    problem = assert_problem(service.client.post("/transcribe", **request), status, code)
    assert accepted(service) == before
    return problem


def failed(service: Service, media: bytes, code: str, **options: str) -> dict[str, Any]:
    """Post, and check that the job fails with a code at the first attempt."""
    job_id = service.submit(media, **options)
    status = service.finished(job_id)
    assert (status["status"], status["failure"]["code"], status["attempt"]) == ("failed", code, 1), status
    problem = assert_problem(service.client.get(f"/result/{job_id}"), 422, code)
    assert problem["job_id"] == job_id
    assert problem["detail"] == status["failure"]["detail"]
    return problem


def test_no_body(service: Service) -> None:
    refused(service, 422, "file_missing")


def test_an_empty_multipart_body(service: Service) -> None:
    refused(service, 400, "malformed_body", headers={"content-type": "multipart/form-data; boundary=x"}, content=b"")


def test_an_empty_file(service: Service) -> None:
    refused(service, 422, "file_empty", files={"file": ("empty.wav", b"")})


def test_a_form_without_a_file(service: Service) -> None:
    refused(service, 422, "file_missing", files={"language": (None, "en")})


def test_a_file_in_a_part_of_another_name(service: Service) -> None:
    problem = refused(service, 422, "file_missing", files={"audio": ("a.flac", GARDEN)})
    assert "'audio'" in problem["detail"]


def test_two_files(service: Service) -> None:
    refused(service, 400, "malformed_body", files=[("file", ("a", GARDEN)), ("file", ("b", GARDEN))])


def test_a_body_that_is_no_form(service: Service) -> None:
    refused(service, 415, "multipart_required", content=b"url=x", headers={"content-type": "text/plain"})


def test_text_named_mp3(service: Service) -> None:
    refused(service, 415, "unsupported_media", files={"file": ("speech.mp3", text_named_mp3(), "audio/mpeg")})


def test_a_picture(service: Service) -> None:
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(100)
    problem = refused(service, 415, "unsupported_media", files={"file": ("speech.wav", png, "audio/wav")})
    assert "image/png" in problem["detail"]


def test_a_playlist_that_names_other_files(service: Service) -> None:
    playlist = b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n"
    refused(service, 415, "unsupported_media", files={"file": ("speech.m3u8", playlist)})


def test_a_truncated_flac(service: Service) -> None:
    problem = failed(service, truncated_flac(), "audio_undecodable")
    assert "cut short" in problem["detail"]


def test_binary_nonsense(service: Service) -> None:
    failed(service, garbage(seed=1, size=50_000), "audio_undecodable")


def test_a_wav_without_samples(service: Service) -> None:
    failed(service, wav_without_samples(), "audio_empty")


def test_a_video_without_audio(service: Service) -> None:
    failed(service, video_without_audio(), "no_audio_stream")


def test_a_clip_beyond_the_audio(service: Service) -> None:
    problem = failed(service, GARDEN, "clip_outside_audio", clip_start_seconds="60")
    assert "60" in problem["detail"]


def test_a_file_of_exactly_the_limit(service: Service) -> None:
    job_id = service.submit(wav_of_bytes(LIMIT))
    service.client.delete(f"/job/{job_id}")
    service.finished(job_id)


def test_one_byte_over_the_limit_with_content_length(service: Service) -> None:
    problem = refused(service, 413, "upload_too_large", files={"file": ("long.wav", wav_of_bytes(LIMIT + 1))})
    assert "2 MiB" in problem["detail"]


def test_one_byte_over_the_limit_without_content_length(service: Service) -> None:
    boundary = "boundary"
    body = multipart(wav_of_bytes(LIMIT + 1), boundary)

    def chunks() -> Iterator[bytes]:
        stream = io.BytesIO(body)
        while chunk := stream.read(64 * 1024):
            yield chunk

    refused(
        service,
        413,
        "upload_too_large",
        content=chunks(),
        headers={"content-type": f"multipart/form-data; boundary={boundary}"},
    )


def test_a_body_that_announces_far_too_much_is_refused_before_it_is_sent(service: Service) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    connection.putrequest("POST", "/transcribe")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(10 * 1024**3))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    connection.close()


def test_a_client_that_goes_away_half_way(service: Service) -> None:
    before = accepted(service)
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    body = multipart(wav_of_bytes(LIMIT), "x")
    connection.putrequest("POST", "/transcribe")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[: len(body) * 3 // 4])
    until(lambda: True if any(name.endswith(".part") for name in service.media_files()) else None, 10)
    connection.close()
    until(lambda: None if any(name.endswith(".part") for name in service.media_files()) else True, 10)
    assert accepted(service) == before


@pytest.mark.parametrize(
    ("options", "code", "option"),
    [
        ({"language": "klingon"}, "invalid_options", "language"),
        ({"model": "enormous"}, "unknown_model", "model"),
        ({"beam_size": "0"}, "invalid_options", "beam_size"),
        ({"beam_size": "many"}, "invalid_options", "beam_size"),
        ({"temperature": "nan"}, "invalid_options", "temperature"),
        ({"task": "summarize"}, "invalid_options", "task"),
        ({"clip_start_seconds": "5", "clip_end_seconds": "3"}, "invalid_options", "clip_end_seconds"),
        ({"clip_start_seconds": "-1"}, "invalid_options", "clip_start_seconds"),
        ({"vad_filter": "perhaps"}, "invalid_options", "vad_filter"),
        ({"langauge": "en"}, "invalid_options", "langauge"),
        ({"initial_prompt": "x" * 5000}, "invalid_options", "initial_prompt"),
    ],
)
def test_an_option_that_is_not_valid(service: Service, options: dict[str, str], code: str, option: str) -> None:
    problem = refused(service, 422, code, files={"file": ("a.flac", GARDEN)}, data=options)
    assert [error["option"] for error in problem["errors"]] == [option]


def test_several_invalid_options_are_all_named(service: Service) -> None:
    problem = refused(
        service, 422, "invalid_options", files={"file": ("a.flac", GARDEN)}, data={"beam_size": "0", "language": "xx"}
    )
    assert {error["option"] for error in problem["errors"]} == {"beam_size", "language"}


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\..\\windows\\system32", "/absolute/path.flac", "a\x00b\nc.flac"]
)
def test_a_file_name_is_only_ever_shown(service: Service, name: str) -> None:
    job_id = service.submit(GARDEN, name=name)
    shown = service.status(job_id)["file_name"]
    assert shown is None or not set(shown) & set("/\\\n\x00")
    assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in service.media_files())
    assert service.finished(job_id)["status"] == "completed"


@pytest.mark.parametrize("job_id", ["0" * 32, "nonsense", "..%2f..%2fetc%2fpasswd", "A" * 32, "é"])
def test_an_unknown_job(service: Service, job_id: str) -> None:
    for method, path in (("GET", "/status/"), ("GET", "/result/"), ("DELETE", "/job/")):
        answer = service.client.request(method, path + job_id)
        assert answer.status_code == 404
        assert answer.json()["code"] in {"job_not_found", "not_found"}


def test_an_unknown_result_format(service: Service) -> None:
    answer = service.client.get(f"/result/{'0' * 32}", params={"format": "docx"})
    problem = assert_problem(answer, 422, "invalid_options")
    assert problem["errors"][0]["option"] == "format"


def test_a_cursor_of_somebody_elses_making(service: Service) -> None:
    assert_problem(service.client.get("/jobs", params={"cursor": "zzz"}), 422, "invalid_options")


@pytest.mark.parametrize("offset", [-1, 2**63 - 1, 10**30])
def test_an_offset_that_nobody_gets_to(service: Service, offset: int) -> None:
    assert_problem(service.client.get("/dead-letters", params={"offset": offset}), 422, "invalid_options")


def test_an_unknown_route_and_a_wrong_method(service: Service) -> None:
    assert_problem(service.client.get("/nothing"), 404, "not_found")
    assert_problem(service.client.put("/transcribe"), 405, "method_not_allowed")


def multipart(media: bytes, boundary: str) -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'.encode()
    return head + media + f"\r\n--{boundary}--\r\n".encode()
