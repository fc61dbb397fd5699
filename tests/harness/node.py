"""Projects of Node.js, in a copy with the packages that their lock names."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.harness.servers import skip_unless_ci
from tests.harness.service import REPOSITORY

_CACHE = REPOSITORY / ".cache" / "node"
_OLDEST_NODE = 20
_NOT_COPIED = shutil.ignore_patterns("node_modules", "dist", "build")
_INSTALL_SECONDS = 300


class NodeProject:
    """A copy of one of the repository's projects as it stands. Its packages are installed once."""

    def __init__(self, source: Path) -> None:
        """Copy a project and install what its lock names. Skip, or in CI fail, without Node.js or npm."""
        if _node_version() < _OLDEST_NODE or shutil.which("npm") is None:
            skip_unless_ci(f"Node.js {_OLDEST_NODE} or newer, with npm,")
        lock = hashlib.sha256((source / "package-lock.json").read_bytes()).hexdigest()[:16]
        self.folder = _CACHE / f"{source.name}-{lock}"
        self._copy(source)
        installed = self.folder / "node_modules" / ".installed"
        if not installed.exists():
            self.run("npm", "ci", "--no-audit", "--no-fund", seconds=_INSTALL_SECONDS)
            installed.touch()

    def run(
        self,
        *command: str,
        variables: Mapping[str, str] | None = None,
        text: str | None = None,
        seconds: float = 120,
    ) -> str:
        """Run a command there and return what it printed.

        Args:
            command: The program and its arguments.
            variables: Of its environment, besides this process'.
            text: What it reads.
            seconds: How long it may take.

        Raises:
            AssertionError: it failed, or took longer; with what it printed.
        """
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env={**os.environ, **(variables or {})},
                input=text,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"{' '.join(command)} took more than {seconds} s\n{late.stdout!r}") from late
        assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout}"
        return done.stdout

    def lines(self, *command: str, variables: Mapping[str, str]) -> Iterator[str]:
        """Run a command there and yield what it prints, line by line, as it comes.

        Raises:
            AssertionError: it failed.
        """
        with subprocess.Popen(
            command, cwd=self.folder, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            yield from process.stdout
        assert process.returncode == 0, f"{' '.join(command)}: {process.returncode}"

    def _copy(self, source: Path) -> None:
        """Have the copy hold what the project holds, and the packages that it has already."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for entry in self.folder.iterdir():
            if entry.is_dir() and entry.name != "node_modules":
                shutil.rmtree(entry)
            elif entry.is_file():
                entry.unlink()
        shutil.copytree(source, self.folder, ignore=_NOT_COPIED, dirs_exist_ok=True)


def _node_version() -> int:
    """Return the major version of the Node.js that is installed; 0 if none is."""
    node = shutil.which("node")
    if node is None:
        return 0
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    match = re.match(r"v(\d+)\.", told.stdout)
    return int(match[1]) if match else 0
