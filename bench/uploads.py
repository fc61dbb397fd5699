"""What an upload costs the gateway: memory for a very large one and for many at once, and requests a second.

There is a gateway and a Valkey and no worker: what becomes of a job afterwards is another measurement's subject.
"""

import http.client
import os
import random
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from bench.multipart import FORM_TAIL, HEADERS, form, form_head
from bench.processes import peak_mib, reset_peak
from bench.tables import Table
from cli.ports import free_port
from tests.harness.cluster import Cluster
from tests.harness.processes import ServerProcess
from tests.harness.service import environment, until

_MIB = 1024 * 1024
_LARGE_BYTES = 2 * 1024 * _MIB
_QUICK_LARGE_BYTES = 256 * _MIB
_MANY, _EACH_BYTES = 50, 100 * _MIB
_QUICK_MANY, _QUICK_EACH_BYTES = 10, 20 * _MIB
_MEMORY_GOAL_MIB = 20 * 1000**2 / 1024**2
_REPEATS = 3
_CLIENTS = 16
_SECONDS, _QUICK_SECONDS = 8.0, 2.0
_SMALL_BYTES = _MIB
_RATIO_GOAL = 0.5
_TIMEOUT_SECONDS = 600.0

_MEMORY_NOTES = (
    "MiB of 1024**2 bytes. Added: the most that the gateway and the process that writes for it ever kept in memory "
    "meanwhile (VmHWM; what both have counts twice), less what it was before, once one small upload was taken. "
    "Each upload is synced every 8 MiB, which is what the rate depends on."
)
_RATE_NOTES = (
    f"Requests a second by {_CLIENTS} clients, each with a kept connection, one request after the other; median (least "
    f"to most) of {_REPEATS} rounds by turns. The bare route is one of Starlette's on the same uvicorn with the same "
    "settings: it writes the body to a file as it comes, neither parsed nor hashed nor synced. The second row shows "
    "what a sync alone makes of that. The service's is POST /transcribe as shipped, the file, its name and "
    "the job on the disk before the answer. Clients, servers and Valkey share the cores."
)


def measure(*, quick: bool = False) -> Iterator[Table]:
    """Measure memory, then requests a second."""
    yield _memory(quick=quick)
    yield _rate(quick=quick)


class _Added(NamedTuple):
    mib: float
    seconds: float


def _memory(*, quick: bool) -> Table:
    large = _QUICK_LARGE_BYTES if quick else _LARGE_BYTES
    many, each = (_QUICK_MANY, _QUICK_EACH_BYTES) if quick else (_MANY, _EACH_BYTES)
    rows = []
    for uploads, size in ((1, large), (many, each)):
        run = _added(uploads, size)
        rows.append(
            [
                f"{uploads} of {size // _MIB} MiB",
                f"{run.mib:.1f}",
                f"{run.mib / uploads:.2f}",
                f"< {_MEMORY_GOAL_MIB:.0f} MiB (20 MB) an upload",
                f"{uploads * size / _MIB / run.seconds:.0f}",
            ]
        )
    columns = ["uploads at once", "added MiB", "an upload", "goal", "MiB a second"]
    return Table("Memory of uploads", columns, rows, _MEMORY_NOTES)


def _added(uploads: int, size: int) -> _Added:
    with (
        _gateway(MAX_FILE_SIZE_MB=str(size // _MIB + 1), MAX_UPLOADS_PER_CLIENT=str(uploads)) as (gateway, url, _),
        ThreadPoolExecutor(uploads) as clients,
    ):
        _post_large(url, _MIB)
        reset_peak(gateway.pid)
        before = peak_mib(gateway.pid)
        started = time.perf_counter()
        for done in [clients.submit(_post_large, url, size) for _ in range(uploads)]:
            done.result()
        return _Added(peak_mib(gateway.pid) - before, time.perf_counter() - started)


def _post_large(url: str, size: int) -> None:
    """Post a file of about this size, which the client doesn't hold either."""
    pieces, piece = size // _MIB, bytes(_MIB)
    head = form_head() + _wav_header(pieces * _MIB)

    def body() -> Iterator[bytes]:
        yield head
        for _ in range(pieces):
            yield piece
        yield FORM_TAIL

    length = len(head) + pieces * _MIB + len(FORM_TAIL)
    connection = _connection(url)
    connection.request("POST", "/transcribe", body(), HEADERS | {"Content-Length": str(length)})
    _accepted(connection)
    connection.close()


def _wav_header(data_bytes: int) -> bytes:
    """Return what comes before so many bytes of samples, 16 bits at 16 kHz (RIFF counts what comes behind its size)."""
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16_000, 32_000, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + data_bytes, b"WAVE") + layout + struct.pack("<4sI", b"data", data_bytes)


def _rate(*, quick: bool) -> Table:
    seconds = _QUICK_SECONDS if quick else _SECONDS
    noise = random.Random(1).randbytes(_SMALL_BYTES)  # noqa: S311 - the same each time
    body = form(_wav_header(_SMALL_BYTES) + noise)
    with (
        _gateway(MAX_UPLOADS_PER_CLIENT=str(_CLIENTS)) as (_, service, media),
        _bare() as (bare, files),
        _bare("--sync") as (synced, synced_files),
    ):
        routes = {bare: files, synced: synced_files, service: media}
        rates: dict[str, list[float]] = {url: [] for url in routes}
        for url, folder in routes.items():
            _requests_a_second(url, body, seconds / 4)
            _emptied(folder)
        for _ in range(_REPEATS):
            for url, folder in routes.items():
                rates[url].append(_requests_a_second(url, body, seconds))
                _emptied(folder)
    ours = statistics.median(rates[service])
    rows = [
        [name, _spread(rates[url], 0), f"{ours / statistics.median(rates[url]):.2f}", goal]
        for name, url, goal in (
            ("bare Starlette route, body to a file", bare, f">= {_RATIO_GOAL:g}"),
            ("the same, which syncs the file", synced, ""),
        )
    ]
    rows.append(["POST /transcribe", _spread(rates[service], 0), "", ""])
    columns = ["route", "requests a second", "POST /transcribe has of it", "goal"]
    return Table("Uploads of 1 MiB", columns, rows, _RATE_NOTES)


def _requests_a_second(url: str, body: bytes, seconds: float) -> float:
    end = time.perf_counter() + seconds

    def client(_number: int) -> int:
        connection = _connection(url)
        requests = 0
        while time.perf_counter() < end:
            connection.request("POST", "/transcribe", body, HEADERS)
            _accepted(connection)
            requests += 1
        connection.close()
        return requests

    started = time.perf_counter()
    with ThreadPoolExecutor(_CLIENTS) as clients:
        requests = sum(clients.map(client, range(_CLIENTS)))
    return requests / (time.perf_counter() - started)


def _connection(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=_TIMEOUT_SECONDS)


def _accepted(connection: http.client.HTTPConnection) -> None:
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != HTTPStatus.ACCEPTED:
        raise RuntimeError(f"/transcribe answered {answer.status}: {content.decode()}")


def _emptied(folder: Path) -> None:
    """Empty what was uploaded, and wait until the disk has nothing left to write of it.

    Emptied, not removed: ext4 passes over each inode removed in the last minute when it looks for a new one.
    """
    for path in folder.iterdir():
        os.truncate(path, 0)
    os.sync()


@contextmanager
def _gateway(**settings: str) -> Iterator[tuple[ServerProcess, str, Path]]:
    """Give a fresh gateway, its address and the folder of its uploads."""
    with tempfile.TemporaryDirectory() as folder, Cluster(Path(folder) / "cluster") as cluster:
        gateway = cluster.start_gateway(**settings)
        cluster.await_ready()
        yield gateway, cluster.base_url(), cluster.media_folder


@contextmanager
def _bare(*options: str) -> Iterator[tuple[str, Path]]:
    """Give a bare route's address and the folder of its files."""
    with tempfile.TemporaryDirectory() as folder:
        port, files = free_port(), Path(folder) / "files"
        files.mkdir()
        server = ServerProcess.start(
            "bare",
            [sys.executable, "-m", "bench.bare_upload", str(port), str(files), *options],
            environment(PYTHONPATH=os.pathsep.join(sys.path)),
            Path(folder) / "log",
        )
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: True if _listens(url) else None, 30, server.log_tail)
            yield url, files
        finally:
            server.kill()


def _listens(url: str) -> bool:
    connection = _connection(url)
    try:
        connection.connect()
    except OSError:
        return False
    connection.close()
    return True


def _spread(values: Sequence[float], digits: int) -> str:
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"
