"""Real Redis-protocol servers for tests: the Valkey that the product embeds, and Redis where it is installed."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
import redis

from cli.embedded_valkey import EmbeddedValkey


def skip_unless_ci(missing: str) -> NoReturn:
    """Skip where a developer lacks something; fail where nothing may be skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{missing} must be installed in CI")
    pytest.skip(f"{missing} is not installed")


@contextmanager
def running_server(kind: str, folder: Path) -> Iterator[str]:
    """Run a server with the product's own configuration and yield its address."""
    valkey = EmbeddedValkey.under(folder)
    command = valkey.command
    if kind == "redis":
        binary = shutil.which("redis-server")
        if binary is None:
            skip_unless_ci("redis-server")
        command = [str(binary), "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert process.stdin is not None
        process.stdin.write(valkey.configuration)
        process.stdin.close()
        _await_pong(valkey.url, process)
        yield valkey.url
    finally:
        process.terminate()
        process.wait(10)


def _await_pong(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 20
    with redis.Redis.from_url(url, retry=None) as client:
        while True:
            try:
                # Ours, not somebody else's that listens on the same port.
                assert client.info("server")["process_id"] == process.pid
            except redis.exceptions.ConnectionError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return
