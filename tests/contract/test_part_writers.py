"""Whoever writes an upload, threads or a process beside the gateway: it is whole and durable, or nothing is left."""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from blake3 import blake3
from prometheus_client import CollectorRegistry, Counter

from api.disk_process import DiskProcess
from api.part_writers import PartWriter, PartWriters, StoredFile, ThreadedWriters
from core.errors import StoreUnavailable, UnsupportedMedia
from core.media_files import MediaFiles
from tests.harness.process_tree import running
from tests.media import silence_wav

KIB, MIB = 1024, 1024 * 1024
JOB, OTHER = "0" * 32, "1" * 32


def deaths() -> Counter:
    return Counter("deaths", "Of the process", registry=CollectorRegistry())


@asynccontextmanager
async def threads() -> AsyncIterator[PartWriters]:
    yield ThreadedWriters()


@asynccontextmanager
async def process() -> AsyncIterator[PartWriters]:
    disk = DiskProcess(elsewhere=ThreadedWriters(), deaths=deaths())
    async with disk.running(at_once=True):
        yield disk


@pytest.fixture(params=[threads, process])
def writers(request: pytest.FixtureRequest) -> Iterator[tuple[asyncio.Runner, PartWriters]]:
    with asyncio.Runner() as runner:
        kind = request.param()
        yield runner, runner.run(kind.__aenter__())
        runner.run(kind.__aexit__(None, None, None))


@pytest.fixture
def media(tmp_path: Path) -> MediaFiles:
    return MediaFiles.under(tmp_path)


def names(media: MediaFiles) -> list[str]:
    return sorted(entry.name for entry in media.folder.iterdir())


def sound(size: int, seed: int = 0) -> bytes:
    """Return a WAV of so many bytes, of noise."""
    head = silence_wav(1)[:44]
    return head + random.Random(seed).randbytes(size - len(head))


def appends(content: bytes, chance: random.Random) -> list[list[memoryview | bytearray]]:
    """Return it as it may come: appends of some pieces of any size."""
    found: list[list[memoryview | bytearray]] = [[]]
    rest = memoryview(content)
    while rest:
        size = chance.choice([1, 100, 4095, 4096, 4097, 64 * KIB, 300 * KIB, 3 * MIB])
        found[-1].append(chance.choice([bytearray, memoryview])(rest[:size]))
        rest = rest[size:]
        if chance.random() < 0.3:
            found.append([])
    return found


async def stored(writer: PartWriter, pieces: Sequence[Sequence[memoryview | bytearray]]) -> StoredFile:
    *first, last = pieces
    for number, each in enumerate(first):
        await writer.append(each)
        if number % 3 == 0:
            await writer.sync()
    return await writer.commit(last)


@pytest.mark.parametrize("size", [45, 4096, 4097, MIB, 1536 * KIB, 1536 * KIB + 1, 9 * MIB + 5])
@pytest.mark.parametrize("seed", range(3))
def test_a_file_is_whole_once_it_has_its_name(
    writers: tuple[asyncio.Runner, PartWriters], media: MediaFiles, size: int, seed: int
) -> None:
    runner, making = writers
    content = sound(size, seed)
    writer = making.begin(media, JOB)
    assert names(media) == []
    found = runner.run(stored(writer, appends(content, random.Random(seed))))
    assert found.blake3 == blake3(content).hexdigest()
    assert names(media) == [JOB]
    assert media.path(JOB).read_bytes() == content
    runner.run(writer.discard())
    assert names(media) == [JOB]


def test_its_header_tells_its_length(writers: tuple[asyncio.Runner, PartWriters], media: MediaFiles) -> None:
    runner, making = writers
    for job_id, seconds in ((JOB, 1), (OTHER, 400)):
        content = silence_wav(seconds)
        found = runner.run(stored(making.begin(media, job_id), appends(content, random.Random(1))))
        assert found.audio_seconds == pytest.approx(seconds)


@pytest.mark.parametrize("size", [1000, 3 * MIB])
def test_what_is_no_media_is_refused_and_leaves_nothing(
    writers: tuple[asyncio.Runner, PartWriters], media: MediaFiles, size: int
) -> None:
    runner, making = writers
    text = (b"A shopping list. " * size)[:size]
    writer = making.begin(media, JOB)
    with pytest.raises(UnsupportedMedia, match="plain text"):
        runner.run(stored(writer, appends(text, random.Random(1))))
    assert JOB not in names(media)
    runner.run(writer.discard())
    assert names(media) == []


def test_what_is_given_up_leaves_nothing(writers: tuple[asyncio.Runner, PartWriters], media: MediaFiles) -> None:
    runner, making = writers
    runner.run(making.begin(media, JOB).discard())
    begun = making.begin(media, JOB)
    runner.run(begun.append([bytearray(5 * MIB)]))
    assert names(media) == [f"{JOB}.part"]
    runner.run(begun.discard())
    assert names(media) == []


def test_a_file_of_another_upload_is_not_touched(
    writers: tuple[asyncio.Runner, PartWriters], media: MediaFiles
) -> None:
    runner, making = writers
    media.part_path(JOB).write_bytes(b"another's")
    writer = making.begin(media, JOB)
    with pytest.raises(FileExistsError):
        runner.run(writer.append([bytearray(5 * MIB)]))
    runner.run(writer.discard())
    assert media.part_path(JOB).read_bytes() == b"another's"


def test_a_disk_that_takes_nothing_says_so(writers: tuple[asyncio.Runner, PartWriters], tmp_path: Path) -> None:
    runner, making = writers
    nowhere = MediaFiles(tmp_path / "gone" / "media")
    with pytest.raises(FileNotFoundError):
        runner.run(making.begin(nowhere, JOB).commit([bytearray(sound(100))]))


def test_many_are_written_at_once(writers: tuple[asyncio.Runner, PartWriters], media: MediaFiles) -> None:
    runner, making = writers
    contents = {f"{number:032x}": sound(random.Random(number).randint(45, 4 * MIB), number) for number in range(60)}

    async def all_of_them() -> list[StoredFile]:
        return await asyncio.gather(
            *(
                stored(making.begin(media, job_id), appends(content, random.Random(job_id)))
                for job_id, content in contents.items()
            )
        )

    for found, (job_id, content) in zip(runner.run(all_of_them()), contents.items(), strict=True):
        assert found.blake3 == blake3(content).hexdigest()
        assert media.path(job_id).read_bytes() == content
    assert names(media) == sorted(contents)


@pytest.mark.parametrize("times", [1, 2])
def test_a_call_that_is_cancelled_ends_first(
    writers: tuple[asyncio.Runner, PartWriters], media: MediaFiles, times: int
) -> None:
    runner, making = writers

    async def cancelled(number: int) -> None:
        writer = making.begin(media, f"{number:032x}")
        await writer.append([bytearray(4096)])
        appending = asyncio.create_task(writer.append([bytearray(5 * MIB)]))
        await asyncio.sleep(0)
        for _ in range(times):
            appending.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await appending
        await writer.discard()

    async def many() -> None:
        await asyncio.gather(*(cancelled(number) for number in range(20)))

    runner.run(many())
    assert names(media) == []


# The process alone


def stop(child: int) -> None:
    """Have none of its threads do anything from now on."""
    os.kill(child, signal.SIGSTOP)
    os.waitid(os.P_PID, child, os.WSTOPPED)


class Disk:
    """One, and its pid."""

    def __init__(self) -> None:
        self._others = set(running(os.getpid(), "api.disk_service"))
        """Of services that other tests have running."""
        self.deaths = deaths()
        self.writers = DiskProcess(elsewhere=ThreadedWriters(), deaths=self.deaths)

    @property
    def pids(self) -> list[int]:
        return [pid for pid in running(os.getpid(), "api.disk_service") if pid not in self._others]

    @property
    def died(self) -> float:
        (metric,) = self.deaths.collect()
        return metric.samples[0].value


def test_it_is_started_again_when_it_has_died_and_what_it_wrote_is_refused(media: MediaFiles) -> None:
    async def run() -> None:
        disk = Disk()
        async with disk.writers.running(at_once=True):
            (first,) = disk.pids
            begun = disk.writers.begin(media, JOB)
            await begun.append([bytearray(5 * MIB)])
            stop(first)
            waiting = [
                asyncio.create_task(disk.writers.begin(media, f"{number:032x}").commit([bytearray(sound(100))]))
                for number in range(2, 12)
            ]
            await asyncio.sleep(0.1)
            os.kill(first, signal.SIGKILL)
            refused = await asyncio.gather(*waiting, return_exceptions=True)
            assert [type(each) for each in refused] == [StoreUnavailable] * 10
            with pytest.raises(StoreUnavailable):
                await begun.append([bytearray(5 * MIB)])
            await begun.discard()
            assert disk.died == 1

            content = sound(3 * MIB)
            found = await stored(disk.writers.begin(media, OTHER), appends(content, random.Random(1)))
            assert found.blake3 == blake3(content).hexdigest()
            (second,) = disk.pids
            assert second != first
        assert disk.pids == []
        assert disk.died == 1

    asyncio.run(run())
    assert names(media) == [f"{JOB}.part", OTHER]  # the part is the clean-up's


def test_it_is_started_by_the_first_upload_where_none_is_expected(media: MediaFiles) -> None:
    async def run() -> None:
        disk = Disk()
        async with disk.writers.running(at_once=False):
            assert disk.pids == []
            await disk.writers.begin(media, JOB).commit([bytearray(sound(100))])
            assert len(disk.pids) == 1
        assert disk.pids == []

    asyncio.run(run())


def test_signals_to_the_group_are_the_gateways_to_follow(media: MediaFiles) -> None:
    async def run() -> None:
        disk = Disk()
        async with disk.writers.running(at_once=True):
            await disk.writers.begin(media, JOB).commit([bytearray(sound(100))])
            (pid,) = disk.pids
            for number in (signal.SIGINT, signal.SIGTERM):
                os.kill(pid, number)
            await disk.writers.begin(media, OTHER).commit([bytearray(sound(100))])
            assert disk.pids == [pid]
        assert disk.died == 0

    asyncio.run(run())


async def endless(writer: PartWriter) -> None:
    try:
        while True:
            await writer.append([bytearray(MIB)])
    finally:
        await writer.discard()


def test_it_ends_when_the_uploads_that_were_cancelled_have_left_nothing(media: MediaFiles) -> None:
    async def run() -> None:
        disk = Disk()
        async with disk.writers.running(at_once=True):
            uploads = [
                asyncio.create_task(endless(disk.writers.begin(media, f"{number:032x}"))) for number in range(20)
            ]
            await asyncio.sleep(0.1)
            for upload in uploads:
                upload.cancel()
        ends = await asyncio.gather(*uploads, return_exceptions=True)
        assert [type(end) for end in ends] == [asyncio.CancelledError] * 20
        assert (disk.pids, disk.died) == ([], 0)

    asyncio.run(run())
    assert names(media) == []


def test_one_that_hangs_holds_nobody_up_for_ever(media: MediaFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.disk_process._CLOSE_SECONDS", 0.2)

    async def run() -> None:
        disk = Disk()
        async with disk.writers.running(at_once=True):
            await disk.writers.begin(media, JOB).commit([bytearray(sound(100))])
            (pid,) = disk.pids
            stop(pid)
            waiting = [
                asyncio.create_task(disk.writers.begin(media, f"{number:032x}").commit([bytearray(sound(100))]))
                for number in range(2, 12)
            ]
            await asyncio.sleep(0.1)
        refused = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(each) for each in refused] == [StoreUnavailable] * 10
        assert disk.pids == []

    asyncio.run(run())
    assert names(media) == [JOB]
