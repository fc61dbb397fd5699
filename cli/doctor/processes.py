"""Has the gateway and the worker look at what is their own, each in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator

from pydantic import ValidationError

from core.errors import CONFIGURATION_EXIT_STATUS
from core.findings import Finding

_SECONDS = 120.0
"""A large model's checksum takes its time on a slow disk."""


def checkup(name: str, module: str) -> Iterator[Finding]:
    """Run a process' checkup, such as `worker.checkup`, and yield what it found; its settings come first."""
    check = f"{name}'s settings"
    try:
        ended = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", module],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        yield Finding.failed(name, f"It has found nothing within {_SECONDS:g} s.", "Look for a disk that hangs.")
        return
    said = [line for line in ended.stderr.splitlines() if line.strip()]
    last = said[-1] if said else f"exit status {ended.returncode}"
    if ended.returncode == CONFIGURATION_EXIT_STATUS:
        yield Finding.failed(check, last, "Change that variable, in the environment or in .env; .env.example has all.")
        return
    if ended.returncode:
        yield Finding.failed(
            name, f"It can't start: {last}", f"Install it: pip install 'scriptorium[{module.partition('.')[0]}]'."
        )
        return
    yield Finding.ok(check, "All of them can be used.")
    for line in ended.stdout.splitlines():
        try:
            yield Finding.model_validate_json(line)
        except ValidationError:  # what a library prints
            continue
