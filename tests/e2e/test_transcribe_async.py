"""The asynchronous pair: a job is posted to one address, and asked for status and transcript at another."""

from tests.harness.service import Service, until
from tests.media import clip, garbage, references, silence_wav, word_error_rate

GARDEN = next(each for each in references() if each.id == "garden")


def finished(service: Service, job_id: str) -> dict[str, object]:
    def look() -> dict[str, object] | None:
        document: dict[str, object] = service.client.get(f"/transcribe/{job_id}").json()
        return document if document["status"] in {"completed", "failed", "cancelled"} else None

    return until(look, 60, service.output)


def test_a_file_becomes_a_job_and_the_job_a_transcript(service: Service) -> None:
    answer = service.client.post(
        "/transcribe/async", files={"file": ("garden.flac", clip("garden").read_bytes())}, data={"language": "en"}
    )
    assert answer.status_code == 202
    accepted = answer.json()
    assert answer.headers["location"] == f"/status/{accepted['job_id']}"
    told = finished(service, accepted["job_id"])
    assert (told["status"], told["error"], told["file_name"]) == ("completed", None, "garden.flac")
    result = told["result"]
    assert result == service.client.get(f"/result/{accepted['job_id']}").json()
    assert isinstance(result, dict)
    assert word_error_rate([(GARDEN.text, result["text"])]) < 10


def test_a_job_that_fails_says_why(service: Service) -> None:
    answer = service.client.post("/transcribe/async", files={"file": ("noise", garbage(3, 4000))})
    told = finished(service, answer.json()["job_id"])
    assert (told["status"], told["result"]) == ("failed", None)
    assert "decoded" in str(told["error"])


def test_a_job_under_way_has_no_result_yet_and_a_cancelled_one_never(scripted_service: Service) -> None:
    answer = scripted_service.client.post(
        "/transcribe/async", files={"file": ("hour.wav", silence_wav(3600, rate=100))}
    )
    job_id = answer.json()["job_id"]
    told = scripted_service.client.get(f"/transcribe/{job_id}").json()
    assert (told["status"] in {"queued", "processing"}, told["result"], told["error"]) == (True, None, None)
    scripted_service.client.delete(f"/job/{job_id}")
    assert finished(scripted_service, job_id)["error"] == "The job was cancelled."


def test_what_is_wrong_is_a_problem_as_everywhere(service: Service) -> None:
    assert service.client.post("/transcribe/async", data={"language": "en"}).json()["code"] == "multipart_required"
    for job_id in ("async", "0" * 32):
        answer = service.client.get(f"/transcribe/{job_id}")
        assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")
