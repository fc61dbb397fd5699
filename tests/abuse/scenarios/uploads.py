"""Clients that hold connections and say nothing, bodies without end, and a disk that is full: honest clients go on."""

import asyncio
import contextlib
import http.client
import itertools
import resource
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx

from tests.chaos.client import Client, silence
from tests.chaos.outcome import Outcome, percentile
from tests.chaos.run import Repeat, Run
from tests.harness.cluster import Cluster, eventually
from tests.harness.processes import ServerProcess

_MIB = 1024 * 1024
_P99_SECONDS = 1.0
_HONEST = 4
_DRIP_SECONDS = 1.0
_SLOW_ADDRESSES = [f"127.0.1.{number}" for number in range(1, 21)]
"""All of loopback is ours: the slow ones come from other addresses than the honest, as they would from outside."""
_FORM = b"Content-Type: multipart/form-data; boundary=b\r\n"
_FILE_HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
_SLOW = {
    "silent": b"",
    "slow head": b"POST /transcribe HTTP/1.1\r\nHost: a\r\nX-Slow: ",
    "slow body": b"POST /transcribe HTTP/1.1\r\nHost: a\r\n" + _FORM + b"Content-Length: 1000000\r\n\r\n" + _FILE_HEAD,
    "slow chunks": b"POST /transcribe HTTP/1.1\r\nHost: a\r\n" + _FORM + b"Transfer-Encoding: chunked\r\n\r\n",
}
"""What each kind sends at once; then a byte now and then, but for the silent."""
_ENDLESS_BYTES = 10 * 1024**3
_GATEWAY_GROWTH_MIB = 64


def slow_connections(run: Run) -> Outcome:
    """Test 18: thousands of connections that drip or say nothing, renewed as they are closed, beside honest clients."""
    slow, seconds = run.choose(full=(2_000, 60.0), quick=(200, 6.0))
    outcome = Outcome(
        "18", f"{slow:,} slow connections of {len(_SLOW)} kinds for {seconds:g} s, {_HONEST} honest clients"
    )
    quick = {"HEADER_TIMEOUT_SECONDS": "1.5", "UPLOAD_GRACE_SECONDS": "1.5"} if run.quick else {}
    _raise_file_limit()
    with run.cluster(SCRIPTED_RTF="0.05") as (cluster, client):
        gateway = cluster.start_gateway(MAX_UPLOADS_PER_CLIENT="32", **quick)  # as shipped; other tests have more
        cluster.start(workers=1, gateways=0, beat=True)
        with _SlowClients(cluster.base_url(), slow) as attack:
            outcome.check(f"{slow} slow connections were open at once", eventually(lambda: attack.open >= slow, 60))
            run.injected("slow connections", open=attack.open)
            began = len(client.answers)
            with contextlib.ExitStack() as honest:
                for _ in range(_HONEST):
                    honest.enter_context(Repeat(lambda: _submit_and_ask(client), every_seconds=0.1))
                time.sleep(seconds)
            answers = client.answers[began:]
        times = [answer.seconds for answer in answers]
        p99 = percentile(times, 99)
        outcome.seen = f"p99 {1000 * p99:.0f} ms of {len(times)}; closed: {_told(attack.closed)}"
        outcome.time("an honest client's answer", times, limit=5 * _P99_SECONDS)
        outcome.check(f"p99 of {len(times)} answers {p99:.3f} s, below {_P99_SECONDS:g} s", p99 < _P99_SECONDS)
        refused = [answer for answer in answers if not httpx.codes.is_success(answer.status)]
        outcome.check(
            f"{len(refused)} of {len(answers)} honest requests were refused, at most one in a hundred",
            len(refused) <= len(answers) / 100,
            "\n".join(map(str, refused[:10])),
        )
        spared = [kind for kind in _SLOW if not attack.closed[kind]]
        outcome.check("the gateway has closed connections of every kind", not spared, f"not {spared}")
        _check_rest(outcome, cluster, gateway)
        run.check_effect(outcome, cluster, client, seconds=120)
    return outcome


def endless_body(run: Run) -> Outcome:
    """Test 18: a chunked body of 10 GB, from a client that listens and from one that doesn't."""
    outcome = Outcome("18", "a chunked body of 10 GB, MAX_FILE_SIZE_MB=8, the answer read and not read")
    with run.cluster(MAX_FILE_SIZE_MB="8") as (cluster, client):
        cluster.start(workers=0)
        (gateway,) = cluster.gateways
        client.request("POST", "/transcribe", files={"file": ("a.wav", silence(600))})
        before = _resident_mib(gateway)
        status, listened = _pour(cluster.base_url(), listens=True)
        outcome.check(f"answered {status} after {listened // _MIB} MiB", status == httpx.codes.REQUEST_ENTITY_TOO_LARGE)
        _, deaf = _pour(cluster.base_url(), listens=False)
        limit = 128 * _MIB  # the file's, what is still read so that the answer arrives, and the kernel's buffers
        outcome.check(
            f"the bodies were stopped after {listened // _MIB} and {deaf // _MIB} MiB, at most {limit // _MIB}",
            max(listened, deaf) <= limit,
        )
        grown = _resident_mib(gateway) - before
        outcome.check(
            f"the gateway grew by {grown:.0f} MiB, at most {_GATEWAY_GROWTH_MIB}", grown <= _GATEWAY_GROWTH_MIB
        )
        outcome.seen = f"{status}; stopped after {listened // _MIB} and {deaf // _MIB} MiB; {grown:.0f} MiB of memory"
        _check_rest(outcome, cluster, gateway)
    return outcome


def full_disk(run: Run) -> Outcome:
    """Test 18: the disk of the uploads fills up, before and in the middle of one, and is emptied again."""
    with (
        run.cluster(MIN_FREE_DISK_MB="8", CLEAN_UP_SECONDS="1000") as (cluster, client),
        _small_disk(cluster.media_folder) as disk,
    ):
        outcome = Outcome("18", f"the disk of the uploads is full: {disk.what}")
        gateway = cluster.start_gateway(**disk.settings)
        cluster.start(workers=1, gateways=0)
        content = silence(4 * _MIB / 8_000)
        accepted = client.submit(4 * _MIB / 8_000)
        client.await_status(accepted.job_id, ["completed"], 60)
        announced = Counter(_status(client, content, number) for number in range(24))
        outcome.check(
            f"24 uploads of 4 MiB for {disk.free_mib} MiB with 8 to be left were answered {_told(announced)}",
            set(announced) == {202, 507} and disk.left_mib() >= 7,
            f"{disk.left_mib():.1f} MiB are left",
        )
        for path in cluster.media_folder.iterdir():
            path.unlink()
        halfway = _filled_halfway(cluster, disk)
        outcome.check(f"an upload in the middle of which it filled was answered {halfway}", halfway in {507, 503})
        disk.fill()  # what was left of the upload is free again
        full = Counter(_status(client, content, number) for number in range(100, 110))
        outcome.check(f"on a full disk: {_told(full)}", set(full) <= {507, 503}, full)
        health = [client.request("GET", path) for path in ("/health", f"/status/{accepted.job_id}")]
        outcome.check("others are answered meanwhile", all(answer and answer.is_success for answer in health), health)
        disk.empty()
        after = _status(client, content, 200)
        outcome.check(f"with space again: {after}", after == httpx.codes.ACCEPTED)
        outcome.seen = f"{_told(announced)}; halfway {halfway}; full {_told(full)}; then {after}"
        _check_rest(outcome, cluster, gateway)
    return outcome


class _SlowClients:
    """So many connections that are kept open as long as the context lasts, in a thread of their own."""

    def __init__(self, url: str, number: int) -> None:
        self._port = urlsplit(url).port
        self._number = number
        self._stop: Callable[[], object] = lambda: None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self.open = 0
        self.closed: Counter[str] = Counter()
        """By kind, how many the gateway has closed."""

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()
        self._thread.join()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        self._stop = lambda: loop.call_soon_threadsafe(stop.set)
        kinds = itertools.cycle(_SLOW)
        tasks = [asyncio.create_task(self._hold(next(kinds), number)) for number in range(self._number)]
        self._ready.set()
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _hold(self, kind: str, number: int) -> None:
        """Hold a connection, and take another whenever it is closed."""
        address = _SLOW_ADDRESSES[number % len(_SLOW_ADDRESSES)]
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(address, 0))
            except OSError:
                await asyncio.sleep(0.1)
                continue
            self.open += 1
            try:
                await self._drip(kind, reader, writer)
            finally:
                self.open -= 1
                writer.close()
            self.closed[kind] += 1

    async def _drip(self, kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send a byte now and then until the connection is closed."""
        ended = asyncio.create_task(reader.read())
        try:
            with contextlib.suppress(ConnectionError):
                writer.write(_SLOW[kind])
                while not ended.done():
                    await asyncio.wait([ended], timeout=_DRIP_SECONDS)
                    if kind == "slow chunks":
                        writer.write(b"1\r\n-\r\n")
                    elif kind != "silent":
                        writer.write(b"x")
        finally:
            ended.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await ended


def _submit_and_ask(client: Client) -> None:
    client.status(client.submit(1.0).job_id)


def _pour(url: str, *, listens: bool) -> tuple[int, int]:
    """Send a chunked body until it is refused or the connection broken; return the status, if read, and the bytes."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.connect()
    connection.putrequest("POST", "/transcribe")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    sent, status = 0, 0
    answered = threading.Event()

    def listen() -> None:
        nonlocal status
        with contextlib.suppress(OSError, http.client.HTTPException):
            status = connection.getresponse().status
        answered.set()

    listener = threading.Thread(target=listen)
    if listens:
        listener.start()
    with contextlib.suppress(OSError):
        for piece in itertools.chain([_FILE_HEAD], itertools.repeat(bytes(_MIB))):
            if sent >= _ENDLESS_BYTES or answered.is_set():
                break
            connection.sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            sent += len(piece)
    if listens:
        listener.join()
    connection.close()
    return status, sent


class _SmallDisk:
    """A disk, or as much of one as the gateway may use, that a test can fill."""

    def __init__(self, folder: Path, what: str, free_mib: int, settings: dict[str, str]) -> None:
        self.what = what
        self.free_mib = free_mib
        self.settings = settings
        self._folder = folder
        self._ballast = folder.parent / "ballast" if settings else folder / "ballast"
        self._full_mib = shutil.disk_usage(folder).free / _MIB - free_mib

    def left_mib(self) -> float:
        """Return what of it is free."""
        return shutil.disk_usage(self._folder).free / _MIB - self._full_mib

    def fill(self) -> None:
        """Leave nothing."""
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while self.left_mib() > 0:
                ballast.write(bytes(64 * 1024))

    def empty(self) -> None:
        """Give the space back."""
        self._ballast.unlink()


@contextmanager
def _small_disk(folder: Path) -> Iterator[_SmallDisk]:
    """Mount a small file system on a folder; where that isn't allowed, let the gateway use little of the real one."""
    folder.mkdir(parents=True, exist_ok=True)
    size = 64
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", str(folder)],  # noqa: S607 - found by PATH
        capture_output=True,
        check=False,
    )
    if mounted.returncode == 0:
        try:
            yield _SmallDisk(folder, f"tmpfs of {size} MiB", size, {})
        finally:
            subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607 - found by PATH
        return
    kept = int(shutil.disk_usage(folder).free / _MIB) - size
    yield _SmallDisk(folder, f"all but {size} MiB kept by MIN_FREE_DISK_MB", size, {"MIN_FREE_DISK_MB": str(kept + 8)})


def _filled_halfway(cluster: Cluster, disk: _SmallDisk) -> int:
    """Return the answer to an upload in the middle of which the disk filled up."""
    size = 40 * _MIB
    connection = http.client.HTTPConnection(urlsplit(cluster.base_url()).netloc, timeout=60)
    connection.putrequest("POST", "/transcribe")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(len(_FILE_HEAD) + size))
    connection.endheaders(_FILE_HEAD + bytes(size // 2))
    assert eventually(lambda: any(path.stat().st_size for path in cluster.media_folder.glob("*.part")), 30)
    disk.fill()
    with contextlib.suppress(ConnectionError):
        connection.send(bytes(size // 2))
    status = connection.getresponse().status
    connection.close()
    return status


def _status(client: Client, content: bytes, number: int) -> int:
    answer = client.post(content, f"disk-{number}")
    return answer.status_code if answer is not None else 0


def _check_rest(outcome: Outcome, cluster: Cluster, gateway: ServerProcess) -> None:
    """Check that the gateway lives and that nothing of what was refused is left."""
    outcome.check("the gateway lives", gateway.is_running, gateway.log_tail())

    def nothing_left() -> bool:
        metrics = httpx.get(f"{cluster.base_url()}/metrics", trust_env=False).text
        parts = list(cluster.media_folder.glob("*.part"))
        return "transcription_uploads_under_way 0.0" in metrics and not parts

    outcome.check("no upload is under way and no part of one is left", eventually(nothing_left, 30))


def _resident_mib(process: ServerProcess) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _raise_file_limit() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _told(counts: Counter[str] | Counter[int]) -> str:
    return ", ".join(f"{times} x {what}" for what, times in sorted(counts.items()))
