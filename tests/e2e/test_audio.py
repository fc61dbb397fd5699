"""`GET /audio/{job_id}` through the real service: what was sent comes back, in parts, and goes when it is to go."""

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.harness.service import Service, until
from tests.media import clip, garbage, silence_wav

SPEECH = clip("garden")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("audio"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.01",
        CLEAN_UP_SECONDS="1",
        KEEP_AUDIO_HOURS="1",
        MIN_FREE_DISK_MB="1",
    ) as running:
        yield running


def completed(service: Service, name: str = "audio", **options: str) -> str:
    job_id = service.submit(SPEECH, name=name, **options)
    assert service.finished(job_id)["status"] == "completed"
    return job_id


def audio(service: Service, job_id: str, method: str = "GET", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return service.client.request(method, f"/audio/{job_id}", headers=named)


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def await_clean_up(service: Service) -> None:
    """Wait until a clean-up that begins now has ended: it removes this job's audio."""
    job_id = service.submit(garbage(1, 200))
    service.finished(job_id)
    cancelled = service.submit(silence_wav(3600, rate=100))
    service.client.delete(f"/job/{cancelled}")
    service.finished(cancelled)
    until(lambda: None if cancelled in service.media_files() else True, 20, service.output)


def test_the_audio_of_a_completed_job_is_kept_and_comes_back_as_it_was_sent(service: Service) -> None:
    job_id = completed(service, name="interview.html")
    await_clean_up(service)
    answer = audio(service, job_id)
    assert (answer.status_code, answer.content) == (200, SPEECH.read_bytes())
    assert answer.headers["content-type"] == "audio/flac"
    assert 'filename="interview.html.flac"' in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["accept-ranges"] == "bytes"


def test_a_player_gets_the_parts_that_it_asks_for(service: Service) -> None:
    job_id, content = completed(service), SPEECH.read_bytes()
    whole = audio(service, job_id, "HEAD")
    assert (whole.status_code, whole.content) == (200, b"")
    assert int(whole.headers["content-length"]) == len(content)
    part = audio(service, job_id, Range="bytes=100-299")
    assert (part.status_code, part.content) == (206, content[100:300])
    assert part.headers["content-range"] == f"bytes 100-299/{len(content)}"
    assert part.headers["etag"] == whole.headers["etag"]
    same = audio(service, job_id, Range="bytes=-10", If_Range=whole.headers["etag"])
    assert (same.status_code, same.content) == (206, content[-10:])
    other = audio(service, job_id, Range="bytes=-10", If_Range='"another"')
    assert (other.status_code, other.content) == (200, content)
    behind = audio(service, job_id, Range=f"bytes={len(content)}-")
    assert refused(behind) == (416, "range_not_satisfiable")
    assert behind.headers["content-range"] == f"bytes */{len(content)}"


def test_the_audio_of_a_job_under_way_is_there(service: Service) -> None:
    content = silence_wav(3600, rate=100)
    job_id = service.submit(content)
    assert audio(service, job_id).content == content
    service.client.delete(f"/job/{job_id}")


def test_jobs_that_share_a_work_have_one_audio(service: Service) -> None:
    first = service.post(SPEECH).json()["job_id"]
    service.finished(first)
    second = service.post(SPEECH).json()
    assert second["cached"] is True
    for job_id in (first, second["job_id"]):
        assert audio(service, job_id).content == SPEECH.read_bytes()


def test_with_the_job_its_audio_is_erased(service: Service) -> None:
    job_id = completed(service)
    service.client.delete(f"/job/{job_id}").raise_for_status()
    assert job_id not in service.media_files()
    assert refused(audio(service, job_id)) == (404, "job_not_found")


def test_audio_of_which_something_was_redacted_is_not_kept(service: Service) -> None:
    job_id = completed(service, redact="email")
    until(lambda: None if job_id in service.media_files() else True, 20, service.output)
    assert refused(audio(service, job_id)) == (410, "audio_expired")


def test_a_retention_is_the_end_of_kept_audio(service: Service) -> None:
    job_id = completed(service, retention_hours=str(1 / 60))
    assert audio(service, job_id).status_code == 200
    with service.redis() as client:  # which ends now
        for part in (f"work:{job_id}", f"job:{job_id}"):
            client.pexpire(f"scriptorium:{part}", 1)
        client.zadd("scriptorium:expiring", {f"{job_id}:{job_id}:default": time.time() * 1000 - 1})
    until(lambda: None if job_id in service.media_files() else True, 20, service.output)
    assert refused(audio(service, job_id)) == (404, "job_not_found")


def test_a_short_disk_lets_kept_audio_go_and_never_that_which_is_needed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Service(
        tmp_path_factory.mktemp("short"),
        TRANSCRIBER="scripted",
        SCRIPTED_RTF="0.01",
        WORKER_CONCURRENCY="2",
        CLEAN_UP_SECONDS="1",
        KEEP_AUDIO_HOURS="1",
        MAX_FILE_SIZE_MB=str(1 << 24),  # of which there never is room for two
        MIN_FREE_DISK_MB="0",
    ) as short:
        running = short.submit(silence_wav(36000, rate=100))
        job_id = completed(short)
        until(lambda: None if job_id in short.media_files() else True, 20, short.output)
        assert refused(audio(short, job_id)) == (410, "audio_expired")
        assert running in short.media_files()
        short.wait_for_line("kept_audio_removed", seconds=10)
