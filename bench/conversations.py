"""Conversations made of single recordings, with the turns that were put into them: what diarization is measured on."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.audio import SAMPLE_RATE

_LOUDNESS: Final = 0.05
"""Root mean square that every recording is brought to, before its speaker's own distance from the microphone."""
_SHARE_OF_OVERLAPS: Final = 0.15
_SHORTEST_TURN_SECONDS: Final = 1.5
_SILENCE_SECONDS: Final = 0.5
"""So long a silence within a turn is nobody's, as transcribers of conversations have it."""
_SILENCE_DECIBELS: Final = 35.0
"""So far below its loudest part a recording is silent."""
_FRAME: Final = SAMPLE_RATE // 50


@dataclass(frozen=True, slots=True)
class Spoken:
    """A turn as it was put in."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """Audio and who speaks when in it."""

    speakers: Mapping[str, NDArray[np.float32]]
    """What each says, at 16 kHz, all equally long: a channel each."""
    turns: Sequence[Spoken]

    @property
    def mixed(self) -> NDArray[np.float32]:
        """All of them in one channel."""
        whole: NDArray[np.float32] = np.sum(list(self.speakers.values()), axis=0)
        return whole


def conversation(voices: Mapping[str, Sequence[NDArray[np.float32]]], *, turns: int, seed: int) -> Conversation:
    """Return a conversation in which nobody has two turns in a row.

    Turns are whole recordings or parts of them, at least 1.5 s long, in a random order. Between most of them is a pause
    of 0.1 to 1.2 s; one of seven begins up to 0.8 s before the turn before it has ended.

    Args:
        voices: Recordings of each speaker, without silence around them.
        turns: How many there are.
        seed: Of its random choices.
    """
    lots = random.Random(seed)  # noqa: S311 - chance that comes again
    gains = {name: lots.uniform(0.6, 1.4) for name in voices}
    placed: list[tuple[float, str, NDArray[np.float32]]] = []
    now = lots.uniform(0.2, 1.0)
    last = ""
    for number in range(turns):
        # The first turns introduce everybody.
        name = list(voices)[number] if number < len(voices) else lots.choice([each for each in voices if each != last])
        samples = _part(lots.choice(voices[name]), lots)
        if placed and lots.random() < _SHARE_OF_OVERLAPS:
            now -= lots.uniform(0.2, 0.8)
        else:
            now += lots.uniform(0.1, 1.2)
        placed.append((now, name, samples * np.float32(gains[name] * _LOUDNESS / np.sqrt(np.mean(samples**2)))))
        now += len(samples) / SAMPLE_RATE
        last = name
    return _laid_out(placed, list(voices))


def _part(samples: NDArray[np.float32], lots: random.Random) -> NDArray[np.float32]:
    """Return a recording, or one of its ends."""
    longest = len(samples)
    shortest = min(longest, round(_SHORTEST_TURN_SECONDS * SAMPLE_RATE))
    length = longest if lots.random() < 1 / 2 else lots.randint(shortest, longest)
    return samples[:length] if lots.random() < 1 / 2 else samples[longest - length :]


def _laid_out(placed: Sequence[tuple[float, str, NDArray[np.float32]]], names: Sequence[str]) -> Conversation:
    ends = [start + len(samples) / SAMPLE_RATE for start, _, samples in placed]
    whole = round((max(ends) + 0.5) * SAMPLE_RATE)
    channels = {name: np.zeros(whole, dtype=np.float32) for name in names}
    for start, name, samples in placed:
        first = round(start * SAMPLE_RATE)
        channels[name][first : first + len(samples)] += samples
    return Conversation(
        channels,
        [
            Spoken(start + first, start + last, name)
            for start, name, samples in placed
            for first, last in spoken_within(samples)
        ],
    )


def spoken_within(samples: NDArray[np.float32]) -> list[tuple[float, float]]:
    """Return where a clean recording is not silent, as start and end in seconds."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = np.mean(frames**2, axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (-_SILENCE_DECIBELS / 10))
    parts = np.split(loud, 1 + np.flatnonzero(np.diff(loud) * _FRAME >= _SILENCE_SECONDS * SAMPLE_RATE))
    return [(float(part[0] * _FRAME / SAMPLE_RATE), float((part[-1] + 1) * _FRAME / SAMPLE_RATE)) for part in parts]
