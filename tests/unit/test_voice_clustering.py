"""As many voices are found as there are, whatever the length of the recording."""

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.diarization.clustering import MOST_SPEAKERS, voices

WIDTH = 192


def embeddings(seed: int, *windows: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return embeddings of voices, so many windows of each, in any order, and whose they are.

    Two of a voice are about as alike as CAM++'s are, 0.6; those of two voices not at all.
    """
    chance = np.random.default_rng(seed)
    whose = chance.permutation(np.repeat(np.arange(len(windows)), windows))
    voice, own = unit(chance.normal(size=(len(windows), WIDTH))), unit(chance.normal(size=(len(whose), WIDTH)))
    return unit(np.sqrt(0.6) * voice[whose] + np.sqrt(0.4) * own), whose


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


@pytest.mark.parametrize("windows", [(40,), (30, 30), (60, 5), (20, 30, 10, 5), (12,) * 9])
@pytest.mark.parametrize("seed", range(3))
def test_every_voice_is_found_and_every_window_is_given_to_its_own(windows: tuple[int, ...], seed: int) -> None:
    heard, whose = embeddings(seed, *windows)
    found = voices(heard, at_least=1, at_most=MOST_SPEAKERS)
    assert found.shape == (len(windows), WIDTH)
    given = (heard @ found.T).argmax(axis=1)
    assert len(set(zip(whose.tolist(), given.tolist(), strict=True))) == len(windows)


def test_hours_of_speech_take_neither_long_nor_another_way() -> None:
    heard, whose = embeddings(1, 9000, 3000, 500, 40)
    found = voices(heard, at_least=1, at_most=MOST_SPEAKERS)
    given = (heard @ found.T).argmax(axis=1)
    assert len(found) == 4
    assert len(set(zip(whose.tolist(), given.tolist(), strict=True))) == 4


def test_there_are_no_more_voices_than_may_be() -> None:
    heard, _ = embeddings(2, 20, 20, 20, 20)
    assert len(voices(heard, at_least=1, at_most=3)) == 3
    assert len(voices(heard, at_least=1, at_most=1)) == 1


def test_a_voice_is_divided_where_there_must_be_more() -> None:
    heard, _ = embeddings(3, 30, 30)
    assert len(voices(heard, at_least=3, at_most=MOST_SPEAKERS)) >= 3


def test_a_few_odd_windows_are_no_voice() -> None:
    heard, whose = embeddings(4, 40, 40, 1, 1)
    found = voices(heard, at_least=1, at_most=MOST_SPEAKERS)
    assert len(found) == 2
    given = (heard @ found.T).argmax(axis=1)
    assert len(set(zip(whose[whose < 2].tolist(), given[whose < 2].tolist(), strict=True))) == 2


def test_one_window_is_one_voice() -> None:
    heard, _ = embeddings(5, 1)
    np.testing.assert_allclose(voices(heard, at_least=2, at_most=4), heard, rtol=1e-6)
