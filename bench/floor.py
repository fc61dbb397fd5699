"""The engine's floor: the batches that the service's engine makes, sent straight to CTranslate2 with nothing around.

What that takes is what no service can do better with these batches. Everything happens in a process of its own
(`bench.recorded_engine`), so that nothing of the model stays in the measuring one.
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bench.systems import Answer, Run
from tests.media import Reference


class Outcome(NamedTuple):
    """What `bench.recorded_engine` found."""

    texts: Sequence[str]
    """What the engine made of the clips, while it was recorded."""
    clip_seconds: Sequence[float]
    """How long the engine took for each, from the file to the last segment."""
    batches_seconds: float
    """How long CTranslate2 took for the recorded batches alone."""


@dataclass(frozen=True, slots=True)
class EngineFloor:
    """The floor as one more system: its time is that of the recorded batches alone, its texts are the engine's."""

    quality: str
    jobs: int
    """Clips that the engine has at once, while it is recorded."""

    @property
    def name(self) -> str:
        """What the table calls it."""
        return f"CTranslate2, the batches of {self.quality} (floor)"

    @property
    def clients(self) -> str:
        """How it is asked."""
        return "a thread a replica"

    def transcribe(self, clips: Sequence[Reference]) -> Run:
        """Record the engine with these clips, and send its batches again."""
        outcome = _found(clips, self.quality, self.jobs)
        answers = [Answer(clip, text, None) for clip, text in zip(clips, outcome.texts, strict=True)]
        return Run(answers, outcome.batches_seconds, peak_mib=None, client_cpu=None)


def engine_seconds(clip: Reference, *, quality: str, repeats: int) -> float:
    """Return how long the engine takes for one clip, from its file to its last segment, with nothing else running."""
    return statistics.median(_found([clip] * repeats, quality, jobs=1).clip_seconds)


def _found(clips: Sequence[Reference], quality: str, jobs: int) -> Outcome:
    request = json.dumps({"clips": [str(clip.path) for clip in clips], "quality": quality, "jobs": jobs})
    child = subprocess.run(
        [sys.executable, "-m", "bench.recorded_engine"],
        input=request,
        stdout=subprocess.PIPE,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # as the worker sets it: the words depend on it
        text=True,
        check=True,
    )
    return Outcome(**json.loads(child.stdout.splitlines()[-1]))
