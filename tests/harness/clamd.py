"""A real clamd for tests: a process of its own, in a folder of its own, that knows one signature, made here."""

import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

from cli.ports import free_port
from tests.harness.processes import die_with_parent
from tests.harness.servers import skip_unless_ci
from tests.harness.service import until

MARKER = b"scriptorium-test-of-what-nobody-wants-to-open"
"""What the signature looks for, anywhere in a file of any kind."""
SIGNATURE = "Scriptorium.Test.Marker"
_START_SECONDS = 60


class Clamd:
    """A daemon that runs within `with`, on a port of loopback and on a socket. Restarted, it keeps both."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """Skip, or in CI fail, where clamd is not installed. `settings` go into its configuration."""
        # Debian's is in a folder that not every PATH has.
        binary = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin")
        if binary is None:
            skip_unless_ci("clamav-daemon")
        self._port = free_port()
        self._socket = folder / "clamd.sock"
        self._output = folder / "clamd.log"
        (folder / "db").mkdir()
        (folder / "db" / "test.ndb").write_text(f"{SIGNATURE}:0:*:{MARKER.hex()}\n")
        configuration = folder / "clamd.conf"
        lines = {
            "Foreground": "yes",
            "DatabaseDirectory": str(folder / "db"),
            "TemporaryDirectory": str(folder),
            "LocalSocket": str(self._socket),
            "TCPAddr": "127.0.0.1",
            "TCPSocket": str(self._port),
            "AlertExceedsMax": "yes",
            **settings,
        }
        configuration.write_text("".join(f"{name} {value}\n" for name, value in lines.items()))
        self._command = [str(binary), "--config-file", str(configuration)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    @property
    def address(self) -> str:
        """Its port, for CLAMD_ADDRESS."""
        return f"tcp://127.0.0.1:{self._port}"

    @property
    def socket_address(self) -> str:
        """Its socket, for CLAMD_ADDRESS."""
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start and wait until it takes connections."""
        with self._output.open("ab") as output:
            self._process = process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - it calls one C function
            )

        def answers() -> bool | None:
            assert process.poll() is None, self._output.read_text()
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self._port)) == 0 or None

        try:
            until(answers, _START_SECONDS, self._output.read_text)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(20)
            self._process = None

    def pause(self) -> None:
        """Have it take connections and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it answer again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
