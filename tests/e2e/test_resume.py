"""A transcription goes on behind its last committed segment, with the real model, as if it had never broken off."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.options import TranscriptionOptions
from tests.harness.process_tree import process_tree
from tests.harness.service import MODEL_CACHE, Service, until
from tests.media import speech_wav, word_error_rate
from worker.decoder import Decoder
from worker.faster_whisper_transcriber import FasterWhisperTranscriber
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
def transcriber() -> FasterWhisperTranscriber:
    try:
        folder = find_weights("base", MODEL_CACHE)
    except ConfigurationError as error:
        pytest.fail(str(error))
    return FasterWhisperTranscriber(
        folder,
        device="cpu",
        compute_type="int8",
        replicas=1,
        compute_threads=0,
        decoder=Decoder(max_audio_seconds=7200, timeout_seconds=60),
    )


@pytest.mark.parametrize("options", [{}, {"vad_filter": False}, {"language": "en", "word_timestamps": True}])
def test_every_segment_is_a_place_to_go_on_from(
    transcriber: FasterWhisperTranscriber, tmp_path: Path, options: dict[str, object]
) -> None:
    media = tmp_path / "media"
    media.write_bytes(LONG)
    asked = TranscriptionOptions.model_validate(options)
    whole = transcriber.transcribe(media, asked)
    segments = list(whole.segments)
    assert len(segments) > 4
    undisturbed = word_error_rate([(WORDS, "".join(each.text for each in segments))])
    for done in range(1, len(segments) + 1, 3):
        checkpoint = Checkpoint(whole.info, segments[:done])
        rest = transcriber.transcribe(media, asked, checkpoint)
        assert rest.info == whole.info
        joined = [*segments[:done], *rest.segments]
        assert [each.id for each in joined] == list(range(1, len(joined) + 1))
        assert all(each.start >= checkpoint.end_seconds - 0.01 for each in joined[done:])
        rate = word_error_rate([(WORDS, "".join(each.text for each in joined))])
        assert rate <= undisturbed + TOLERANCE_POINTS, f"behind segment {done}: {rate} %, else {undisturbed} %"


def test_a_killed_worker_costs_no_committed_segment(service: Service) -> None:
    undisturbed = service.transcribed(LONG)
    job_id = service.submit(LONG)
    before = until(lambda: found if (found := service.status(job_id))["segments"] else None, 60, service.output)
    (worker,) = (pid for pid, line in process_tree(service.process_id).items() if line.endswith("-m worker "))
    os.kill(worker, signal.SIGKILL)
    assert before["progress"]["percent"] < 100
    after = service.finished(job_id)
    assert (after["status"], after["attempt"]) == ("completed", 2)
    (resumed,) = re.findall(rf"fence=2 .*resumed_from_seconds=(\S+) work_id={job_id}", "\n".join(service.lines))
    assert before["progress"]["audio_seconds_done"] <= float(resumed) < after["progress"]["audio_seconds_total"]
    result = service.client.get(f"/result/{job_id}").json()
    kept = [each for each in undisturbed["segments"] if each["end"] <= float(resumed)]
    assert len(kept) >= before["segments"]
    assert result["segments"][: len(kept)] == kept
    assert word_error_rate([(WORDS, result["text"])]) <= (
        word_error_rate([(WORDS, undisturbed["text"])]) + TOLERANCE_POINTS
    )
