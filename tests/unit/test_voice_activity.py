"""The detector hears in a stream what it hears in the whole, and what faster-whisper's own class hears."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from faster_whisper.audio import decode_audio
from faster_whisper.vad import get_vad_model
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.media import Reference, clip, references
from worker.audio import SAMPLE_RATE
from worker.engine.voice_activity import FRAME_SAMPLES, VoiceActivityDetector


def samples_of(reference: Reference) -> NDArray[np.float32]:
    return np.asarray(decode_audio(str(reference.path)), dtype=np.float32)


def heard(*pieces: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the probabilities of a stream that came in these pieces, its end included."""
    detector = VoiceActivityDetector()
    return np.concatenate([*(detector.probabilities(piece) for piece in pieces), detector.finish()])


GARDEN = np.asarray(decode_audio(str(clip("garden"))), dtype=np.float32)
GARDEN_HEARD = heard(GARDEN)


@pytest.mark.parametrize("reference", references(), ids=lambda reference: reference.id)
def test_it_hears_what_faster_whispers_class_hears(reference: Reference) -> None:
    samples = samples_of(reference)
    whole = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES]
    # That class zeroes the end of the array it is given, so its last frame is not the audio's.
    theirs = get_vad_model()(np.append(whole, np.zeros(FRAME_SAMPLES, dtype=np.float32)))[:-1]
    np.testing.assert_allclose(VoiceActivityDetector().probabilities(whole), theirs, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, len(GARDEN)), max_size=40))
def test_a_stream_is_heard_as_its_whole_however_it_is_cut(cuts: list[int]) -> None:
    np.testing.assert_array_equal(heard(*np.split(GARDEN, sorted(cuts))), GARDEN_HEARD)


def test_each_piece_gives_the_frames_that_it_completes() -> None:
    detector = VoiceActivityDetector()
    sizes = [0, 1, FRAME_SAMPLES - 1, FRAME_SAMPLES - 1, 1, 5 * FRAME_SAMPLES + 7]
    pieces = np.split(GARDEN[: sum(sizes)], np.cumsum(sizes)[:-1])
    assert [len(detector.probabilities(piece)) for piece in pieces] == [0, 0, 1, 0, 1, 5]
    assert len(detector.finish()) == 1


@pytest.mark.parametrize("frames", [0, 1, 40])
def test_nothing_is_added_to_whole_frames(frames: int) -> None:
    assert len(heard(GARDEN[: frames * FRAME_SAMPLES])) == frames


def test_speech_is_told_from_what_is_not() -> None:
    time = np.arange(5 * SAMPLE_RATE) / SAMPLE_RATE
    noise = np.random.default_rng(0).normal(scale=0.1, size=len(time))
    assert np.mean(GARDEN_HEARD > 0.5) > 0.8
    for other in (np.zeros(len(time)), noise, 0.3 * np.sin(2 * np.pi * 440 * time)):
        assert heard(other.astype(np.float32)).max() < 0.35


def test_the_samples_are_left_as_they_are_and_not_kept() -> None:
    detector = VoiceActivityDetector()
    samples = GARDEN[:1000].copy()
    before = samples.copy()
    first = detector.probabilities(samples)
    np.testing.assert_array_equal(samples, before)
    samples[:] = 1  # a decoder may use its buffer again
    again = np.concatenate([first, detector.probabilities(GARDEN[1000:]), detector.finish()])
    np.testing.assert_array_equal(again, GARDEN_HEARD)


def test_channels_on_many_threads_do_not_disturb_each_other() -> None:
    pieces = np.array_split(GARDEN, 30)
    with ThreadPoolExecutor(8) as pool:
        for probabilities in pool.map(lambda _: heard(*pieces), range(16)):
            np.testing.assert_array_equal(probabilities, GARDEN_HEARD)


def test_its_library_reports_to_nobody() -> None:
    loaded_first = "import worker.engine.voice_activity, os; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-c", loaded_first], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "1"
    binary = next(Path(onnxruntime.__file__).parent.glob("capi/onnxruntime_pybind11_state*"))
    if b"events.data.microsoft.com" in binary.read_bytes():
        assert b"ORT_DISABLE_TELEMETRY\0" in binary.read_bytes()
