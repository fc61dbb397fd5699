"""Cuts audio into chunks for Whisper where nobody speaks, while it streams in.

What nobody speaks in is dropped at once, so audio of any length takes the memory of one and a half chunks per channel.
How a stream was windowed changes nothing. docs/decisions/0015 holds the measurements behind the numbers.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from worker.audio import SAMPLE_RATE
from worker.engine.voice_activity import FRAME_SAMPLES, VoiceActivityDetector

MAX_SECONDS = 15.0
"""The longest chunk. From 12 to 30 s neither speed nor accuracy differed by more than chance."""

_FRAMES_PER_SECOND = SAMPLE_RATE / FRAME_SAMPLES
_BLOCK_SAMPLES = 32 * FRAME_SAMPLES
"""What is looked at in one go: about a second, enough frames for the detector to be cheap."""
_SPEECH_FROM = 0.5
_SPEECH_UNTIL = 0.35
"""Probabilities at which speech begins and ends: those of Silero and faster-whisper."""
_PADDING = round(0.3 * _FRAMES_PER_SECOND)
"""Frames kept on each side of speech."""
_PARTING_PAUSE = round(2.0 * _FRAMES_PER_SECOND)
"""Frames of the shortest pause that parts chunks: the model pads each chunk by as much, so a shorter one is cheaper
kept."""
_SHORTEST_SPEECH = 3
"""Frames of speech below which there is no chunk: a click."""
_SHORTEST_PAUSE = 2
"""Frames of the shortest pause that a long talk is cut at; what is shorter may be the middle of a word."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of one channel, to be transcribed on its own."""

    channel: int
    start_seconds: float
    """In the time of the stream."""
    samples: NDArray[np.float32]
    """Shape (n,), its own memory."""
    speech: tuple[tuple[float, float], ...]
    """Where the detector found speech: start and end in seconds from the chunk's start, in order."""

    @property
    def duration_seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE

    @property
    def end_seconds(self) -> float:
        """Where it ends, in the time of the stream."""
        return self.start_seconds + self.duration_seconds

    @property
    def speech_seconds(self) -> float:
        """Seconds of speech in it."""
        return sum(end - start for start, end in self.speech)

    def part(self, start_seconds: float, end_seconds: float) -> "Chunk | None":
        """Return what lies between two times of the stream, None if nothing does."""
        begin, end = (
            min(max(round((seconds - self.start_seconds) * SAMPLE_RATE), 0), len(self.samples))
            for seconds in (start_seconds, end_seconds)
        )
        if begin >= end:
            return None
        moved = begin / SAMPLE_RATE
        length = (end - begin) / SAMPLE_RATE
        return replace(
            self,
            start_seconds=self.start_seconds + moved,
            samples=self.samples[begin:end],
            speech=tuple(
                (max(0.0, first - moved), min(length, last - moved))
                for first, last in self.speech
                if last > moved and first < moved + length
            ),
        )


def chunks(
    windows: Iterable[NDArray[np.float32]], *, vad_filter: bool, max_seconds: float = MAX_SECONDS
) -> Iterator[Chunk]:
    """Yield the chunks of a stream by their start, then by channel, each as soon as no earlier one can come.

    Chunks of a channel never overlap. Speech with pauses below two seconds stays in one chunk; where that gets longer
    than `max_seconds`, it is cut at its longest pause about the middle, or where speech is least likely.

    Args:
        windows: the stream at 16 kHz, shape (channels, n) each, n as it comes.
        vad_filter: drop what nobody speaks in. Without, chunks follow one another without a gap.
        max_seconds: the longest chunk, at least 5 s.
    """
    cutters: list[_Cutter] = []
    ready: list[tuple[int, int, Chunk]] = []
    for block in _blocks(windows):
        cutters = cutters or [
            _Cutter(channel, vad_filter=vad_filter, max_frames=int(max_seconds * _FRAMES_PER_SECOND))
            for channel in range(len(block))
        ]
        for cutter, samples in zip(cutters, block, strict=True):
            for start, chunk in cutter.push(samples):
                heapq.heappush(ready, (start, cutter.channel, chunk))
        to_come = min((cutter.next_start, cutter.channel) for cutter in cutters)
        while ready and ready[0][:2] < to_come:
            yield heapq.heappop(ready)[2]
    for cutter in cutters:
        for start, chunk in cutter.finish():
            heapq.heappush(ready, (start, cutter.channel, chunk))
    while ready:
        yield heapq.heappop(ready)[2]


def _blocks(windows: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """Yield the stream in blocks of `_BLOCK_SAMPLES`, the last of what is left; each has memory of its own."""
    pieces: list[NDArray[np.float32]] = []
    missing = _BLOCK_SAMPLES
    for window in windows:
        position = 0
        while window.shape[1] - position >= missing:
            yield np.concatenate((*pieces, window[:, position : position + missing]), axis=1)
            pieces.clear()
            position += missing
            missing = _BLOCK_SAMPLES
        if position < window.shape[1]:
            pieces.append(window[:, position:].copy())
            missing -= window.shape[1] - position
    if pieces:
        yield np.concatenate(pieces, axis=1)


@dataclass(slots=True)
class _Run:
    """Frames from `start` to before `end`."""

    start: int
    end: int

    @property
    def frames(self) -> int:
        return self.end - self.start

    @property
    def middle(self) -> int:
        return (self.start + self.end) // 2

    def within(self, start: int, end: int) -> "_Run":
        """Return what of it lies between two frames: nothing, or what lies there."""
        start = max(self.start, start)
        return _Run(start, max(start, min(self.end, end)))


_NOWHERE = _Run(0, 0)


@dataclass(slots=True)
class _Stretch:
    """What will become a chunk, or several where it gets too long: speech and the short pauses in it, or all audio."""

    start: int
    speech: list[_Run] = field(default_factory=list)
    """In order."""


class _Cutter:
    """Cuts one channel. Positions are frames of the stream.

    A stretch is cut when it is one and a half times as long as a chunk may be, or ends and is longer than a chunk may
    be: a cut in its middle third then leaves neither part short, and the first part is a chunk.
    """

    def __init__(self, channel: int, *, vad_filter: bool, max_frames: int) -> None:
        self.channel = channel
        self._vad_filter = vad_filter
        self._max_frames = max_frames
        self._detector = VoiceActivityDetector()
        self._tape = _Tape()
        self._now = 0
        self._speaking = False
        self._taken = 0
        """End of the last chunk."""
        self._stretch = None if vad_filter else _Stretch(0)

    @property
    def next_start(self) -> int:
        """Where the next chunk begins at the earliest."""
        return self._stretch.start if self._stretch else max(self._taken, self._now - _PADDING)

    def push(self, samples: NDArray[np.float32]) -> Iterator[tuple[int, Chunk]]:
        """Yield the chunks that the next samples, shape (n,), complete, each behind its first frame."""
        yield from self._follow(samples, self._detector.probabilities(samples))

    def finish(self) -> Iterator[tuple[int, Chunk]]:
        """Yield the chunks that the end of the stream completes."""
        yield from self._follow(np.zeros(0, dtype=np.float32), self._detector.finish())
        if self._stretch:
            yield from self._end(self._stretch)

    def _follow(self, samples: NDArray[np.float32], probabilities: NDArray[np.float32]) -> Iterator[tuple[int, Chunk]]:
        self._tape.append(samples, probabilities)
        for probability in probabilities.tolist():
            self._listen(probability)
            self._now += 1
            if not self._stretch:
                continue
            if self._vad_filter and self._now - self._stretch.speech[-1].end >= _PARTING_PAUSE:
                yield from self._end(self._stretch)
            elif 2 * (self._now - self._stretch.start) >= 3 * self._max_frames:
                yield self._cut(self._stretch, self._now)
        self._tape.drop_before(self.next_start)

    def _listen(self, probability: float) -> None:
        """Note whether there is speech in the frame that begins now."""
        if self._stretch and self._speaking and probability >= _SPEECH_UNTIL:
            self._stretch.speech[-1].end = self._now + 1
        elif probability >= _SPEECH_FROM:
            self._stretch = self._stretch or _Stretch(self.next_start)
            self._stretch.speech.append(_Run(self._now, self._now + 1))
            self._speaking = True
        else:
            self._speaking = False

    def _end(self, stretch: _Stretch) -> Iterator[tuple[int, Chunk]]:
        """Yield the stretch as one chunk, or as many as it takes."""
        end = min(self._now, stretch.speech[-1].end + _PADDING) if self._vad_filter else self._now
        while end - stretch.start > self._max_frames:
            yield self._cut(stretch, end)
        if not self._vad_filter or sum(run.frames for run in stretch.speech) >= _SHORTEST_SPEECH:
            yield self._chunk(stretch.start, end, stretch.speech)
        self._stretch = None

    def _cut(self, stretch: _Stretch, end: int) -> tuple[int, Chunk]:
        """Return the first chunk of a stretch that is too long and ends here for now; the stretch goes on behind it."""
        third = (end - stretch.start) // 3
        # Where both parts fit into a chunk, or the first does and as little as possible of the second doesn't.
        earliest, latest = end - self._max_frames, stretch.start + self._max_frames

        def merit(pause: _Run) -> int:
            """Return the length of a pause, which counts ever less from the middle third to the ends."""
            return pause.frames * min(pause.middle - stretch.start, end - pause.middle, third)

        pauses = [(pause.within(earliest, latest), pause) for pause in self._pauses(stretch, end)]
        possible, pause = max(pauses, key=lambda both: merit(both[0]), default=(_NOWHERE, _NOWHERE))
        if merit(possible) >= _SHORTEST_PAUSE * third:
            left = right = possible.middle
            if self._vad_filter:
                left, right = min(pause.start + _PADDING, left), max(pause.end - _PADDING, right)
        else:
            first = stretch.start + third
            likely = self._tape.probabilities(first, min(end - third, latest))
            left = right = first + 1 + int(np.argmin(likely[:-1] + likely[1:]))
        chunk = self._chunk(stretch.start, left, stretch.speech)
        stretch.start = right
        stretch.speech = [run.within(right, run.end) for run in stretch.speech if run.end > right]
        return chunk

    def _pauses(self, stretch: _Stretch, end: int) -> Iterator[_Run]:
        """Yield what lies between the speech of a stretch; its edges too, where they are not only padding."""
        edge = [] if self._vad_filter else [_Run(end, end)]
        last = stretch.start if edge else stretch.speech[0].end
        for run in [*stretch.speech, *edge]:
            if run.start > last:
                yield _Run(last, run.start)
            last = run.end

    def _chunk(self, start: int, end: int, speech: list[_Run]) -> tuple[int, Chunk]:
        self._taken = end
        samples = self._tape.samples(start, end)
        runs = [run.within(start, end) for run in speech if run.start < end]
        return start, Chunk(
            channel=self.channel,
            start_seconds=start / _FRAMES_PER_SECOND,
            samples=samples,
            # The last frame of a stream may be cut short.
            speech=tuple(
                (
                    (run.start - start) / _FRAMES_PER_SECOND,
                    min((run.end - start) * FRAME_SAMPLES, len(samples)) / SAMPLE_RATE,
                )
                for run in runs
            ),
        )


class _Tape:
    """The latest of a channel: samples and the probabilities of speech, in the blocks that they came in."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[NDArray[np.float32], NDArray[np.float32]]] = deque()
        self._first = 0
        """Frame that the first block begins with."""

    def append(self, samples: NDArray[np.float32], probabilities: NDArray[np.float32]) -> None:
        """Add a block: samples and probabilities, shape (n,) each; all before the last are of `_BLOCK_SAMPLES`."""
        self._blocks.append((samples, probabilities))

    def drop_before(self, frame: int) -> None:
        """Forget the blocks that end before a frame."""
        while self._blocks and self._first + len(self._blocks[0][1]) <= frame:
            self._first += len(self._blocks.popleft()[1])

    def samples(self, start: int, end: int) -> NDArray[np.float32]:
        """Return a copy of the samples between two frames."""
        first, last = (start - self._first) * FRAME_SAMPLES, (end - self._first) * FRAME_SAMPLES
        return np.concatenate(
            [
                samples[max(0, first - position) : max(0, last - position)]
                for position, (samples, _) in zip(count(step=_BLOCK_SAMPLES), self._blocks, strict=False)
            ]
        )

    def probabilities(self, start: int, end: int) -> NDArray[np.float32]:
        """Return those of the frames between two."""
        return np.concatenate([probabilities for _, probabilities in self._blocks])[
            start - self._first : end - self._first
        ]
