"""Who says what, through the real service: by voice, by channel, in every format, and refused where nobody can tell."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pysubs2
import pytest
import webvtt
from numpy.typing import NDArray

from bench.conversations import Conversation, conversation
from tests.diarization_error import DiarizationError, diarization_error
from tests.harness.service import REPOSITORY, Service
from tests.media import clip, samples_of, silence_wav, wav_of

GOLDEN_SET = REPOSITORY / "worker" / "golden" / "set"
RECORDINGS = {
    "slt": [clip("garden"), clip("kitchen"), clip("lighthouse"), clip("station")],
    "rms": [clip("library"), clip("snow")],
    "espeak": [GOLDEN_SET / "en-harbour.opus", GOLDEN_SET / "en-market.opus"],
}
"""Three synthetic voices: two of flite's, one of espeak-ng's."""


def talk_of(*names: str, turns: int, seed: int) -> Conversation:
    voices = {name: [spoken_part(samples_of(path)) for path in RECORDINGS[name]] for name in names}
    return conversation(voices, turns=turns, seed=seed)


def spoken_part(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1]


def error_of(talk: Conversation, segments: Sequence[Mapping[str, Any]]) -> DiarizationError:
    return diarization_error(
        [(turn.start, turn.end, turn.speaker) for turn in talk.turns],
        [(segment["start"], segment["end"], segment["speaker"]) for segment in segments],
    )


def assert_in_order_of_appearance(segments: Sequence[Mapping[str, Any]], speakers: int) -> None:
    assert list(dict.fromkeys(segment["speaker"] for segment in segments)) == list(range(1, speakers + 1))
    # By their start; with channels, they are numbered as they are transcribed.
    assert sorted(segment["id"] for segment in segments) == list(range(1, len(segments) + 1))


@pytest.mark.parametrize(("names", "seed"), [(("slt", "espeak"), 1), (("slt", "rms", "espeak"), 7)])
def test_speakers_are_told_apart_by_their_voices(service: Service, names: Sequence[str], seed: int) -> None:
    talk = talk_of(*names, turns=10, seed=seed)
    transcript = service.transcribed(wav_of(talk.mixed), diarize="true")
    segments = transcript["segments"]
    error = error_of(talk, segments)
    print(f"{len(names)} voices: {error}")  # noqa: T201 - the figure behind the bound
    assert_in_order_of_appearance(segments, len(names))
    assert error.rate < 0.2
    assert error.confusion < 0.03
    assert not any("words" in segment or "channel" in segment for segment in segments)


@pytest.mark.parametrize("options", [{}, {"channels": "split"}])
def test_speakers_on_a_channel_each_are_never_confused(service: Service, options: dict[str, str]) -> None:
    talk = talk_of("slt", "espeak", turns=5, seed=1)
    transcript = service.transcribed(wav_of(*talk.speakers.values()), diarize="true", **options)
    segments = transcript["segments"]
    error = error_of(talk, segments)
    assert_in_order_of_appearance(segments, 2)
    assert error.confusion == 0
    assert error.rate < 0.2
    assert len({(segment["speaker"], segment["channel"]) for segment in segments}) == 2


def test_a_long_stereo_recording_of_one_room_is_told_apart_by_voice(service: Service) -> None:
    talk = talk_of("slt", "espeak", turns=5, seed=2)
    segments = service.transcribed(wav_of(talk.mixed, talk.mixed * np.float32(0.8)), diarize="true")["segments"]
    assert_in_order_of_appearance(segments, 2)
    assert error_of(talk, segments).confusion < 0.03
    assert not any("channel" in segment for segment in segments)


def test_there_are_no_more_speakers_than_asked_for(service: Service) -> None:
    talk = talk_of("slt", "rms", "espeak", turns=6, seed=5)
    segments = service.transcribed(wav_of(talk.mixed), diarize="true", max_speakers="1")["segments"]
    assert {segment["speaker"] for segment in segments} == {1}


def test_every_format_event_and_correction_has_the_speakers(service: Service) -> None:
    talk = talk_of("slt", "espeak", turns=4, seed=6)
    job_id = service.submit(wav_of(talk.mixed), diarize="true", word_timestamps="true")
    assert service.finished(job_id)["status"] == "completed"

    def result(result_format: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
        answer = service.client.get(f"/result/{job_id}", params={"format": result_format, **parameters})
        return answer.json() if result_format.endswith("json") else answer.text

    segments = result("json")["segments"]
    speakers = [segment["speaker"] for segment in segments]
    assert set(speakers) == {1, 2}
    assert all("".join(word["word"] for word in segment["words"]) for segment in segments)
    assert [segment["speaker"] for segment in result("verbose_json")["segments"]] == speakers
    names = [f"Speaker {speaker}" for speaker in speakers]
    assert [line.partition(": ")[0] for line in result("text").splitlines()] == names
    assert [row.split("\t")[2].partition(": ")[0] for row in result("tsv").splitlines()[1:]] == names
    subrip = pysubs2.SSAFile.from_string(result("srt"), format_="srt")
    assert list(dict.fromkeys(line.plaintext.partition(": ")[0] for line in subrip)) == list(dict.fromkeys(names))
    captions = webvtt.from_string(result("vtt")).captions
    assert list(dict.fromkeys(caption.voice for caption in captions)) == list(dict.fromkeys(names))
    events = service.client.get(f"/events/{job_id}").text
    assert events.count('"speaker":') == len(segments)
    corrected = {"segments": [{"segment_id": segments[0]["id"], "text": "Something else."}]}
    assert service.client.post(f"/result/{job_id}/corrections", json=corrected).status_code == 200
    assert result("text", corrected="true").splitlines()[0] == f"{names[0]}: Something else."


def test_silence_has_no_speakers(service: Service) -> None:
    assert service.transcribed(silence_wav(3), diarize="true")["segments"] == []


def test_the_service_says_that_its_worker_can(service: Service) -> None:
    (worker,) = service.client.get("/health/ready").json()["workers"]
    assert worker["diarizes"] is True


def test_without_a_model_voices_are_refused_at_once_and_channels_are_not(scripted_service: Service) -> None:
    refused = scripted_service.post(silence_wav(1), diarize="true")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_options")
    assert "channels=split" in refused.text
    accepted = scripted_service.post(silence_wav(1), diarize="true", channels="split")
    assert accepted.status_code == 202


def test_fewer_than_the_least_is_refused(scripted_service: Service) -> None:
    refused = scripted_service.post(silence_wav(1), diarize="true", min_speakers="3", max_speakers="2")
    assert refused.status_code == 422
    assert "max_speakers (2) must not be less than min_speakers (3)" in refused.text
