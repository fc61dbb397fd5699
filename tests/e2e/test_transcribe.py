"""Speech in, transcript out: the whole service over HTTP, with the real model."""

import re

import httpx
import pysubs2
import pytest
import webvtt

from tests.harness.service import Service
from tests.media import TRANSCODINGS, Transcoding, clip, references, silence_wav, transcoded, word_error_rate

GARDEN = next(reference for reference in references() if reference.id == "garden")


def test_a_clip_becomes_its_words(service: Service) -> None:
    for reference in references():
        transcript = service.transcribed(reference.path, language="en")
        assert word_error_rate([(reference.text, transcript["text"])]) <= 10, transcript["text"]
        assert transcript["duration_seconds"] == pytest.approx(reference.duration_seconds, abs=0.1)


def test_the_answer_to_a_submission_says_where_to_look(service: Service) -> None:
    file = {"file": ("garden.flac", GARDEN.path.read_bytes())}
    # A transcription of its own, whoever else has sent this clip before.
    answer = service.client.post("/transcribe", files=file, headers={"Cache-Control": "no-cache"})
    assert answer.status_code == 202
    document = answer.json()
    assert document["status"] == "queued"
    assert re.fullmatch("[0-9a-f]{32}", document["job_id"])
    assert answer.headers["location"] == f"/status/{document['job_id']}"
    status = service.client.get(answer.headers["location"]).json()
    assert (status["job_id"], status["file_name"]) == (document["job_id"], "garden.flac")


def test_a_finished_job_tells_its_story(service: Service) -> None:
    status = service.finished(service.submit(GARDEN.path))
    assert status["status"] == "completed"
    assert status["language"] == "en"
    assert status["progress"]["percent"] == 100
    assert status["progress"]["audio_seconds_done"] == pytest.approx(GARDEN.duration_seconds, abs=0.1)
    assert status["segments"] >= 1
    assert status["attempt"] == 1
    assert status["queue_position"] is None
    assert status["created_at"] <= status["started_at"] <= status["finished_at"] < status["expires_at"]


@pytest.mark.parametrize("transcoding", TRANSCODINGS, ids=lambda transcoding: transcoding.name)
def test_every_usual_format_is_understood(service: Service, transcoding: Transcoding) -> None:
    media = transcoded(GARDEN.path, transcoding.container, transcoding.codec)
    transcript = service.transcribed(media, name="recording", language="en")
    assert word_error_rate([(GARDEN.text, transcript["text"])]) <= 10, transcript["text"]


def test_options_reach_the_job_unchanged(service: Service) -> None:
    options = {
        "language": "English",
        "task": "transcribe",
        "initial_prompt": "Gardens, and the people who keep them.",
        "hotwords": "garden",
        "beam_size": "2",
        "temperature": "0.2",
        "quality": "fast",
        "multilingual": "false",
        "channels": "mix",
        "vad_filter": "false",
        "word_timestamps": "true",
        "model": "base",
        "clip_start_seconds": "0.5",
        "clip_end_seconds": "4",
    }
    job_id = service.submit(GARDEN.path, **options)
    assert service.status(job_id)["options"] == {
        "language": "en",
        "task": "transcribe",
        "initial_prompt": "Gardens, and the people who keep them.",
        "hotwords": "garden",
        "beam_size": 2,
        "temperature": 0.2,
        "quality": "fast",
        "multilingual": False,
        "channels": "mix",
        "vad_filter": False,
        "diarize": False,
        "min_speakers": None,
        "max_speakers": None,
        "word_timestamps": True,
        "redact": [],
        "model": "base",
        "clip_start_seconds": 0.5,
        "clip_end_seconds": 4.0,
    }
    assert service.finished(job_id)["status"] == "completed"
    words = service.client.get(f"/result/{job_id}").json()["segments"][0]["words"]
    assert all(0.5 <= word["start"] <= word["end"] <= 4.2 for word in words)


def test_a_clip_of_the_audio_keeps_the_times_of_the_whole(service: Service) -> None:
    whole = service.transcribed(clip("snow"), language="en", word_timestamps="true")
    words = [word for segment in whole["segments"] for word in segment["words"]]
    middle = words[len(words) // 2]["start"]
    part = service.transcribed(
        clip("snow"), language="en", word_timestamps="true", clip_start_seconds=str(round(middle, 2))
    )
    assert part["segments"][0]["start"] >= middle - 0.1
    assert part["segments"][-1]["end"] == pytest.approx(whole["segments"][-1]["end"], abs=1.0)
    assert len(part["text"]) < 0.8 * len(whole["text"])


def test_silence_gives_no_text(service: Service) -> None:
    transcript = service.transcribed(silence_wav(10))
    assert (transcript["text"], transcript["segments"]) == ("", [])


@pytest.fixture(scope="module")
def timed_job(service: Service) -> str:
    job_id = service.submit(clip("snow"), language="en", word_timestamps="true")
    assert service.finished(job_id)["status"] == "completed"
    return job_id


def fetch(service: Service, job_id: str, **query: str | int) -> httpx.Response:
    answer = service.client.get(f"/result/{job_id}", params=query)
    assert answer.status_code == 200, answer.text
    return answer


def test_all_formats_hold_the_same_words(service: Service, timed_job: str) -> None:
    text = fetch(service, timed_job).json()["text"]
    spoken = text.split()
    verbose = fetch(service, timed_job, format="verbose_json").json()
    assert verbose["text"] == text
    assert [word["word"] for word in verbose["words"]] == spoken
    assert {"id", "seek", "start", "end", "text", "tokens", "temperature", "avg_logprob"} <= set(verbose["segments"][0])
    assert fetch(service, timed_job, format="text").text.split() == spoken
    srt = pysubs2.SSAFile.from_string(fetch(service, timed_job, format="srt").text, format_="srt")
    assert " ".join(line.plaintext for line in srt).split() == spoken
    vtt = webvtt.from_string(fetch(service, timed_job, format="vtt").text)
    assert " ".join(caption.text for caption in vtt.captions).split() == spoken
    rows = fetch(service, timed_job, format="tsv").text.splitlines()
    assert rows[0] == "start\tend\ttext"
    assert " ".join(row.split("\t")[2] for row in rows[1:]).split() == spoken


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("json", "application/json"),
        ("verbose_json", "application/json"),
        ("text", "text/plain; charset=utf-8"),
        ("srt", "application/x-subrip; charset=utf-8"),
        ("vtt", "text/vtt; charset=utf-8"),
        ("tsv", "text/tab-separated-values; charset=utf-8"),
    ],
)
def test_every_format_has_its_type(service: Service, timed_job: str, name: str, content_type: str) -> None:
    assert fetch(service, timed_job, format=name).headers["content-type"] == content_type


def test_subtitles_obey_the_line_rules(service: Service, timed_job: str) -> None:
    srt = pysubs2.SSAFile.from_string(
        fetch(service, timed_job, format="srt", max_line_length=20, max_lines=1).text, format_="srt"
    )
    assert len(srt) > 3
    assert max(len(line) for cue in srt for line in cue.plaintext.splitlines()) <= 20
    assert all(len(cue.plaintext.splitlines()) == 1 for cue in srt)


def test_translation_writes_english(service: Service) -> None:
    job_id = service.submit(GARDEN.path, language="de", task="translate")
    assert service.finished(job_id)["status"] == "completed"
    assert fetch(service, job_id, format="verbose_json").json()["task"] == "translate"


def test_jobs_are_listed_newest_first_and_filtered(service: Service) -> None:
    job_id = service.submit(GARDEN.path)
    service.finished(job_id)
    first = service.client.get("/jobs", params={"limit": 1}).json()
    assert [job["job_id"] for job in first["jobs"]] == [job_id]
    second = service.client.get("/jobs", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert second["jobs"][0]["created_at"] <= first["jobs"][0]["created_at"]
    failed = service.client.get("/jobs", params={"status": "failed"}).json()
    assert all(job["status"] == "failed" for job in failed["jobs"])


def test_an_erased_job_leaves_nothing(service: Service) -> None:
    job_id = service.submit(GARDEN.path)
    service.finished(job_id)
    answer = service.client.delete(f"/job/{job_id}")
    assert (answer.status_code, answer.json()["outcome"]) == (200, "erased")
    assert job_id not in service.media_files()
    with service.redis() as redis:
        assert [key for key in redis.scan_iter() if job_id in key] == []
    for path in (f"/status/{job_id}", f"/result/{job_id}"):
        assert service.client.get(path).status_code == 404
    assert service.client.delete(f"/job/{job_id}").status_code == 404


def test_operators_see_what_goes_on(service: Service) -> None:
    service.finished(service.submit(GARDEN.path))
    ready = service.client.get("/health/ready").json()
    assert ready["status"] == "ready"
    assert [worker["lane"] for worker in ready["workers"]] == ["base"]
    assert ready["mean_latency_seconds"] > 0
    stats = service.client.get("/stats").json()
    assert stats["completed"] >= 1
    assert stats["accepted"] >= stats["completed"]
    assert stats["audio_seconds_completed"] > 0
    assert stats["rtf"] > 0
    metrics = service.client.get("/metrics").text
    assert 'transcription_requests_total{method="POST",route="/transcribe",status="202"}' in metrics
    assert 'transcription_queue_depth{lane="base"}' in metrics
    port = ready["workers"][0]["metrics_port"]
    worker = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
    assert re.search(r'transcription_attempts_total\{outcome="completed",sensitivity=""\} [1-9]', worker)
    assert re.search(r"transcription_model_load_seconds [0-9.]*[1-9]", worker)
