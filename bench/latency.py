"""How fast the gateway answers, with nothing to do and with eight transcriptions running on the same cores."""

import http.client
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.audio import silence, speech
from bench.multipart import HEADERS, form
from bench.sampler import Sampler
from bench.tables import Table, percentile
from tests.harness.service import Service, until

_JOBS = 8
_RESERVE_JOBS = 4
"""Wait behind the eight, so that there are still eight should one end."""
_JOB_SECONDS = 300.0
_HEALTH_REQUESTS = 1_500
_HEALTH_EVERY_SECONDS = 0.01
_MB = 1024 * 1024
_UPLOADS = ((1, 50), (20, 20))
"""Size in MB (of 1024**2 bytes, as in MAX_FILE_SIZE_MB) and how many."""

_NOTES = (
    "All times in milliseconds; percentiles by nearest rank. The client runs on the same cores as the model, so its "
    "own waiting for a core is part of every figure. /health: a request every 10 ms over one kept connection; a late "
    "answer delays the next request, so the second row counts from when a request was due and leaves nothing "
    "out. POST /transcribe: a connection each, from the moment the kernel has taken the body's last byte (over "
    "loopback that is well before the gateway has read it) to the answer's last byte; synced to disk in between."
)


class _Sample(NamedTuple):
    measurement: str
    seconds: list[float]
    goal: str


def measure() -> Table:
    """Start the service with the real model and return the table."""
    rows: list[list[str]] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        Service(
            Path(folder),
            WORKER_CONCURRENCY=str(_JOBS),
            MAX_FILE_SIZE_MB="100",
        ) as service,
    ):
        rows += _rows(service, "idle", settle=lambda: _await_running(service, 0))
        with _busy(service):
            rows += _rows(service, f"{_JOBS} jobs", settle=None)
    return Table("Latency of the gateway", ["measurement", "load", "n", "p50", "p99", "max", "goal"], rows, _NOTES)


def _rows(service: Service, load: str, *, settle: Callable[[], None] | None) -> list[list[str]]:
    """Measure everything once; with `settle`, each upload's job is waited out so that the next one meets no load."""
    measurements = [
        partial(_health, service),
        *(partial(_post, service, size_mb, repeats, settle) for size_mb, repeats in _UPLOADS),
    ]
    rows: list[list[str]] = []
    for measurement in measurements:
        with Sampler(lambda: _running(service), every_seconds=0.25) as running:
            samples = measurement()
        label = load if settle else f"{load} (fewest seen {min(running.values):g})"
        for name, seconds, goal in samples:
            figures = [f"{1000 * percentile(seconds, percent):.1f}" for percent in (50, 99, 100)]
            rows.append([name, label, str(len(seconds)), *figures, goal])
    return rows


def _health(service: Service) -> list[_Sample]:
    since_sent: list[float] = []
    since_due: list[float] = []
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    connection.connect()
    start = time.perf_counter()
    for number in range(_HEALTH_REQUESTS):
        due = start + number * _HEALTH_EVERY_SECONDS
        time.sleep(max(0.0, due - time.perf_counter()))
        sent = time.perf_counter()
        connection.request("GET", "/health")
        answer = connection.getresponse()
        answer.read()
        done = time.perf_counter()
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"/health answered {answer.status}")
        since_sent.append(done - sent)
        since_due.append(done - due)
    connection.close()
    return [
        _Sample("GET /health", since_sent, "p99 < 50"),
        _Sample("GET /health, since it was due", since_due, "p99 < 50"),
    ]


def _post(service: Service, size_mb: int, repeats: int, settle: Callable[[], None] | None) -> list[_Sample]:
    seconds: list[float] = []
    for number in range(repeats):
        # The clip makes the job short should a worker take it before it is cancelled.
        body = form(silence(size_mb * _MB, number), clip_end_seconds="1")
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        connection.request("POST", "/transcribe", body, HEADERS)
        sent = time.perf_counter()
        answer = connection.getresponse()
        content = answer.read()
        seconds.append(time.perf_counter() - sent)
        connection.close()
        if answer.status != http.HTTPStatus.ACCEPTED:
            raise RuntimeError(f"/transcribe answered {answer.status}: {content.decode()}")
        service.client.delete(answer.headers["Location"].replace("/status/", "/job/")).raise_for_status()
        if settle is not None:
            settle()
    return [_Sample(f"POST /transcribe, {size_mb} MB", seconds, "within 100")]


@contextmanager
def _busy(service: Service) -> Iterator[None]:
    """Keep eight jobs running at once; cancel them at the end."""
    jobs = [service.submit(speech(_JOB_SECONDS, variant)) for variant in range(_JOBS + _RESERVE_JOBS)]
    _await_running(service, _JOBS)
    yield
    for job in reversed(jobs):
        service.client.delete(f"/job/{job}").raise_for_status()


def _await_running(service: Service, jobs: int) -> None:
    until(lambda: True if _running(service) == jobs else None, 120, service.output)


def _running(service: Service) -> int:
    return int(service.client.get("/stats").json()["processing_jobs"])
