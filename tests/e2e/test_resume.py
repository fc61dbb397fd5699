"""A transcription goes on behind its last committed segment, with the real model, as if it had never broken off."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.options import TranscriptionOptions
from tests.harness.process_tree import running
from tests.harness.service import MODEL_CACHE, Service, until
from tests.media import speech_wav, word_error_rate
from worker.decoder import Decoder
from worker.diarization.diarizer import VoiceDiarizer
from worker.diarization.model_file import find_voice_model
from worker.diarization.transcriber import DiarizingTranscriber
from worker.diarization.voice_model import OnnxVoiceModel
from worker.engine.transcriber import WhisperTranscriber
from worker.engine.whisper import Placement
from worker.redaction.finder import PiiFinder
from worker.redaction.transcriber import RedactingTranscriber
from worker.transcriber import Checkpoint
from worker.weights import find_weights

LONG, WORDS = speech_wav()
TOLERANCE_POINTS = 2.5
"""One word of about a hundred may be heard differently at the place where it broke off."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(
        tmp_path_factory.mktemp("resume"), LEASE_SECONDS="3", HEARTBEAT_SECONDS="1", REAP_SECONDS="1"
    ) as running:
        yield running


@pytest.fixture(scope="module")
def transcriber() -> WhisperTranscriber:
    try:
        folder = find_weights("base", MODEL_CACHE)
    except ConfigurationError as error:
        pytest.fail(str(error))
    placement = Placement.choose(device="cpu", compute_type=None, replicas=0, compute_threads=0, batch_size=0)
    return WhisperTranscriber(folder, placement, Decoder(max_audio_seconds=7200, timeout_seconds=60))


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"quality": "fast", "vad_filter": False},
        {"language": "en", "word_timestamps": True},
        {"clip_start_seconds": 3.3, "clip_end_seconds": 40},
    ],
)
def test_what_follows_a_passage_is_what_would_have_followed(
    transcriber: WhisperTranscriber, tmp_path: Path, options: dict[str, object]
) -> None:
    media = tmp_path / "media"
    media.write_bytes(LONG)
    asked = TranscriptionOptions.model_validate(options)
    passages = list(transcriber.transcribe(media, asked))
    assert sum(bool(passage.segments) for passage in passages) > 1
    for done in range(1, len(passages) + 1):
        committed = [segment for passage in passages[:done] for segment in passage.segments]
        rest = list(transcriber.transcribe(media, asked, Checkpoint(passages[done - 1].info, committed)))
        following = [segment for passage in passages[done:] for segment in passage.segments]
        assert [segment for passage in rest for segment in passage.segments] == following
        assert rest[-1].info == passages[-1].info


def test_speakers_are_the_same_behind_a_passage(transcriber: WhisperTranscriber, tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.write_bytes(LONG)
    model = find_voice_model("", MODEL_CACHE)
    assert model is not None
    diarizing = DiarizingTranscriber(
        transcriber, Decoder(max_audio_seconds=7200, timeout_seconds=60), VoiceDiarizer(OnnxVoiceModel(model))
    )
    whole = RedactingTranscriber(diarizing, PiiFinder(name_model=None, phone_regions=["US"]))
    asked = TranscriptionOptions.model_validate({"diarize": True, "language": "en", "redact": "phone"})
    passages = list(whole.transcribe(media, asked))
    segments = [segment for passage in passages for segment in passage.segments]
    assert {segment.speaker for segment in segments} == {1, 2}
    spoken = [done for done, passage in enumerate(passages, start=1) if passage.segments]
    for done in (spoken[0], spoken[-2]):
        committed = [segment for passage in passages[:done] for segment in passage.segments]
        rest = whole.transcribe(media, asked, Checkpoint(passages[done - 1].info, committed))
        assert [*committed, *(each for passage in rest for each in passage.segments)] == segments


def test_the_accurate_way_goes_on_behind_any_segment(transcriber: WhisperTranscriber, tmp_path: Path) -> None:
    """Not as exactly: where it broke off, a window begins that would have begun elsewhere."""
    media = tmp_path / "media"
    media.write_bytes(LONG)
    asked = TranscriptionOptions(quality="accurate")
    passages = list(transcriber.transcribe(media, asked))
    segments = [segment for passage in passages for segment in passage.segments]
    assert len(segments) > 4
    undisturbed = word_error_rate([(WORDS, "".join(each.text for each in segments))])
    for done in range(1, len(segments) + 1, 4):
        checkpoint = Checkpoint(passages[-1].info, segments[:done])
        rest = list(transcriber.transcribe(media, asked, checkpoint))
        joined = [*segments[:done], *(segment for passage in rest for segment in passage.segments)]
        assert rest[-1].info == passages[-1].info
        assert [each.id for each in joined] == list(range(1, len(joined) + 1))
        assert all(each.start >= checkpoint.end_seconds - 0.01 for each in joined[done:])
        rate = word_error_rate([(WORDS, "".join(each.text for each in joined))])
        assert rate <= undisturbed + TOLERANCE_POINTS, f"behind segment {done}: {rate} %, else {undisturbed} %"


@pytest.mark.parametrize("options", [{}, {"diarize": "true"}])
def test_a_killed_worker_costs_no_committed_segment(service: Service, options: dict[str, str]) -> None:
    undisturbed = service.transcribed(LONG, **options)
    job_id = service.submit(LONG, **options)
    before = until(lambda: found if (found := service.status(job_id))["segments"] else None, 60, service.output)
    (worker,) = running(service.process_id, "worker")
    os.kill(worker, signal.SIGKILL)
    assert before["progress"]["percent"] < 100
    after = service.finished(job_id)
    assert (after["status"], after["attempt"]) == ("completed", 2)
    (resumed,) = re.findall(rf"fence=2 .*resumed_from_seconds=(\S+) work_id={job_id}", "\n".join(service.lines))
    assert before["progress"]["audio_seconds_done"] <= float(resumed) < after["progress"]["audio_seconds_total"]
    result = service.client.get(f"/result/{job_id}").json()
    assert {each.get("speaker") for each in result["segments"]} == ({1, 2} if options else {None})
    kept = [each for each in undisturbed["segments"] if each["end"] <= float(resumed)]
    assert len(kept) >= before["segments"]
    assert result["segments"][: len(kept)] == kept
    assert word_error_rate([(WORDS, result["text"])]) <= (
        word_error_rate([(WORDS, undisturbed["text"])]) + TOLERANCE_POINTS
    )
