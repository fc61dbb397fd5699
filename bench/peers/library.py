"""A peer that is a library: loaded in a process of its own, which transcribes the files that it is told of."""

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.peers.environment import offline
from bench.systems import Answer, Run, measured
from tests.harness.service import REPOSITORY
from tests.media import Reference, references


@dataclass(frozen=True, slots=True)
class Library:
    """A library and the command that serves it (`bench.peers.serving`)."""

    name: str
    clients: str
    command: Callable[[], Sequence[str]]

    def transcribe(self, clips: Sequence[Reference]) -> Run:
        """Load the model, transcribe a clip to warm it, and then these."""
        with subprocess.Popen(  # noqa: S603 - our own module
            self.command(),
            cwd=REPOSITORY,
            env=offline(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                self._heard(process, references()[:1])
                return measured(process.pid, lambda: self._heard(process, clips))
            finally:
                process.kill()

    def _heard(self, process: subprocess.Popen[str], clips: Sequence[Reference]) -> list[Answer]:
        assert process.stdin is not None  # noqa: S101 - it was opened with pipes
        assert process.stdout is not None  # noqa: S101
        print(json.dumps([str(clip.path) for clip in clips]), file=process.stdin, flush=True)
        if not (line := process.stdout.readline()):
            raise RuntimeError(f"{self.name} ended early; to see why: {' '.join(self.command())}")
        return [Answer(clip, text, seconds) for clip, (text, seconds) in zip(clips, json.loads(line), strict=True)]
