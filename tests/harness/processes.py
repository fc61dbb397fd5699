"""Single processes of the product for tests that kill them: each with its pid, its log file and its environment."""

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_REPOSITORY = Path(__file__).parents[2]

# The kernel takes the end of the *thread* that forked for the parent's death: so one thread, which lives as long as
# this process does, forks everything.
_FORKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="forker")


class ServerProcess:
    """A process that this one started, directly or through a nursery. Signals go by pidfd: never to a reused pid."""

    def __init__(self, name: str, pid: int, log_file: Path, child: "subprocess.Popen[str] | None" = None) -> None:
        self.name = name
        self.pid = pid
        self.log_file = log_file
        self._child = child
        try:
            self._pidfd: int | None = os.pidfd_open(pid)
        except ProcessLookupError:  # it ended before we could look
            self._pidfd = None

    @classmethod
    def start(
        cls, name: str, command: Sequence[str], environment: Mapping[str, str], log_file: Path, *, stdin: str = ""
    ) -> "ServerProcess":
        """Start a command whose output goes to the end of a log file."""
        child = _FORKER.submit(_spawn, command, environment, log_file).result()
        with contextlib.suppress(BrokenPipeError):
            assert child.stdin is not None
            child.stdin.write(stdin)
            child.stdin.close()
        return cls(name, child.pid, log_file, child)

    @property
    def is_running(self) -> bool:
        return self._pidfd is not None and not _readable(self._pidfd, 0)

    @property
    def exit_status(self) -> int | None:
        """The exit status of a process started here that has ended; of a nursery's child it isn't known."""
        return self._child.poll() if self._child else None

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._send(signal.SIGKILL)
        self.wait(20)

    def terminate(self) -> None:
        """SIGTERM."""
        self._send(signal.SIGTERM)

    def pause(self) -> None:
        """SIGSTOP: it does nothing more, and its connections stay open."""
        self._send(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._send(signal.SIGCONT)

    def wait(self, seconds: float) -> None:
        """Wait for its end.

        Raises:
            TimeoutError: it has not ended by then.
        """
        if self._pidfd is None:
            return
        if not _readable(self._pidfd, seconds):
            raise TimeoutError(f"{self.name} ({self.pid}) still runs after {seconds} s\n{self.log_tail()}")
        if self._child:
            self._child.wait(5)
        os.close(self._pidfd)
        self._pidfd = None

    def log_tail(self, lines: int = 15) -> str:
        """Return the end of its log, for the report of a failure."""
        with self.log_file.open(encoding="utf-8", errors="replace") as log:
            return f"--- {self.name} ({self.pid})\n" + "".join(deque(log, lines))

    def _send(self, number: signal.Signals) -> None:
        if self._pidfd is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)


class Nursery:
    """A process that has imported a program and forks it on request: hundreds of starts without their imports.

    What runs in a child is the program's own `main`, with its own environment; only the interpreter's start and the
    imports are shared.
    """

    def __init__(self, program: str, log_file: Path) -> None:
        """Start importing `program`, a module with a `main` that returns an exit status."""
        self._program = program
        self._lock = threading.Lock()
        self._process = _FORKER.submit(_spawn_nursery, program, log_file).result()

    def start(self, name: str, environment: Mapping[str, str], log_file: Path) -> ServerProcess:
        """Fork a child that runs the program."""
        commands, answers = self._pipes()
        with self._lock:
            commands.write(json.dumps({"environment": dict(environment), "log_file": str(log_file)}) + "\n")
            commands.flush()
            if not _readable(answers.fileno(), 30):
                raise TimeoutError(f"the nursery of {self._program} does not answer")
            return ServerProcess(name, int(answers.readline()), log_file)

    def close(self) -> None:
        """End the nursery; its children go with it."""
        commands, answers = self._pipes()
        with contextlib.suppress(BrokenPipeError):
            commands.close()
        self._process.wait(10)
        answers.close()

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout


def _spawn(command: Sequence[str], environment: Mapping[str, str], log_file: Path) -> "subprocess.Popen[str]":
    with log_file.open("ab") as log:
        return subprocess.Popen(
            command,
            env=dict(environment),
            cwd=log_file.parent,  # where no .env of the repository is read
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - it calls one C function
        )


def _spawn_nursery(program: str, log_file: Path) -> "subprocess.Popen[str]":
    with log_file.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.harness.nursery", program],
            env=os.environ | {"PYTHONPATH": str(_REPOSITORY)},
            cwd=log_file.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - it calls one C function
        )


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends: a test that is killed itself leaves nothing behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _readable(descriptor: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
