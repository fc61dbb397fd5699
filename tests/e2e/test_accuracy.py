"""The service's transcripts are as good as faster-whisper's own, on the same weights."""

import pytest
from faster_whisper import WhisperModel

from tests.harness.service import MODEL_CACHE, Service
from tests.media import Reference, references, shared_speech, word_error_rate

TOLERANCE_POINTS = 0.5


SETS = {"our own clips": references(), "real recordings": shared_speech()}
"""The recordings lie beside the repository where they are to be had; a clone has the clips."""


@pytest.mark.parametrize("name", [name for name, clips in SETS.items() if clips])
def test_the_english_word_error_rate_is_that_of_faster_whisper(service: Service, name: str) -> None:
    clips = [reference for reference in SETS[name] if reference.language == "en"]
    job_ids = [service.submit(reference.path, language="en") for reference in clips]
    for job_id in job_ids:
        assert service.finished(job_id, seconds=300)["status"] == "completed"
    ours = [service.client.get(f"/result/{job_id}").json()["text"] for job_id in job_ids]

    model = WhisperModel(str(MODEL_CACHE / "base"), device="cpu", compute_type="int8")
    theirs = [
        "".join(segment.text for segment in model.transcribe(str(reference.path), language="en")[0])
        for reference in clips
    ]

    texts = [reference.text for reference in clips]
    our_rate = word_error_rate(list(zip(texts, ours, strict=True)))
    their_rate = word_error_rate(list(zip(texts, theirs, strict=True)))
    print(f"English WER, {name}, {len(clips)}: service {our_rate:.2f} %, faster-whisper {their_rate:.2f} %")  # noqa: T201
    assert our_rate == pytest.approx(their_rate, abs=TOLERANCE_POINTS)


@pytest.mark.parametrize(
    "reference", [each for each in shared_speech() if each.language != "en"], ids=lambda each: each.id
)
def test_the_language_is_detected(service: Service, reference: Reference) -> None:
    job_id = service.submit(reference.path)
    assert service.finished(job_id)["language"] == reference.language


@pytest.mark.parametrize("reference", [each for each in shared_speech() if each.id == "jfk"], ids=lambda each: each.id)
def test_a_famous_sentence_is_recognised(service: Service, reference: Reference) -> None:
    assert "ask not what your country can do for you" in service.transcribed(reference.path)["text"].lower()
