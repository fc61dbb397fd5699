"""A real RabbitMQ for tests: a process of its own on loopback, in a folder of its own; no system service is touched."""

import os
import secrets
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import kombu

from cli.ports import free_port
from core.lanes import turn_queue
from tests.harness.servers import skip_unless_ci

_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Debian's server script itself; the one in PATH wants to be root and then becomes the user of the system service."""
_EPMD = "epmd"
"""Erlang's register of node names. The broker would start one as a daemon that outlives it, were none there."""
_USER = "scriptorium"
_START_SECONDS = 60
_STOP_SECONDS = 30


class RabbitMQ:
    """A broker that runs within `with`. Restarted, it keeps its address and its queues."""

    def __init__(self, folder: Path) -> None:
        """Choose ports and a password; skip, or in CI fail, where RabbitMQ is not installed."""
        if not _SERVER.exists():
            skip_unless_ci("rabbitmq-server")
        self._folder = folder
        self._port, self._epmd_port, distribution_port = free_port(), free_port(), free_port()
        self._password = secrets.token_urlsafe(16)
        configuration = folder / "rabbitmq.conf"
        configuration.write_text(
            f"listeners.tcp.default = 127.0.0.1:{self._port}\ndefault_user = {_USER}\ndefault_pass = {self._password}\n"
        )
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        self._environment = ours | {
            "HOME": str(folder),  # of the Erlang cookie
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_NODENAME": f"scriptorium-{self._port}@localhost",
            "RABBITMQ_DIST_PORT": str(distribution_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(configuration),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "none"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(folder / "pid"),
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Its address, for BROKER_URL."""
        return f"amqp://{_USER}:{self._password}@127.0.0.1:{self._port}//"

    def start(self) -> None:
        """Start and wait until it takes connections."""
        try:
            self._run([_EPMD])
            # The name may be registered once epmd listens; without one there, the broker starts its own.
            self._await_listening(self._epmd_port)
            self._run([str(_SERVER)])
            self._await_listening(self._port)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it as its service would, and what it was started with; nothing is left."""
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                # Its script leads a session of its own, in which the broker is.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(_STOP_SECONDS)
        self._processes.clear()

    def purge(self, lane: str) -> int:
        """Drop the turns that wait in a lane's queue; return how many there were."""
        with kombu.Connection(self.url) as connection:
            return kombu.Queue(turn_queue(lane), channel=connection.default_channel).purge() or 0

    def output(self) -> str:
        """Return what it said last."""
        return "\n".join((self._folder / "output").read_text(errors="replace").splitlines()[-40:])

    def _run(self, command: list[str]) -> None:
        with (self._folder / "output").open("ab") as output:
            self._processes.append(
                subprocess.Popen(
                    command,
                    cwd=self._folder,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def _await_listening(self, port: int) -> None:
        deadline = time.monotonic() + _START_SECONDS
        process = self._processes[-1]
        while not _listens(port):
            assert process.poll() is None, f"{process.args!r} ended with {process.returncode}\n{self.output()}"
            assert time.monotonic() < deadline, f"{process.args!r} did not listen on {port}\n{self.output()}"
            time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
