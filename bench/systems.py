"""What is compared: a system transcribes clips, and what came of it is a run."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from bench.processes import tree_mib
from bench.sampler import Sampler
from bench.tables import percentile
from tests.media import Reference

_LOOK_SECONDS = 1.0
"""Between two looks at the memory of a whole tree of processes: each takes some 16 ms from what is measured."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system made of a clip."""

    clip: Reference
    text: str
    seconds: float | None
    """From the clip sent, or begun, to its text at hand; None where a system tells only of all clips."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of some clips, and what it took."""

    answers: Sequence[Answer]
    wall_seconds: float
    peak_mib: float | None
    """Of all the system's processes; pages that several of them share count once."""
    client_cpu: float | None
    """What this process, clients and sampler, took of all cores' time: 0 to 1."""

    @property
    def audio_seconds_per_second(self) -> float:
        """Throughput: how much audio a second of wall time transcribed."""
        return sum(answer.clip.duration_seconds for answer in self.answers) / self.wall_seconds

    def latency(self, percent: float) -> float | None:
        """Return the nearest-rank percentile of the answers' seconds; None where a system doesn't tell them."""
        seconds = [answer.seconds for answer in self.answers if answer.seconds is not None]
        return percentile(seconds, percent) if seconds else None

    @property
    def texts(self) -> dict[str, str]:
        """The transcripts by clip."""
        return {answer.clip.id: answer.text for answer in self.answers}


class System(Protocol):
    """A transcriber of clips: the service, a library, a command or a server."""

    @property
    def name(self) -> str:
        """What the table calls it."""

    @property
    def clients(self) -> str:
        """How it is asked: by how many clients at once, or in what other way."""

    def transcribe(self, clips: Sequence[Reference]) -> Run:
        """Start it anew, warm it with a clip of its own, have it transcribe these, no language given, and end it."""


def measured(process_id: int, work: Callable[[], Sequence[Answer]]) -> Run:
    """Return what came of some work that a process, and those below it, did."""
    with Sampler(partial(tree_mib, process_id), every_seconds=_LOOK_SECONDS) as memory:
        cpu, started = time.process_time(), time.perf_counter()
        answers = work()
        wall_seconds = time.perf_counter() - started
        cpu_seconds = time.process_time() - cpu
    return Run(answers, wall_seconds, max(memory.values), cpu_seconds / wall_seconds / cores())


def cores() -> int:
    """Return how many cores this process, and what it starts, may use."""
    return len(os.sched_getaffinity(0))
