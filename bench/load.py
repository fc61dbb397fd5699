"""The gateway under 5,000 users who all want something at once, and under 10,000 open event streams.

A user polls his job's status once a second, or, one in ten, follows its events; some of them are always in the middle
of an upload over a slow line. When a user's upload is accepted, it is the job he follows from then on.
"""

import asyncio
import contextlib
import itertools
import math
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import NamedTuple

import uvloop

from bench.audio import silence, small_silence
from bench.multipart import HEADERS, form
from bench.processes import gateways_of, processor_seconds, resident_mib
from bench.service_runner import service
from bench.tables import Table, percentile
from bench.wire import EventCounter, WireConnection, get, loopback_address

_COLUMNS = ["load", "measured", "n", "p50", "p99", "max", "goal"]
_POLL_EVERY_SECONDS = 1.0
_EVENT_SHARE = 10
"""One user in so many follows events instead of polling."""
_UPLOAD_BYTES = 1024 * 1024
_UPLOAD_SECONDS = 20.0
_PIECES = 20
_RAMP_SECONDS = 20.0
"""Within which users come."""
_SECONDS, _QUICK_SECONDS = 300.0, 30.0
"""A gateway's memory grows for about 100 s, until the first jobs are done, and not from then on: a quarter of 120 s
ends in the middle of that."""
_FIRST_SECONDS = 2.0
_OPEN_SECONDS = 120.0
_POSTING = 16
"""First jobs posted at once."""


class Load(NamedTuple):
    """What is to be borne."""

    users: int
    uploading: int
    streams: int
    """Open event streams besides those of users."""
    seconds: float
    concurrency: int
    """Jobs that the worker runs at once; with one, most wait all the time."""
    rtf: float
    gateways: int = 2

    def __str__(self) -> str:
        parts = [f"{self.users:,} users, {self.uploading} uploading" if self.users else ""]
        parts += [f"{self.streams:,} event streams"] if self.streams else []
        return ", ".join(part for part in parts if part)


@dataclass(slots=True)
class _Seen:
    """What the clients saw."""

    since_sent: list[float] = field(default_factory=list)
    since_due: list[float] = field(default_factory=list)
    uploads: list[float] = field(default_factory=list)
    """From a body's last byte to the answer."""
    events: int = 0
    opened_mib: float = 0.0
    """The gateways' memory when all streams were open."""
    errors: list[str] = field(default_factory=list)


class _User:
    """Somebody with a job, and with an address of loopback's own."""

    def __init__(self, number: int) -> None:
        self.job_id = ""
        self.address = loopback_address(number)
        self._moved = asyncio.Event()

    def follow(self, job_id: str) -> None:
        """Be interested in another job from now on."""
        self.job_id = job_id
        self._moved.set()

    async def moved(self, former: str, end: float) -> None:
        """Wait until it is another job than a former one, or the time is over."""
        if self.job_id == former:
            self._moved.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), max(0.0, end - time.perf_counter()))


def measure(*, quick: bool) -> Table:
    """Bear both loads, each on a fresh service, and return the table."""
    seconds = _QUICK_SECONDS if quick else _SECONDS
    rows: list[list[str]] = []
    for load in (
        Load(users=5000, uploading=200, streams=0, seconds=seconds, concurrency=16, rtf=0.25),
        Load(users=1000, uploading=20, streams=10_000, seconds=seconds, concurrency=1, rtf=1.0),
    ):
        rows += _bear(load)
    notes = (
        f"Milliseconds; percentiles by nearest rank. Every user polls `GET /status` once a second over a connection of "
        f"its own, but one in {_EVENT_SHARE}, who follows `GET /events`; they come within {_RAMP_SECONDS:g} s, "
        f"which aren't counted, to two gateways; uploads are "
        f"{_UPLOAD_BYTES // 1024} KiB over {_UPLOAD_SECONDS:g} s each, a new one as soon as one is through. A late "
        "answer delays its user's next poll, so the second row counts from when a poll was due. An error is any answer "
        "that is none of 200 and 202, and any connection that breaks. Memory is the gateways' Rss, in quarters of the "
        "time; a stream's is what they grew by when all were open. Rate limits and the limits of uploads are the "
        "defaults, and everybody has an address of his own. Clients, gateways, Valkey and a worker with the scripted "
        "transcriber share the machine's cores."
    )
    return Table("Users at once", _COLUMNS, rows, notes)


def _bear(load: Load) -> list[list[str]]:
    with service(
        TRANSCRIBER="scripted",
        SCRIPTED_RTF=str(load.rtf),
        WORKER_CONCURRENCY=str(load.concurrency),
        GATEWAYS=str(load.gateways),
        RATE_LIMIT_SUBMIT="10/minute",
        RATE_LIMIT_READ="600/minute",
    ) as running:
        gateways = gateways_of(running.process_id)

        def memory() -> float:
            return sum(resident_mib(gateway) for gateway in gateways)

        users = [_User(number) for number in range(load.users)]
        uvloop.run(_first_jobs(running.port, users))
        before = memory()
        seen, memories, cores = uvloop.run(_run(load, running.port, users, memory, gateways))
    quarter = len(memories) // 4
    first, last = max(memories[:quarter]), max(memories[-quarter:])
    requests = len(seen.since_sent) + len(seen.uploads) + len(seen.errors)
    rows = [
        ["GET /status", *_milliseconds(seen.since_sent), "p99 < 500"],
        ["GET /status, since it was due", *_milliseconds(seen.since_due), "p99 < 500"],
        ["POST /transcribe, since the last byte", *_milliseconds(seen.uploads), ""],
        ["errors", str(requests), f"{len(seen.errors)} ({len(seen.errors) / requests:.3%})", "", "", "< 0.1%"],
        [
            "gateway, MiB: first, last quarter, growth",
            "",
            f"{first:.0f}",
            f"{last:.0f}",
            f"{last / first - 1:+.1%}",
            "< 5%",
        ],
        ["cores: " + ", ".join(f"{name} {share:.2f}" for name, share in cores.items()), "", "", "", "", ""],
    ]
    if load.streams:
        per_stream = f"{(seen.opened_mib - before) * 1024 / load.streams:.1f} KiB"
        rows.append(["gateway's memory a stream", str(load.streams), per_stream, "", "", ""])
    if seen.events:
        rows.append(["events received", str(seen.events), "", "", "", ""])
    for error in sorted(set(seen.errors))[:5]:
        print(f"  {seen.errors.count(error)} x {error}", flush=True)
    return [[str(load), *row] for row in rows]


def _milliseconds(seconds: list[float]) -> list[str]:
    figures = [f"{1000 * percentile(seconds, percent):.1f}" for percent in (50, 99, 100)] if seconds else ["", "", ""]
    return [str(len(seconds)), *figures]


async def _run(
    load: Load, port: int, users: list[_User], memory: Callable[[], float], gateways: list[int]
) -> tuple[_Seen, list[float], dict[str, float]]:
    seen = _Seen()
    memories: list[float] = []
    streams = [
        await _follow(port, users[number % len(users)].job_id, loopback_address(load.users + number))
        for number in range(load.streams)
    ]
    async with asyncio.timeout(_OPEN_SECONDS):
        await asyncio.gather(*(stream.answered.wait() for stream in streams))
    seen.opened_mib = memory()
    following = len(users) // _EVENT_SHARE
    end = time.perf_counter() + _RAMP_SECONDS + load.seconds
    processes = {"gateway": gateways, "clients": [os.getpid()]}
    used = {name: sum(map(processor_seconds, pids)) for name, pids in processes.items()}
    started = time.perf_counter()
    files = itertools.count()
    async with asyncio.TaskGroup() as group:
        for number, user in enumerate(users):
            task = _listen if number < following else _poll
            group.create_task(task(port, user, end, seen))
        for number in range(load.uploading):
            group.create_task(_upload(port, users[number :: load.uploading], files, end, seen))
        group.create_task(_watch(memory, memories, end))
    seconds = time.perf_counter() - started
    seen.errors += ["event stream ended or refused" for stream in streams if stream.status != HTTPStatus.OK]
    seen.events += sum(stream.events for stream in streams)
    cores = {name: (sum(map(processor_seconds, pids)) - used[name]) / seconds for name, pids in processes.items()}
    return seen, memories, cores


async def _watch(memory: Callable[[], float], memories: list[float], end: float) -> None:
    await asyncio.sleep(_RAMP_SECONDS)
    while time.perf_counter() < end:
        memories.append(memory())
        await asyncio.sleep(1)


async def _poll(port: int, user: _User, end: float, seen: _Seen) -> None:
    """Ask for the status once a second; how long that takes counts once everybody is there."""
    begin = time.perf_counter() + _RAMP_SECONDS
    await asyncio.sleep(random.random() * _RAMP_SECONDS)  # noqa: S311 - spreads users, guards nothing
    connection = await WireConnection.open(port, source=user.address)
    due = time.perf_counter()
    while due < end:
        sent = time.perf_counter()
        try:
            answer = await connection.ask(get(f"/status/{user.job_id}"))
        except ConnectionError as error:
            seen.errors.append(f"GET /status: {error}")
            connection = await WireConnection.open(port, source=user.address)
        else:
            done = time.perf_counter()
            if answer.status == HTTPStatus.OK:
                if due >= begin:
                    seen.since_sent.append(done - sent)
                    seen.since_due.append(done - due)
            else:
                seen.errors.append(f"GET /status: {answer.status}")
        due += _POLL_EVERY_SECONDS
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    connection.close()


async def _listen(port: int, user: _User, end: float, seen: _Seen) -> None:
    """Follow the user's job, whichever it is by now, from its first event to its end."""
    while time.perf_counter() < end:
        former = user.job_id
        stream = await _follow(port, former, user.address)
        await asyncio.wait([stream.ended], timeout=max(0.0, end - time.perf_counter()))
        seen.events += stream.events
        if stream.status != HTTPStatus.OK:
            seen.errors.append(f"GET /events: {stream.status}")
        stream.close()
        await user.moved(former, end)


async def _follow(port: int, job_id: str, source: str) -> EventCounter:
    _, stream = await asyncio.get_running_loop().create_connection(
        lambda: EventCounter(get(f"/events/{job_id}")), "127.0.0.1", port, local_addr=(source, 0)
    )
    return stream


async def _first_jobs(port: int, users: list[_User]) -> None:
    """Give everybody a job."""
    seen = _Seen()
    waiting = iter(enumerate(users))

    async def post() -> None:
        for number, user in waiting:
            await _post(port, user, form(small_silence(_FIRST_SECONDS, number)), seen)

    await asyncio.gather(*(post() for _ in range(_POSTING)))
    if seen.errors:
        raise RuntimeError(f"{len(seen.errors)} users got no job: {seen.errors[0]}")


async def _upload(port: int, users: list[_User], files: "itertools.count[int]", end: float, seen: _Seen) -> None:
    """Upload for one user after the other, over a slow line."""
    await asyncio.sleep(random.random() * _UPLOAD_SECONDS)  # noqa: S311 - spreads uploads, guards nothing
    for user in itertools.cycle(users):
        if time.perf_counter() + _UPLOAD_SECONDS > end:
            return
        body = form(silence(_UPLOAD_BYTES, next(files)))
        await _post(port, user, body, seen, pieces=_PIECES, pause_seconds=_UPLOAD_SECONDS / _PIECES)


async def _post(
    port: int, user: _User, body: bytes, seen: _Seen, *, pieces: int = 1, pause_seconds: float = 0.0
) -> None:
    """Upload a body piece by piece, and have the user follow the job that it becomes."""
    connection = await WireConnection.open(port, source=user.address)
    try:
        answered = connection.ask(_head(len(body)))
        piece = math.ceil(len(body) / pieces)
        for start in range(0, len(body), piece):
            await asyncio.sleep(pause_seconds)
            if answered.done():  # refused on the way, or broken off
                break
            connection.write(body[start : start + piece])
        sent = time.perf_counter()
        answer = await answered
    except ConnectionError as error:
        seen.errors.append(f"POST /transcribe: {error}")
        return
    finally:
        connection.close()
    if answer.status == HTTPStatus.ACCEPTED:
        seen.uploads.append(time.perf_counter() - sent)
        user.follow(answer.body.split(b'"job_id":"', 1)[1][:32].decode())
    else:
        seen.errors.append(f"POST /transcribe: {answer.status} {answer.body[:120].decode()}")


def _head(body_bytes: int) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    return f"POST /transcribe HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Length: {body_bytes}\r\n\r\n".encode()
