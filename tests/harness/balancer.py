"""The real nginx with the shipped configuration; only addresses and folders are the test's."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from cli.ports import free_port
from tests.harness.servers import skip_unless_ci
from tests.harness.service import REPOSITORY, until


class Balancer(NamedTuple):
    """A running balancer."""

    url: str
    log: Path
    """What it writes to its standard output and standard error."""


@contextmanager
def running_balancer(gateway_port: int, folder: Path) -> Iterator[Balancer]:
    """Run nginx in front of a gateway; wait until it answers."""
    if shutil.which("nginx") is None:
        skip_unless_ci("nginx")
    port = free_port()
    shipped = (REPOSITORY / "nginx" / "nginx.conf").read_text()
    adapted = shipped.replace("listen 80;", f"listen 127.0.0.1:{port};")
    adapted = adapted.replace("server api:8000;", f"server 127.0.0.1:{gateway_port};")
    adapted = re.sub(r"/tmp/nginx", f"{folder}/nginx", adapted)  # noqa: S108 - what the container's file says
    configuration = folder / "nginx.conf"
    configuration.write_text(adapted)
    balancer = Balancer(f"http://127.0.0.1:{port}", folder / "nginx.log")
    process = subprocess.Popen(
        ["nginx", "-p", str(folder), "-c", str(configuration), "-g", "daemon off;"],  # noqa: S607 - found by PATH above
        stdout=balancer.log.open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        until(lambda: True if _answers(balancer.url) else None, 20, balancer.log.read_text)
        yield balancer
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).is_success
    except httpx.TransportError:
        return False
