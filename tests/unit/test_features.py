"""Features are Whisper's own: those of faster-whisper's extractor, of a chunk with silence around it."""

import math
from functools import cache

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.media import clip, references
from worker.decoder import Decoder
from worker.engine.features import FULL_WINDOW_FRAMES, log_mel, padded_window

HOP = 160
NAMES = [reference.id for reference in references()]
TOLERANCE = 2e-4
"""They are scaled to about -1 to 1.5; half of what a 16-bit sample rounds away is less than this."""
_DECODER = Decoder(max_audio_seconds=60, timeout_seconds=60, warm=1)


@cache
def samples_of(name: str) -> NDArray[np.float32]:
    return _DECODER.decode(clip(name)).samples


@cache
def extractor() -> FeatureExtractor:
    return FeatureExtractor()


def ours(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return log_mel(samples, extractor().mel_filters)


def theirs(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    features: NDArray[np.float32] = extractor()(samples)
    return features


def silence(frames: int) -> NDArray[np.float32]:
    return np.zeros(frames * HOP, dtype=np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_features_are_those_of_faster_whisper_behind_the_first_frame(name: str) -> None:
    mine, other = ours(samples_of(name)), theirs(samples_of(name))
    frames = mine.shape[1]
    assert np.abs(mine[:, 1:] - other[:, 1:frames]).max() < TOLERANCE


@pytest.mark.parametrize("name", NAMES)
def test_the_first_frame_hears_silence_before_the_audio_and_not_its_mirror_image(name: str) -> None:
    samples = samples_of(name)
    # Where faster-whisper is given the silence, it hears the same.
    behind_silence = theirs(np.concatenate([silence(5), samples]))[:, 5 : 5 + math.ceil(len(samples) / HOP)]
    assert np.abs(ours(samples) - behind_silence).max() < TOLERANCE


@pytest.mark.parametrize("rest", [0, 1, 80, 159])
def test_there_is_a_frame_for_every_ten_milliseconds_begun(rest: int) -> None:
    samples = samples_of("snow")[: 200 * HOP + rest]
    frames = 200 + bool(rest)
    assert ours(samples).shape == (80, frames)
    # faster-whisper has one more where the audio ends with a frame: it hears only silence.
    assert theirs(samples).shape == (80, 201)


@pytest.mark.parametrize("length", [1, 79, 160, 200, 399, 400, 401])
def test_audio_shorter_than_a_transform_has_features(length: int) -> None:
    samples = samples_of("snow")[8000 : 8000 + length]
    mine = ours(samples)
    assert mine.shape == (80, math.ceil(length / HOP))
    assert mine.dtype == np.float32
    assert np.isfinite(mine).all()
    within_silence = theirs(np.concatenate([silence(5), samples, silence(5)]))[:, 5 : 5 + mine.shape[1]]
    assert np.abs(mine - within_silence).max() < 0.05


def test_as_many_mels_as_the_filters_have() -> None:
    large = FeatureExtractor(feature_size=128)
    assert log_mel(samples_of("garden"), large.mel_filters).shape[0] == 128


def test_digital_silence_is_flat() -> None:
    assert np.unique(ours(silence(100))).tolist() == pytest.approx([-1.5])


def test_features_fall_no_more_than_eight_decades_below_the_loudest() -> None:
    features = ours(samples_of("snow"))
    assert features.max() - features.min() == pytest.approx(2.0)


@given(st.integers(1, 400), st.integers(1, 400))
def test_a_window_has_the_frames_asked_for_and_is_filled_with_the_chunks_own_silence(there: int, wanted: int) -> None:
    features = np.random.default_rng(there).uniform(-0.7, 1.3, (80, there)).astype(np.float32)
    window = padded_window(features, wanted)
    assert window.shape == (80, wanted)
    assert window.dtype == np.float32
    kept = min(there, wanted)
    assert np.array_equal(window[:, :kept], features[:, :kept])
    assert (window[:, kept:] == features.min()).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_filled_window_is_that_of_audio_with_digital_silence_behind_it(name: str) -> None:
    samples = samples_of(name)
    features = ours(samples)
    frames = features.shape[1] + 200
    filled = padded_window(features, frames)
    followed = ours(np.concatenate([samples, silence(201)]))[:, :frames]
    # But for the frame or two in which the last of the audio fades.
    same = np.abs(filled - followed).max(axis=0) < TOLERANCE
    assert same[: features.shape[1]].all()
    assert same[features.shape[1] + 2 :].all()


def test_a_window_that_is_full_stays_as_it_is() -> None:
    features = np.zeros((80, FULL_WINDOW_FRAMES), dtype=np.float32)
    assert np.shares_memory(padded_window(features, FULL_WINDOW_FRAMES), features)
