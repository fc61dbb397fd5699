"""The whole compose file as a running installation: its folder, its `.env`, its containers and what they answer."""

import contextlib
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, Self

import httpx
import yaml

from cli.ports import free_port
from tests.compose.engine import Container, Engine, find_engine
from tests.harness.service import FINISHED, REPOSITORY, until

_READY_SECONDS = 180
_SUBNET = "172.30.8.0/24"
_BUILT = ("api", "worker", "flower")


class Stack:
    """An installation in a folder of its own, so that no `.env` of the repository is read. Leaving removes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engine: Engine = find_engine(folder)
        self.flower_password, http_port, prometheus_port = secrets.token_hex(16), free_port(), free_port()
        self._settings = {
            "REDIS_PASSWORD": secrets.token_hex(16),
            "FLOWER_PASSWORD": self.flower_password,
            "GRAFANA_PASSWORD": secrets.token_hex(16),
            "HTTP_PORT": str(http_port),
            "HTTPS_PORT": str(free_port()),
            "PROMETHEUS_PORT": str(prometheus_port),
            "FRONT_SUBNET": _SUBNET,
            # We come from this machine, by the first address of that network.
            "NGINX_INSIDE_NETWORKS": f"'127.0.0.1 {_SUBNET}'",
            "NGINX_REQUESTS_PER_SECOND": "10000",
            "NGINX_BURST": "10000",
            "RATE_LIMIT_SUBMIT": "off",
            "RATE_LIMIT_READ": "off",
            "MIN_FREE_DISK_MB": "64",
            "GOLDEN_SET_HOURS": "24",
            "GOLDEN_SET_KEY": secrets.token_hex(16),
        }
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{http_port}", timeout=60, trust_env=False)
        self._prometheus = httpx.Client(base_url=f"http://127.0.0.1:{prometheus_port}", timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        _copy_of_the_product(self.folder)
        self._write_settings()
        self.engine.prepare()
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.close()
        self._prometheus.close()
        self.engine.clean()

    @property
    def services(self) -> dict[str, Any]:
        """The compose file's services that can be run here."""
        described = yaml.safe_load((self.folder / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
        return {name: facts for name, facts in described.items() if name not in self.engine.without}

    def build(self) -> None:
        """Build the product's images."""
        self.engine.build(*_BUILT)

    def up(self, *services: str, **settings: str) -> None:
        """Start services, all if none are named, with settings that stand from now on."""
        self._settings |= settings
        self._write_settings()
        self.engine.compose("up", "--detach", *(services or self.services))

    def down(self) -> None:
        """Stop and remove the containers; volumes stay."""
        self.engine.compose("down")

    def scale_workers(self, count: int) -> None:
        """Have so many workers, with the one flag, and wait until they are ready."""
        # podman-compose forgets the flag, and with it the workers that it would have to remove later.
        self._settings["WORKER_REPLICAS"] = str(count)
        self._write_settings()
        self.engine.compose("up", "--detach", "--no-recreate", "--no-deps", "--scale", f"worker={count}", "worker")
        self.await_workers(count)

    def await_workers(self, count: int) -> None:
        """Wait until so many workers say that they are ready, and no others."""
        until(lambda: len(self.workers()) == count or None, _READY_SECONDS, self.states)

    def workers(self) -> list[dict[str, Any]]:
        """Return the workers as the service knows them; none while it doesn't answer."""
        try:
            answer = self.client.get("/health/ready")
        except httpx.TransportError:
            return []
        return list(answer.json().get("workers", ())) if answer.is_success else []

    def seconds_to_health(self) -> dict[str, float]:
        """Return the seconds until each service was healthy, from now; all of its containers."""
        started = time.monotonic()
        waiting, healthy = {container.id: container for container in self.engine.containers()}, dict[str, float]()

        def look() -> bool | None:
            for container in list(waiting.values()):
                if self.engine.is_healthy(container):
                    healthy[container.service] = time.monotonic() - started
                    del waiting[container.id]
            return not waiting or None

        until(look, _READY_SECONDS, lambda: f"not healthy: {[each.name for each in waiting.values()]}\n{self.states()}")
        return healthy

    def busy_worker(self) -> Container:
        """Return a worker that runs jobs at the moment."""

        def look() -> Container | None:
            busy = {entry["name"].rpartition("-")[0] for entry in self.workers() if entry["running"]}
            return next((each for each in self.engine.containers("worker") if each.id[:12] in busy), None)

        return until(look, 60, self.states)

    def submit(self, name: str, media: bytes, **options: str) -> str:
        """Post a file through nginx, to be transcribed whatever was done before; return the id of its job.

        A POST that a dying gateway took with it is sent again with its key, as a client should.
        """
        headers = {"Cache-Control": "no-cache", "Idempotency-Key": secrets.token_hex(16)}

        def post() -> str | None:
            with contextlib.suppress(httpx.TransportError):
                answer = self.client.post("/transcribe", files={"file": (name, media)}, data=options, headers=headers)
                if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR:
                    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
                    return str(answer.json()["job_id"])
            return None

        return until(post, 60, self.states)

    def finished(self, job_ids: Iterable[str], *, seconds: float = 240) -> list[dict[str, Any]]:
        """Wait until all jobs are finished; return their status documents."""

        def look(job_id: str) -> dict[str, Any] | None:
            with contextlib.suppress(httpx.TransportError):
                answer = self.client.get(f"/status/{job_id}", params={"wait": 20})
                if answer.is_success and answer.json()["status"] in FINISHED:
                    return dict(answer.json())
            return None

        return [until(partial(look, job_id), seconds, self.states) for job_id in job_ids]

    def text(self, job_id: str) -> str:
        """Return a job's transcript."""
        answer = self.client.get(f"/result/{job_id}", params={"format": "text"})
        assert answer.is_success, answer.text
        return answer.text

    def targets(self) -> dict[str, list[tuple[str, str]]]:
        """Return what Prometheus scrapes: for each job the targets' health and last error."""
        found: dict[str, list[tuple[str, str]]] = {}
        for target in self._ask("targets", state="active")["activeTargets"]:
            found.setdefault(target["labels"]["job"], []).append((target["health"], target["lastError"]))
        return found

    def drawn(self, expression: str, *, seconds: float = 600) -> list[dict[str, Any]]:
        """Return the series that Prometheus would draw of the last while."""
        now = time.time()
        series: list[dict[str, Any]] = self._ask("query_range", query=expression, start=now - seconds, end=now, step=5)[
            "result"
        ]
        return series

    def _ask(self, path: str, **parameters: str | float) -> Any:  # noqa: ANN401 - each call has a shape of its own
        answer = self._prometheus.get(f"/api/v1/{path}", params=parameters)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def _write_settings(self) -> None:
        (self.folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in self._settings.items()))

    def states(self) -> str:
        """Return which containers run, and what each said last."""
        return "\n".join(
            f"--- {each.name} {'runs' if each.runs else 'has ended'}\n{self.engine.logs(each)}"
            for each in self.engine.containers()
        )


def _copy_of_the_product(folder: Path) -> None:
    """Copy what git tracks, or would: nothing that lies about in the working tree reaches an image."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    os.chmod(folder, 0o755)  # noqa: S103, PTH101 - containers' users read what is mounted from it
