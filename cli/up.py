"""`scriptorium up`: the whole service on one machine, from the same processes that a cluster runs."""

import asyncio
import fcntl
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import httpx
import typer

from cli.embedded_valkey import EmbeddedValkey
from cli.process import ProcessSpec, SupervisedProcess
from cli.settings import UpSettings
from core.errors import CONFIGURATION_EXIT_STATUS, ConfigurationError

_POLL_SECONDS = 0.1
_NAME_WIDTH = 9
_BACKLOG = 2048
"""Connections that may wait for a gateway to take them; uvicorn's default as well."""
_WORKER_NICENESS = 5
"""On a shared machine the gateway answers first: inference can wait a millisecond, a client should not."""
_OPEN = (
    "OPEN: anybody who can reach this machine can use it and read all jobs; set AUTH_MODE=api_key and ADMIN_KEY, or "
    "HOST=127.0.0.1"
)
_COLOURS = {"valkey": 35, "gateway": 36, "beat": 33, "up": 32, "worker": 34}


def up(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Worker processes; WORKERS if not given, else 1.")
    ] = None,
) -> None:
    """Start the whole service on this machine and follow its logs; Ctrl-C stops it."""
    raise typer.Exit(run_up(workers=workers))


def run_up(*, workers: int | None) -> int:
    """Run the service until it is stopped; return the exit status."""
    try:
        settings = UpSettings.read()
        data_dir = settings.data_dir.resolve()
        (data_dir / "logs").mkdir(parents=True, exist_ok=True)
        with _sole_user_of(data_dir), _listening(settings.host, settings.port) as listener:
            return asyncio.run(_Service(settings, data_dir, listener, workers or settings.workers).run())
    except ConfigurationError as error:
        print(f"scriptorium: {error.detail}", file=sys.stderr)
        return CONFIGURATION_EXIT_STATUS
    except OSError as error:
        print(f"scriptorium: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        return CONFIGURATION_EXIT_STATUS


@contextmanager
def _sole_user_of(data_dir: Path) -> Iterator[None]:
    with (data_dir / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"Another 'scriptorium up' is using {data_dir}. Stop it, or set DATA_DIR to another folder."
            ) from None
        yield


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """Listen for all gateways: they share the socket, and who connects while one is started anew waits for it."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            raise ConfigurationError(
                f"Can't listen on {host}:{port} ({error.strerror}). Choose another port: PORT={port + 1} make up"
            ) from None
        yield listener


class _Service:
    """Starts everything in order, waits until it is ready, follows it, and stops it in order."""

    def __init__(self, settings: UpSettings, data_dir: Path, listener: socket.socket, workers: int) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._logs = data_dir / "logs"
        self._colours = sys.stdout.isatty()
        self._stop = asyncio.Event()
        self._fatal: str | None = None
        self._environment = os.environ | {"DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"}
        self._valkey: SupervisedProcess | None = None
        if settings.embeds_valkey:
            valkey = EmbeddedValkey.under(data_dir)
            self._environment["REDIS_URL"] = valkey.url
            self._valkey = self._supervise("valkey", valkey.command, stdin=valkey.configuration)
        # Both ends of it are started here, so nobody has to set them up.
        self._environment |= {"GOLDEN_SET_KEY": secrets.token_hex(32), "GOLDEN_SET_URL": self._base_url()}
        python = [sys.executable, "-m"]
        gateway = [*python, "api", "--listen-fd", str(listener.fileno())]
        self._gateways = [
            self._supervise(name, [*gateway, *sharing], sockets=[listener.fileno()])
            for name, sharing in self._gateway_arguments().items()
        ]
        self._workers = [
            self._supervise(
                f"worker-{number}",
                [*python, "worker"],
                niceness=_WORKER_NICENESS,
                variables=self._metrics_port(number - 1),
            )
            for number in range(1, workers + 1)
        ]
        self._beat = self._supervise("beat", [*python, "worker.beat"], variables=self._metrics_port(workers))

    def _gateway_arguments(self) -> dict[str, list[str]]:
        """Return by each gateway's name what it is to be told: of several, where all of them count, from nothing on."""
        if self._settings.gateways == 1:
            return {"gateway": []}
        folder = self._data_dir / "gateway-metrics"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        names = [f"gateway-{number}" for number in range(1, self._settings.gateways + 1)]
        return {name: ["--share-metrics", str(folder), name] for name in names}

    def _metrics_port(self, number: int) -> dict[str, str]:
        """Return the setting of who serves metrics so many ports behind the first, if a port was chosen at all."""
        port = self._settings.metrics_port
        return {"METRICS_PORT": str(port + number)} if port else {}

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal)
        try:
            await self._start()
            await self._stop.wait()
        finally:
            await self._stop_all()
        if self._fatal is not None:
            self._print("up", self._fatal)
            return CONFIGURATION_EXIT_STATUS
        self._print("up", "stopped; the jobs are kept and go on with the next start")
        return 0

    async def _start(self) -> None:
        if self._valkey is not None:
            await self._valkey.start()
        for process in (*self._gateways, self._beat, *self._workers):
            await process.start()
        ready = asyncio.create_task(self._until_ready())
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({ready, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ready, stopped):
            task.cancel()

    async def _until_ready(self) -> None:
        base = self._base_url()
        self._print("up", "starting; the first start prepares the model's weights")
        async with httpx.AsyncClient(trust_env=False) as client:
            while True:
                try:
                    answer = await client.get(f"{base}/health/ready", timeout=2)
                    if answer.is_success and len(answer.json()["workers"]) >= len(self._workers):
                        break
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(_POLL_SECONDS)
        curl = "curl"
        if self._settings.auth_mode != "none":
            curl += ' -H "Authorization: Bearer $SCRIPTORIUM_API_KEY"'
        for line in (
            f"ready at {base}, {len(self._workers)} worker(s), data in {self._data_dir}",
            *((_OPEN,) if self._settings.is_open_to_others else ()),
            "try:",
            f"  {curl} -F file=@speech.mp3 {base}/transcribe",
            f"  {curl} {base}/status/JOB_ID",
            f"  {curl} '{base}/result/JOB_ID?format=text'",
            f"in a browser: {base} · interactive documentation: {base}/docs · stop with Ctrl-C",
        ):
            self._print("up", line)

    async def _stop_all(self) -> None:
        """Stop who takes work before who does it, and the store last."""
        await asyncio.gather(*(process.stop() for process in (*self._gateways, self._beat)))
        await asyncio.gather(*(worker.stop() for worker in self._workers))
        if self._valkey is not None:
            await self._valkey.stop()

    def _on_signal(self) -> None:
        if self._stop.is_set():
            self._print("up", "killing what still runs")
            for process in (*self._gateways, self._beat, *self._workers):
                process.kill()
            return
        self._stop.set()
        self._print("up", "stopping: running jobs are handed back; Ctrl-C again to kill")

    def _on_fatal(self, reason: str) -> None:
        self._fatal = reason
        self._stop.set()

    def _supervise(
        self,
        name: str,
        command: list[str],
        *,
        stdin: str | None = None,
        sockets: Sequence[int] = (),
        niceness: int = 0,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> SupervisedProcess:
        environment = {**self._environment, **variables}
        return SupervisedProcess(
            ProcessSpec(name, command, environment, self._logs / f"{name}.log", stdin, sockets, niceness),
            print_line=self._print,
            on_fatal=self._on_fatal,
            fatal_status=CONFIGURATION_EXIT_STATUS,
        )

    def _base_url(self) -> str:
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._settings.host, self._settings.host)  # noqa: S104
        return f"http://{host}:{self._settings.port}"

    def _print(self, name: str, line: str) -> None:
        label = f"{name:<{_NAME_WIDTH}}|"
        if self._colours:
            label = f"\x1b[{_COLOURS[name.partition('-')[0]]}m{label}\x1b[0m"
        try:
            print(f"{label} {line}", flush=True)
        except BrokenPipeError:
            # Whoever read this is gone; the service is not, and must still stop when it is told to. What can't be
            # written any more would fail again at Python's end.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
