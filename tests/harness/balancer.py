"""The real nginx, set up and started as it ships; only addresses and folders are the test's."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from cli.ports import free_port
from tests.harness.servers import skip_unless_ci
from tests.harness.service import REPOSITORY, environment, until

SCRIPTS = REPOSITORY / "nginx"
INSIDE = "127.0.0.250"
"""The only address that is let in without a password."""


class Balancer(NamedTuple):
    """A running balancer."""

    url: str
    tls_url: str
    """Where it answers if it has a certificate."""
    status_url: str
    log: Path
    """What it writes to its standard output and standard error."""

    def requests(self) -> list[dict[str, Any]]:
        """Return its access log."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def request(self, answer: httpx.Response) -> dict[str, Any]:
        """Return the line of an answered request, as soon as it is written."""
        request_id = answer.headers["x-request-id"]
        found: dict[str, Any] = until(
            lambda: next((line for line in self.requests() if line["request_id"] == request_id), None),
            20,
            self.log.read_text,
        )
        return found


@contextmanager
def running_balancer(
    folder: Path, *gateway_ports: int, within: Sequence[str] = (), **settings: str
) -> Iterator[Balancer]:
    """Run nginx in front of gateways on loopback and wait until it answers.

    It limits nobody's rate unless it is told to. `within` is a command that runs the command behind it.
    """
    if shutil.which("nginx") is None:
        skip_unless_ci("nginx")
    http, https, status = (free_port() for _ in range(3))
    ours = {
        "NGINX_DIR": str(folder / "nginx"),
        "NGINX_GATEWAYS": " ".join(f"127.0.0.1:{port}" for port in gateway_ports),
        "NGINX_HTTP_LISTEN": f"127.0.0.1:{http}",
        "NGINX_HTTPS_LISTEN": f"127.0.0.1:{https}",
        "NGINX_HTTPS_PORT": str(https),
        "NGINX_STATUS_LISTEN": f"127.0.0.1:{status}",
        "NGINX_INSIDE_NETWORKS": INSIDE,
        "NGINX_REQUESTS_PER_SECOND": "10000",
        "NGINX_BURST": "10000",
        "NGINX_FOLLOW_SECONDS": "0.2",
    }
    balancer = Balancer(
        url=f"http://127.0.0.1:{http}",
        tls_url=f"https://127.0.0.1:{https}",
        status_url=f"http://127.0.0.1:{status}/nginx_status",
        log=folder / "nginx.log",
    )
    with balancer.log.open("wb") as log:
        process = subprocess.Popen(
            [*within, str(SCRIPTS / "start.sh")],
            env=environment(**(ours | settings)),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: _answers(balancer.status_url) or process.poll() is not None or None, 20, balancer.log.read_text)
        assert process.poll() is None, balancer.log.read_text()
        yield balancer
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False
