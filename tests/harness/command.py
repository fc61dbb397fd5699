"""`scriptorium` as a user calls it: run to its end, or followed while it works, with or without a terminal."""

import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Self, TextIO

from tests.harness.service import environment, until

_COMMAND = (sys.executable, "-m", "cli.main")
_NONE: Mapping[str, str] = MappingProxyType({})


def run_command(
    *arguments: str | Path,
    server: str = "",
    cwd: Path | None = None,
    stdin: bytes = b"",
    variables: Mapping[str, str] = _NONE,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, without a terminal."""
    ended = subprocess.run(
        [*_COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=_environment(server, variables),
        input=stdin,
        capture_output=True,
        timeout=180,
        check=False,
    )
    return subprocess.CompletedProcess(ended.args, ended.returncode, ended.stdout.decode(), ended.stderr.decode())


class RunningCommand:
    """A command while it works, without a terminal; use it in a `with`, which kills it if it still lives."""

    def __init__(self, *arguments: str | Path, server: str = "", **variables: str) -> None:
        self._process = subprocess.Popen(
            [*_COMMAND, *map(str, arguments)],
            env=_environment(server, variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        """What came on stdout."""
        self.notes: list[str] = []
        """What came on stderr."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            threading.Thread(target=_read, args=(stream, lines), daemon=True)
            for stream, lines in ((self._process.stdout, self.lines), (self._process.stderr, self.notes))
        ]

    def __enter__(self) -> Self:
        for reader in self._readers:
            reader.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._process.poll() is None:
            self.end(signal.SIGKILL)

    def until_line(self, text: str, *, seconds: float = 60) -> str:
        """Return the first line, of stdout or stderr, that holds a text."""
        return until(
            lambda: next((line for line in [*self.lines, *self.notes] if text in line), None), seconds, self.output
        )

    def until_lines(self, count: int, *, seconds: float = 120) -> None:
        """Wait for so many lines on stdout."""
        until(lambda: len(self.lines) >= count or None, seconds, self.output)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal, wait for the end, and return the exit status."""
        self._process.send_signal(number)
        status = self._process.wait(60)
        for reader in self._readers:
            reader.join(10)
        return status

    def output(self) -> str:
        """Return all that it said."""
        return "\n".join([*self.lines, *self.notes])


def run_on_a_terminal(
    *arguments: str | Path, server: str = "", columns: int = 120, **variables: str
) -> tuple[int, str]:
    """Run a command with a terminal for everything; return its status and all that the terminal was sent."""
    ours, theirs = pty.openpty()
    shown = b""
    process = subprocess.Popen(
        [*_COMMAND, *map(str, arguments)],
        env=_environment(server, {"COLUMNS": str(columns), "LINES": "40", "TERM": "xterm", **variables}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
    return process.wait(60), shown.decode()


def completions(*words: str, server: str = "") -> list[str]:
    """Return what bash is offered for the last of some words."""
    ended = subprocess.run(
        [sys.executable, "-c", "from cli.main import app; app(prog_name='scriptorium')"],
        env=_environment(
            server,
            {
                "_SCRIPTORIUM_COMPLETE": "complete_bash",
                "COMP_WORDS": " ".join(("scriptorium", *words)),
                "COMP_CWORD": str(len(words)),
            },
        ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stderr == ""
    return ended.stdout.split()


def _environment(server: str, variables: Mapping[str, str]) -> Mapping[str, str]:
    return environment(**({"SCRIPTORIUM_SERVER": server} if server else {}), **variables)


def _read(stream: TextIO, lines: list[str]) -> None:
    for line in stream:
        lines.append(line.rstrip("\n"))  # noqa: PERF401 - whoever looks sees each as it comes
