"""One process that `up` keeps running: started, followed, restarted when it dies, stopped in order."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LINE_BYTES = 1024 * 1024
_QUICK_DEATH_SECONDS = 5.0
_MAX_BACKOFF_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """What to start."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log_file: Path
    stdin: str | None = None
    sockets: Sequence[int] = ()
    """Descriptors that it inherits."""
    niceness: int = 0
    """How much it yields the processor to others (0 to 19)."""
    grace_seconds: float = 30.0
    """How long it may take to stop before it is killed."""


class SupervisedProcess:
    """A child in a session of its own, so that a terminal's Ctrl-C reaches only its parent."""

    def __init__(
        self,
        spec: ProcessSpec,
        *,
        print_line: Callable[[str, str], None],
        on_fatal: Callable[[str], None],
        fatal_status: int,
    ) -> None:
        self.spec = spec
        self._print_line = print_line
        self._on_fatal = on_fatal
        self._fatal_status = fatal_status
        self._stopping = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the child lives right now."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the child and keep it running from now on."""
        await self._spawn()
        self._keeper = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Ask the child to stop, kill it if it takes longer than its grace, and wait until it is gone."""
        self._stopping.set()
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), self.spec.grace_seconds)
            except TimeoutError:
                self._print_line(self.spec.name, f"did not stop within {self.spec.grace_seconds:g} s: killed")
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if self._keeper is not None:
            await self._keeper

    def kill(self) -> None:
        """End the child at once."""
        self._stopping.set()
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _spawn(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self.spec.command,
            env=dict(self.spec.environment),
            stdin=asyncio.subprocess.PIPE if self.spec.stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            pass_fds=self.spec.sockets,
            preexec_fn=partial(prepare_child, self.spec.niceness),
            limit=_LINE_BYTES,
        )
        if self.spec.stdin is not None and self._process.stdin is not None:
            self._process.stdin.write(self.spec.stdin.encode())
            self._process.stdin.close()

    async def _keep(self) -> None:
        backoff = 0.5
        while True:
            started = time.monotonic()
            await self._follow()
            status = await self._process.wait() if self._process else 0
            if self._stopping.is_set():
                return
            if status == self._fatal_status:
                self._on_fatal(f"{self.spec.name} can't start as it is set up; see its last line above.")
                return
            lived = time.monotonic() - started
            backoff = min(backoff * 2, _MAX_BACKOFF_SECONDS) if lived < _QUICK_DEATH_SECONDS else 0.5
            self._print_line(self.spec.name, f"{_describe(status)}; starting it again in {backoff:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), backoff)
                return
            await self._spawn()

    async def _follow(self) -> None:
        """Hand on every line until the child closes its output."""
        assert self._process is not None  # noqa: S101 - it was spawned
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        with self.spec.log_file.open("ab") as log:
            while True:
                try:
                    line = await self._process.stdout.readline()
                except ValueError:  # a line beyond the limit; its rest is read as further lines
                    continue
                if not line:
                    return
                log.write(line)
                log.flush()
                self._print_line(self.spec.name, line.decode("utf-8", "replace").rstrip())


def _describe(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with exit status {status}"


def prepare_child(niceness: int) -> None:
    """Set the child's niceness and, on Linux, have it end if its parent is killed: nothing is left behind even then."""
    os.nice(niceness)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
