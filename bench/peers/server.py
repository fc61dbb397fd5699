"""A peer that is a server: started on a free port of loopback, warmed, asked by clients, ended."""

import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.clients import Ask, answers
from bench.peers.environment import offline
from bench.systems import Run, measured
from cli.ports import free_port
from tests.harness.service import until
from tests.media import Reference, references

_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    """A peer's server, how to start it and how to ask it."""

    name: str
    at_once: int
    command: Callable[[int, Path], Sequence[str]]
    """Of a port and an empty folder to write settings into."""
    connect: Callable[[int], AbstractAsyncContextManager[Ask]]
    """Of the port."""
    prepare: Callable[[Reference], object] = lambda clip: clip.path
    """What is done with every clip before anything is measured."""

    @property
    def clients(self) -> str:
        """By how many clients it is asked at once."""
        return str(self.at_once)

    def transcribe(self, clips: Sequence[Reference]) -> Run:
        """Start the server, have it transcribe a clip to warm it, then these, and end it."""
        with self._running() as (process, port):

            def ask(media: Sequence[Reference], clients: int) -> Run:
                return measured(process.pid, lambda: answers(media, clients, lambda: self.connect(port)))

            ask(references()[:1], 1)
            for clip in clips:
                self.prepare(clip)
            return ask(clips, self.at_once)

    @contextmanager
    def _running(self) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
        port = free_port()
        with (
            tempfile.TemporaryDirectory() as folder,
            subprocess.Popen(  # noqa: S603 - a pinned package's own command
                self.command(port, Path(folder)),
                cwd=folder,
                env=offline(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as process,
        ):
            try:
                until(lambda: _listens(process, port), _START_SECONDS, lambda: self.name)
                yield process, port
            finally:
                process.kill()


def _listens(process: subprocess.Popen[bytes], port: int) -> bool | None:
    if process.poll() is not None:
        raise RuntimeError(f"the server ended with status {process.returncode} before it listened")
    with socket.socket() as probe:
        return True if probe.connect_ex(("127.0.0.1", port)) == 0 else None
