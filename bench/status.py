"""How many requests for a job's status a gateway answers a second, against a bare route that does one Redis GET."""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop

from bench.audio import small_silence
from bench.bare_route import KEY
from bench.service_runner import service
from bench.tables import Table
from bench.wire import WireConnection, get
from cli.ports import free_port
from tests.harness.service import Service, until

_CONNECTIONS = 32
_SECONDS = 4.0
_ROUNDS = 5
_AUDIO_SECONDS = 300.0
_GOAL = 0.6
_COLUMNS = ["route", "rounds", "requests/s", "least", "most", "of the bare route", "goal"]
_NOTES = (
    f"Requests a second over {_CONNECTIONS} kept connections, each with one request under way; the median of {_ROUNDS} "
    f"rounds of {_SECONDS:g} s, the routes by turns; client, gateway, Valkey and bare route share the machine's cores. "
    "The bare route: one Starlette route in uvicorn, with the gateway's settings and Redis client, that answers what "
    "one GET finds. Rate limits are on (RATE_LIMIT_READ), set so high that none is reached."
)


def measure() -> Table:
    """Start both and return the table."""
    with service(TRANSCRIBER="scripted", SCRIPTED_RTF="1", WORKER_CONCURRENCY="1") as running:
        job_ids = [running.submit(small_silence(_AUDIO_SECONDS, number)) for number in range(20)]
        states = {"processing": job_ids[0], "queued": job_ids[10], "completed": _completed(running)}
        with _bare(running) as port:
            routes = {"bare Starlette route, one Redis GET": (port, f"/status/{KEY}")}
            for name, job_id in states.items():
                routes[f"GET /status, {name} job"] = (running.port, f"/status/{job_id}")
            rates: dict[str, list[float]] = {name: [] for name in routes}
            for _ in range(_ROUNDS):
                for name, (at, path) in routes.items():
                    rates[name].append(uvloop.run(_rate(at, get(path))))
    bare, *ours = rates.items()
    rows = [_row(*bare, of=None)] + [_row(name, found, of=statistics.median(bare[1])) for name, found in ours]
    return Table("Requests for a status a second", _COLUMNS, rows, _NOTES)


def _row(name: str, rates: list[float], *, of: float | None) -> list[str]:
    median = statistics.median(rates)
    ratio = ["", ""] if of is None else [f"{median / of:.2f}", f">= {_GOAL:g}"]
    return [name, str(len(rates)), f"{median:.0f}", f"{min(rates):.0f}", f"{max(rates):.0f}", *ratio]


def _completed(running: Service) -> str:
    """Return the job that warmed the service."""
    job_id: str = running.client.get("/jobs", params={"status": "completed"}).json()["jobs"][0]["job_id"]
    return job_id


@contextmanager
def _bare(running: Service) -> Iterator[int]:
    port = free_port()
    client = running.redis()
    client.set(KEY, running.client.get("/status/" + _completed(running)).text)
    url = (running.data_dir / "valkey" / "url").read_text().strip()
    process = subprocess.Popen([sys.executable, "-m", "bench.bare_route", str(port), url])  # noqa: S603 - our own
    try:
        until(lambda: _answers(port), 30, lambda: "the bare route did not start")
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool | None:
    try:
        return uvloop.run(_status_of(port)) == 200 or None
    except OSError:
        return None


async def _status_of(port: int) -> int:
    connection = await WireConnection.open(port)
    answer = await connection.ask(get(f"/status/{KEY}"))
    connection.close()
    return answer.status


async def _rate(port: int, request: bytes) -> float:
    """Return the requests a second that are answered 200."""
    connections = [await WireConnection.open(port) for _ in range(_CONNECTIONS)]
    end = time.perf_counter() + _SECONDS

    async def ask(connection: WireConnection) -> int:
        answered = 0
        while time.perf_counter() < end:
            answer = await connection.ask(request)
            if answer.status != 200:
                raise RuntimeError(f"answered {answer.status}: {answer.body.decode()}")
            answered += 1
        return answered

    started = time.perf_counter()
    answered = sum(await asyncio.gather(*(ask(connection) for connection in connections)))
    seconds = time.perf_counter() - started
    for connection in connections:
        connection.close()
    return answered / seconds
