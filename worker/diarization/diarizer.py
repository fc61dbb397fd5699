"""Finds who speaks when in one channel, by voice: speech, its windows' embeddings, voices, turns."""

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.audio import SAMPLE_RATE
from worker.diarization.clustering import voices
from worker.diarization.timeline import Timeline, Turn
from worker.diarization.voice_model import WINDOW_SAMPLES, VoiceModel
from worker.engine.chunking import Chunk, chunks

_WINDOW_SECONDS: Final = WINDOW_SAMPLES / SAMPLE_RATE
_HOP_SECONDS: Final = _WINDOW_SECONDS / 2
_PAUSE_SECONDS: Final = 0.3
"""A shorter silence parts nothing: people breathe."""
_SILENCE_SECONDS: Final = 0.5
"""A shorter one, between two turns of a voice, is part of one turn."""
_SHORTEST_SECONDS: Final = 0.2
"""Of speech that is asked for its voice."""
_CLEAR_SECONDS: Final = 0.75
"""Of speech that says what voices there are; what is shorter is only asked which of them it is."""


@dataclass(frozen=True, slots=True)
class _Region:
    """Speech without a pause, and the embeddings of its windows."""

    start: float
    end: float
    window_starts: NDArray[np.float64]
    embeddings: NDArray[np.float32]

    @property
    def is_clear(self) -> bool:
        return self.end - self.start >= _CLEAR_SECONDS


class VoiceDiarizer:
    """Finds turns by the likeness of voices.

    Args:
        model: Makes embeddings.
        threads: How many windows are computed at once, by all jobs together; one for every core if not given.
    """

    def __init__(self, model: VoiceModel, *, threads: int | None = None) -> None:
        self._model = model
        self._threads = threads or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="voices")

    def timeline(
        self, audio: Iterable[NDArray[np.float32]], *, at_least: int, at_most: int
    ) -> Generator[float, None, Timeline]:
        """Yield how many seconds are done, and return who speaks when.

        Raises:
            TranscriptionFailure: what the stream raises.
        """
        regions: list[_Region] = []
        under_way: deque[tuple[Chunk, Future[list[_Region]]]] = deque()

        def next_done() -> float:
            chunk, future = under_way.popleft()
            regions.extend(future.result())
            return chunk.end_seconds

        for chunk in chunks(audio, vad_filter=True):
            under_way.append((chunk, self._pool.submit(self._regions, chunk)))
            if len(under_way) > 2 * self._threads:
                yield next_done()
        while under_way:
            yield next_done()
        return Timeline(_joined(_turns(regions, at_least=at_least, at_most=at_most)))

    def _regions(self, chunk: Chunk) -> list[_Region]:
        return [self._region(chunk, start, end) for start, end in _stretches(chunk) if end - start >= _SHORTEST_SECONDS]

    def _region(self, chunk: Chunk, start: float, end: float) -> _Region:
        length = end - start
        count = 1 + int(max(0.0, length - _WINDOW_SECONDS) // _HOP_SECONDS + (length > _WINDOW_SECONDS))
        starts = start + np.linspace(0.0, max(0.0, length - _WINDOW_SECONDS), count)
        speech = chunk.samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
        if len(speech) < WINDOW_SAMPLES:
            windows = np.resize(speech, (1, WINDOW_SAMPLES))  # repeats it until the window is full
        else:
            last = len(speech) - WINDOW_SAMPLES
            firsts = np.minimum(np.round((starts - start) * SAMPLE_RATE).astype(int), last)
            windows = np.lib.stride_tricks.sliding_window_view(speech, WINDOW_SAMPLES)[firsts]
        embeddings = self._model.embeddings(windows)
        at = chunk.start_seconds
        return _Region(at + start, at + end, at + starts, embeddings)


def _stretches(chunk: Chunk) -> Iterator[tuple[float, float]]:
    """Yield where in a chunk somebody speaks, short pauses included."""
    begun: tuple[float, float] | None = None
    for start, end in chunk.speech:
        if begun and start - begun[1] < _PAUSE_SECONDS:
            begun = begun[0], end
            continue
        if begun:
            yield begun
        begun = start, end
    if begun:
        yield begun


def _turns(regions: list[_Region], *, at_least: int, at_most: int) -> Iterator[Turn]:
    if not regions:
        return
    clear = [region for region in regions if region.is_clear] or regions
    found = voices(np.concatenate([region.embeddings for region in clear]), at_least=at_least, at_most=at_most)
    for region in regions:
        yield from _turns_of(region, _smoothed(region.embeddings @ found.T))


def _joined(turns: Iterable[Turn]) -> list[Turn]:
    joined: list[Turn] = []
    for turn in turns:
        if joined and joined[-1].voice == turn.voice and turn.start - joined[-1].end < _SILENCE_SECONDS:
            turn = replace(joined.pop(), end=turn.end)  # noqa: PLW2901 - it is the same turn
        joined.append(turn)
    return joined


def _smoothed(likeness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what windows are like, with a part of what their neighbours are like: one odd window is no turn."""
    padded = np.pad(likeness, ((1, 1), (0, 0)), mode="edge")
    return np.asarray((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, dtype=np.float32)


def _turns_of(region: _Region, likeness: NDArray[np.float32]) -> Iterator[Turn]:
    """Yield the turns of a region: the voice changes where two windows' likenesses, drawn through in time, cross."""
    voice_of = likeness.argmax(axis=1)
    centres = region.window_starts + _WINDOW_SECONDS / 2
    edges = [region.start]
    for window, (before, after) in enumerate(pairwise(voice_of)):
        if before != after:
            lead, lag = (likeness[each, before] - likeness[each, after] for each in (window, window + 1))
            edges.append(centres[window] + (centres[window + 1] - centres[window]) * float(lead / (lead - lag)))
    edges.append(region.end)
    in_turn = [int(voice) for voice, _ in groupby(voice_of)]
    for voice, (start, end) in zip(in_turn, pairwise(edges), strict=True):
        yield Turn(float(start), float(end), voice)
