"""The channels of a stereo recording are speakers only where each has a voice to itself."""

import numpy as np
from numpy.typing import NDArray

from tests.media import clip, samples_of
from worker.diarization.channels import ChannelWatch

ONE, OTHER = samples_of(clip("kitchen")), samples_of(clip("library"))
WINDOW = 16_000 * 10


def are_apart(left: NDArray[np.float32], right: NDArray[np.float32]) -> bool:
    length = max(len(left), len(right))
    stereo = np.stack([np.pad(channel, (0, length - len(channel))) for channel in (left, right)])
    watch = ChannelWatch()
    for start in range(0, length, WINDOW):
        watch.push(stereo[:, start : start + WINDOW])
    return watch.are_apart


def after(silence: NDArray[np.float32], speech: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate((np.zeros_like(silence), speech))


def test_two_who_speak_by_turns_on_a_channel_each_are_apart() -> None:
    assert are_apart(ONE, after(ONE, OTHER))


def test_some_talk_at_the_same_time_changes_nothing() -> None:
    late = len(ONE) - 16_000
    assert are_apart(ONE, after(ONE[:late], OTHER))


def test_the_same_in_both_channels_is_not_apart() -> None:
    assert not are_apart(np.concatenate((ONE, OTHER)), np.concatenate((ONE, OTHER)))


def test_two_microphones_in_one_room_are_not_apart() -> None:
    left, right = np.concatenate((ONE, OTHER * 0.1)), np.concatenate((ONE * 0.1, OTHER))
    assert not are_apart(left, right)


def test_one_silent_channel_is_not_apart() -> None:
    assert not are_apart(np.concatenate((ONE, OTHER)), np.zeros(10, dtype=np.float32))


def test_silence_is_not_apart() -> None:
    assert not are_apart(np.zeros(16_000, dtype=np.float32), np.zeros(16_000, dtype=np.float32))
