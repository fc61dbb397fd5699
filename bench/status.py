"""How many requests for a job's status a gateway answers a second, against a bare route that does one Redis GET."""

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvloop

from bench.audio import small_silence
from bench.service_runner import service
from bench.tables import Table
from bench.wire import answered_per_second, get
from cli.ports import free_port
from tests.harness.service import Service, until

_CONNECTIONS = 32
_SECONDS = 1.0
_ROUNDS = 20
"""Short and many: the machine is now slow, now fast, for seconds at a time."""
_AUDIO_SECONDS = 300.0
_GOAL = 0.6
_LIMIT = "1000/second"
_COLUMNS = ["route", "rounds", "requests/s", "least", "most", "of the bare route", "goal"]
_NOTES = (
    f"Requests a second over {_CONNECTIONS} kept connections, each from an address and for a job of its own, with one "
    f"request under way; the median of {_ROUNDS} rounds of {_SECONDS:g} s, the routes by turns; client, gateway, "
    "Valkey and bare route share the machine's cores. The bare route: one Starlette route in uvicorn, with the "
    f"gateway's settings and Redis client, that answers what one GET finds. Rate limits are on, {_LIMIT} for each "
    "address, which uses about a tenth of it and costs a share for some sixty requests, as who polls once a second "
    "does of the default."
)


def measure() -> Table:
    """Start both and return the table."""
    with service(
        TRANSCRIBER="scripted", SCRIPTED_RTF="1", WORKER_CONCURRENCY=str(_CONNECTIONS), RATE_LIMIT_READ=_LIMIT
    ) as running:
        jobs = _jobs(running)
        with _bare(running, jobs["completed"]) as port:
            routes = {"bare Starlette route, one Redis GET": (port, jobs["completed"])}
            for name, job_ids in jobs.items():
                routes[f"GET /status, {name} job"] = (running.port, job_ids)
            rates: dict[str, list[float]] = {name: [] for name in routes}
            for _ in range(_ROUNDS):
                for name, (at, job_ids) in routes.items():
                    requests = [get(f"/status/{job_id}") for job_id in job_ids]
                    rates[name].append(uvloop.run(answered_per_second(at, requests, seconds=_SECONDS)))
    bare, *ours = rates.items()
    rows = [_row(*bare, of=None)] + [_row(name, found, of=statistics.median(bare[1])) for name, found in ours]
    return Table("Requests for a status a second", _COLUMNS, rows, _NOTES)


def _row(name: str, rates: list[float], *, of: float | None) -> list[str]:
    median = statistics.median(rates)
    ratio = ["", ""] if of is None else [f"{median / of:.2f}", f">= {_GOAL:g}"]
    return [name, str(len(rates)), f"{median:.0f}", f"{min(rates):.0f}", f"{max(rates):.0f}", *ratio]


def _jobs(running: Service) -> dict[str, list[str]]:
    """Return as many jobs as there are connections, of each kind."""
    completed = [running.submit(small_silence(0.5, number)) for number in range(_CONNECTIONS)]
    for job_id in completed:
        running.finished(job_id)
    processing = [running.submit(small_silence(_AUDIO_SECONDS, number)) for number in range(_CONNECTIONS)]
    until(lambda: True if all(running.status(each)["status"] == "processing" for each in processing) else None, 60)
    queued = [running.submit(small_silence(_AUDIO_SECONDS, number)) for number in range(_CONNECTIONS)]
    return {"processing": processing, "queued": queued, "completed": completed}


@contextmanager
def _bare(running: Service, job_ids: list[str]) -> Iterator[int]:
    """Run the bare route over what the gateway answers for these jobs."""
    port = free_port()
    for job_id in job_ids:
        running.redis().set(job_id, running.client.get(f"/status/{job_id}").text)
    url = (running.data_dir / "valkey" / "url").read_text().strip()
    process = subprocess.Popen([sys.executable, "-m", "bench.bare_route", str(port), url])  # noqa: S603 - our own
    try:
        until(lambda: _answers(port, job_ids[0]), 30, lambda: "the bare route did not start")
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int, job_id: str) -> bool | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/status/{job_id}", trust_env=False).is_success or None
    except httpx.TransportError:
        return None
