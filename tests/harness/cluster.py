"""The service as single processes, for tests that kill them: Valkey, gateways, workers and beat, none supervised.

`scriptorium up` would restart what dies; here nothing happens that the test doesn't do.
"""

import contextlib
import itertools
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import httpx
import redis

from cli.embedded_valkey import EmbeddedValkey
from cli.ports import free_port
from tests.harness.processes import Nursery, ServerProcess
from tests.harness.proxy import Proxy
from tests.harness.service import REPOSITORY, environment, until

_READY_SECONDS = 90.0
_UNLIMITED = "100000000"
_LIMITS = {
    "MAX_QUEUE_JOBS": _UNLIMITED,
    "MAX_QUEUE_AUDIO_SECONDS": _UNLIMITED,
    "MAX_UPLOADS_PER_CLIENT": "256",
}
"""What a flood of test jobs must not run into."""


class Cluster:
    """One installation on loopback. Leaving the context kills whatever of it still runs."""

    def __init__(self, folder: Path, *, proxied: bool = False, **settings: str) -> None:
        """Settings go to every process; with `proxied`, all but the test itself reach Valkey through `proxy`."""
        self.folder = folder
        self.logs = folder / "logs"
        self.logs.mkdir(parents=True)
        self._server = EmbeddedValkey.under(folder)
        self.valkey_url = self._server.url
        self.proxy = Proxy(self._server.port) if proxied else None
        self._settings = settings
        self._exits = contextlib.ExitStack()
        self._numbers = itertools.count(1)
        self._valkey: ServerProcess | None = None
        self._nurseries: dict[str, Nursery] = {}
        self._nurseries_lock = threading.Lock()
        self.gateways: dict[ServerProcess, str] = {}
        self.workers: list[ServerProcess] = []
        self.beat: ServerProcess | None = None
        self.redis = redis.Redis.from_url(self.valkey_url, decode_responses=True)

    def __enter__(self) -> Self:
        try:
            self.start_valkey()
            if self.proxy is not None:
                self._exits.enter_context(self.proxy)
        except BaseException:
            self._kill_all()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self._kill_all()

    @property
    def media_folder(self) -> Path:
        """Where uploads lie."""
        return self.folder / "media"

    def start(self, *, workers: int, gateways: int = 1, beat: bool = False) -> None:
        """Start a set of processes and wait until the gateways answer and the workers are ready."""
        for _ in range(gateways):
            self.start_gateway()
        for _ in range(workers):
            self.start_worker()
        if beat:
            self.start_beat()
        self.await_ready()

    def start_gateway(self, *, program: Sequence[str] = ("-m", "api"), **settings: str) -> ServerProcess:
        """Start `python -m api`, or Python with other arguments that come to the same."""
        port = free_port()
        gateway = self._start("gateway", program, self.environment(PORT=str(port), **settings))
        self.gateways[gateway] = f"http://127.0.0.1:{port}"
        return gateway

    def start_worker(self, *, program: Sequence[str] = ("-m", "worker"), **settings: str) -> ServerProcess:
        """Start `python -m worker`, or Python with other arguments that come to the same."""
        worker = self._start("worker", program, self.environment(**settings))
        self.workers.append(worker)
        return worker

    def fork_worker(self) -> ServerProcess:
        """Start a worker from a process that has imported it already: the same program, two seconds sooner."""
        worker = self._fork("worker", "worker.__main__", self.environment())
        self.workers.append(worker)
        return worker

    def fork_gateway(self, program: str, **settings: str) -> tuple[ServerProcess, str]:
        """Start a gateway of the test's making, a module with a `main`; return it and its address.

        It is none of `gateways`: nobody is sent there who doesn't know its address.
        """
        port = free_port()
        gateway = self._fork("doomed", program, self.environment(PORT=str(port), **settings))
        return gateway, f"http://127.0.0.1:{port}"

    def start_beat(self, **settings: str) -> ServerProcess:
        """Start `python -m worker.beat`."""
        self.beat = self._start("beat", ("-m", "worker.beat"), self.environment(**settings))
        return self.beat

    def start_valkey(self) -> None:
        """Start Valkey; again on the same port, with the same password and data, if it ran before."""
        self._valkey = ServerProcess.start(
            "valkey",
            self._server.command,
            environment(),
            self.logs / "valkey.log",
            stdin=self._server.configuration,
        )
        until(lambda: self._is_own_valkey() or None, _READY_SECONDS, self._valkey.log_tail)

    def kill_valkey(self) -> None:
        """SIGKILL Valkey, after making sure that the server on our port is the process we started."""
        assert self._valkey is not None
        assert self._is_own_valkey()
        self._valkey.kill()

    def running_workers(self) -> list[ServerProcess]:
        """Return the workers that live."""
        return [worker for worker in self.workers if worker.is_running]

    def base_url(self, number: int = 0) -> str:
        """Return the address of one of the gateways that live."""
        living = [url for gateway, url in self.gateways.items() if gateway.is_running]
        return living[number % len(living)]

    def ready_workers(self) -> list[ServerProcess]:
        """Return the living workers that have said so in Redis."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            answer = client.get(f"{self.base_url()}/health/ready")
        ready = {str(entry["name"]).rpartition("-")[2] for entry in answer.json()["workers"]}
        return [worker for worker in self.running_workers() if str(worker.pid) in ready]

    def await_ready(self, seconds: float = _READY_SECONDS) -> None:
        """Wait until every living gateway answers and every living worker is ready."""
        until(lambda: self._is_ready() or None, seconds, self.log_tails)

    def stats(self) -> dict[str, Any]:
        """Return GET /stats."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            answer = client.get(f"{self.base_url()}/stats")
        answer.raise_for_status()
        document: dict[str, Any] = answer.json()
        return document

    def environment(self, **settings: str) -> Mapping[str, str]:
        """Return the environment of a process of this installation."""
        url = self.valkey_url
        if self.proxy is not None:
            url = url.replace(f":{self._server.port}/", f":{self.proxy.port}/")
        ours = {
            "REDIS_URL": url,
            "DATA_DIR": str(self.folder),
            "LOG_FORMAT": "json",
            # The processes run in their log folder, and the program is the one that is tested.
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONUNBUFFERED": "1",
        }
        return environment(**(_LIMITS | self._settings | settings | ours))

    def log_tails(self, lines: int = 12) -> str:
        """Return the ends of the logs of those who live, and of the few who died last."""
        processes = [*self.gateways, *self.running_workers(), *[w for w in self.workers if not w.is_running][-3:]]
        if self.beat is not None:
            processes.append(self.beat)
        return "\n".join(process.log_tail(lines) for process in processes)

    def _is_ready(self) -> bool:
        for gateway, url in self.gateways.items():
            try:
                if gateway.is_running and httpx.get(f"{url}/health", trust_env=False).status_code != httpx.codes.OK:
                    return False
            except httpx.TransportError:
                return False
        return len(self.ready_workers()) == len(self.running_workers())

    def _is_own_valkey(self) -> bool:
        assert self._valkey is not None
        if not self._valkey.is_running:
            raise RuntimeError(self._valkey.log_tail())
        try:
            facts = self.redis.info()
        except redis.exceptions.RedisError:
            return False
        return bool(facts["process_id"] == self._valkey.pid and not facts["loading"])

    def _start(self, name: str, program: Sequence[str], variables: Mapping[str, str]) -> ServerProcess:
        name = self._name(name)
        return ServerProcess.start(name, [sys.executable, *program], variables, self.logs / f"{name}.log")

    def _fork(self, name: str, program: str, variables: Mapping[str, str]) -> ServerProcess:
        with self._nurseries_lock:
            if program not in self._nurseries:
                nursery = Nursery(program, self.logs / "nursery.log")
                self._exits.callback(nursery.close)
                self._nurseries[program] = nursery
        name = self._name(name)
        return self._nurseries[program].start(name, variables, self.logs / f"{name}.log")

    def _name(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers):03}"

    def _kill_all(self) -> None:
        others = [*self.gateways, *self.workers, *([self.beat] if self.beat else [])]
        for process in [*others, *([self._valkey] if self._valkey else [])]:
            if process.is_running:
                process.kill()
        self.redis.close()
        self._exits.close()


def eventually(look: Callable[[], bool], seconds: float) -> bool:
    """Wait until something is so; tell whether it came to be in time."""
    deadline = time.monotonic() + seconds
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
