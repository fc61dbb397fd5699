"""The diarization error rate, as pyannote.metrics counts it without a collar, and without its hundreds of megabytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FRAMES_PER_SECOND: Final = 100

Turns = Sequence[tuple[float, float, object]]
"""Start and end in seconds, and who speaks; turns of several speakers may overlap."""


@dataclass(frozen=True, slots=True)
class DiarizationError:
    """Parts of the time that is spoken, the overlapping speech of two speakers counted twice."""

    missed: float
    false_alarm: float
    confusion: float

    @property
    def rate(self) -> float:
        return self.missed + self.false_alarm + self.confusion


def diarization_error(reference: Turns, found: Turns) -> DiarizationError:
    """Return how wrong turns are, with the speakers of both matched as well as can be. Up to seven of each."""
    end = max(turn[1] for turn in (*reference, *found))
    true, guessed = _activity(reference, end), _activity(found, end)
    speaking, heard = true.sum(axis=0), guessed.sum(axis=0)
    shared = true.astype(int) @ guessed.T.astype(int)
    size = max(shared.shape)
    square = np.zeros((size, size), dtype=int)
    square[: shared.shape[0], : shared.shape[1]] = shared
    right = max(square[range(size), matching].sum() for matching in map(list, permutations(range(size))))
    total = speaking.sum()
    return DiarizationError(
        missed=float(np.maximum(speaking - heard, 0).sum() / total),
        false_alarm=float(np.maximum(heard - speaking, 0).sum() / total),
        confusion=float((np.minimum(speaking, heard).sum() - right) / total),
    )


def _activity(turns: Turns, end: float) -> NDArray[np.bool_]:
    """Return who speaks in which frame, shape (speakers, frames)."""
    speakers = sorted({str(speaker) for _, _, speaker in turns})
    activity = np.zeros((len(speakers), round(end * _FRAMES_PER_SECOND)), dtype=bool)
    for start, stop, speaker in turns:
        frames = slice(round(start * _FRAMES_PER_SECOND), round(stop * _FRAMES_PER_SECOND))
        activity[speakers.index(str(speaker)), frames] = True
    return activity
