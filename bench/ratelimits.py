"""What a rate limiter costs: requests a second of a bare route that does one Redis GET, behind each of several."""

import contextlib
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import redis
import uvloop

from bench.limited_route import KEY, LIMIT, LIMITERS
from bench.processes import processor_seconds
from bench.tables import Table
from bench.wire import answered_per_second, get
from cli.ports import free_port
from tests.harness.servers import running_server
from tests.harness.service import until

_CLIENTS = 32
_SECONDS = 3.0
_ROUNDS = 5
_DOCUMENT_BYTES = 500
_COLUMNS = ["limiter", "requests/s", "least", "most", "of none", "server us", "least", "most"]
_NOTES = (
    f"Requests a second of {_CLIENTS} clients, each with an address, a kept connection and one request under way; the "
    f"median of {_ROUNDS} rounds of {_SECONDS:g} s, the limiters by turns. Each limits an address to {LIMIT}, which "
    "none reaches, and says so in the answer's head. slowapi: its decorator as its documentation has it, which asks "
    "Redis in the event loop's own thread. limits.aio: hit and get_window_stats over redis-py's asyncio client. "
    "Server us: processor time of the server's process a request. Client, server and Valkey share the machine's cores."
)


class _Round(NamedTuple):
    rate: float
    server_us: float


def measure() -> Table:
    """Measure each limiter by turns and return the table."""
    found: dict[str, list[_Round]] = {name: [] for name in LIMITERS}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(running_server("valkey", folder))
        with redis.Redis.from_url(url) as client:
            client.set(KEY, b"x" * _DOCUMENT_BYTES)
        routes = {name: stack.enter_context(_route(name, url)) for name in LIMITERS}
        for _ in range(_ROUNDS):
            for name, (port, process) in routes.items():
                used = processor_seconds(process)
                asked = answered_per_second(port, [get(f"/status/{KEY}")] * _CLIENTS, seconds=_SECONDS)
                rate = uvloop.run(asked)
                server_us = 1e6 * (processor_seconds(process) - used) / (rate * _SECONDS)
                found[name].append(_Round(rate, server_us))
    none = statistics.median(each.rate for each in found["none"])
    return Table("Rate limiters", _COLUMNS, [_row(name, rounds, none) for name, rounds in found.items()], _NOTES)


def _row(name: str, rounds: list[_Round], none: float) -> list[str]:
    rates, costs = [each.rate for each in rounds], [each.server_us for each in rounds]
    rate, cost = ([f"{of(values):.0f}" for of in (statistics.median, min, max)] for values in (rates, costs))
    return [name, *rate, f"{statistics.median(rates) / none:.2f}", *cost]


@contextlib.contextmanager
def _route(limiter: str, url: str) -> Iterator[tuple[int, int]]:
    """Serve behind a limiter; yield the port and the process."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.limited_route", limiter, str(port), url])  # noqa: S603 - ours
    try:
        until(lambda: True if _listens(port) else None, 30, lambda: f"the route behind '{limiter}' did not start")
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
