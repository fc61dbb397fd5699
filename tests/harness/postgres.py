"""A real PostgreSQL for tests, from the distribution's package."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.ports import free_port
from tests.harness.servers import skip_unless_ci

_USER = "scriptorium"


def _binary(name: str) -> str:
    found = shutil.which(name) or next(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}")), None)
    if found is None:
        skip_unless_ci("postgresql")
    return found


@contextmanager
def running_postgres() -> Iterator[str]:
    """Run a server in a folder of its own, for who knows its password, and yield its URL."""
    # It refuses to run as root, and its own user can't enter folders that pytest makes as root.
    user = "postgres" if os.geteuid() == 0 else None
    port, password = free_port(), secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder = Path(name)
        (folder / "password").write_text(password)
        if user is not None:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)

        def run(*command: str) -> None:
            subprocess.run(command, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

        data = str(folder / "data")
        run(
            *(_binary("initdb"), "-D", data, "-U", _USER, "--auth=scram-sha-256", "--encoding=UTF8"),
            *("--locale=C", "--no-sync", f"--pwfile={folder / 'password'}"),
        )
        options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        control = (_binary("pg_ctl"), "-D", data, "-l", str(folder / "log"), "-w")
        run(*control, "-o", options, "start")
        try:
            yield f"postgresql://{_USER}:{password}@127.0.0.1:{port}/postgres"
        finally:
            run(*control, "-m", "immediate", "stop")
