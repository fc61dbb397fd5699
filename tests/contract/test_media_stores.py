"""A folder and a real bucket keep the same promises: a file is there whole, or nothing is."""

import asyncio
import errno
import os
import random
import re
import tracemalloc
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from blake3 import blake3
from starlette.requests import Request
from starlette.types import Message

from api.upload_pace import UploadPace
from api.uploads import Upload, UploadLimits, UploadReceiver
from core.errors import AudioExpired, UnsupportedMedia
from core.keys import Keys
from core.media_files import MediaFiles
from core.media_store import MediaStore, MediaWriter
from core.media_stores import MediaStores
from core.s3_location import S3Location
from core.s3_media import S3Media, s3_client
from core.scratch import Scratch
from core.settings import CommonSettings
from tests.harness.s3_server import BUCKET, S3Server
from tests.harness.stores import HOUR_MS, Jobs
from tests.media import clip, silence_wav, transcoded
from worker.clean_up import AudioPolicy, clean_up

JOB, OTHER = "0123456789abcdef" * 2, "f" * 32
KIB, MIB = 1024, 1024 * 1024
PART = 5 * MIB
LIMITS = UploadLimits(1 << 40, 0, 4, 4, UploadPace(min_bytes_per_second=1, grace_seconds=60, timeout_seconds=600))


@dataclass(frozen=True)
class Place:
    """A store, and what really lies there."""

    store: MediaStore
    names: Callable[[], list[str]]
    """Of whole files."""
    parts: Callable[[], list[str]]
    """Of files that are not whole."""


@pytest.fixture
def folder(tmp_path: Path) -> Place:
    media = MediaFiles.under(tmp_path)

    def names(*, of_parts: bool) -> list[str]:
        return sorted(path.stem for path in media.folder.iterdir() if (path.suffix == ".part") is of_parts)

    return Place(media, lambda: names(of_parts=False), lambda: names(of_parts=True))


@pytest.fixture
def bucket(s3_server: S3Server, tmp_path: Path) -> Place:
    prefix = f"contract-{uuid.uuid4().hex}"
    fields: dict[str, Any] = {name.lower(): value for name, value in s3_server.settings(prefix).items()}
    settings = CommonSettings(_env_file=None, **fields)
    media = S3Media(s3_client(settings), S3Location(BUCKET, f"{prefix}/"), Scratch(tmp_path, min_free_bytes=0))
    return Place(media, lambda: sorted(s3_server.objects(prefix)), lambda: sorted(s3_server.unfinished(prefix)))


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Return a store; what a test leaves there, its clean-up must find."""
    found: Place = request.getfixturevalue(request.param)
    yield found
    assert {each.job_id for each in found.store.scan()} == {*found.names(), *found.parts()}


def appended(writer: MediaWriter, content: bytes) -> None:
    chance = random.Random(len(content))
    rest = memoryview(content)
    while rest:
        size = chance.choice([1, 4096, 300 * KIB, 2 * MIB])
        writer.append([bytearray(rest[:7]), rest[7:size]])
        writer.sync()
        rest = rest[max(7, size) :]


def stored(store: MediaStore, job_id: str, content: bytes) -> None:
    writer = store.begin(job_id)
    appended(writer, content)
    writer.commit([], lambda _: None)


def at_hand(store: MediaStore, job_id: str) -> bytes:
    with store.at_hand(job_id, lambda: True) as path:
        return path.read_bytes()


@pytest.mark.parametrize("size", [1, MIB, PART - 1, PART, PART + 1, 13 * MIB])
def test_a_file_is_there_once_it_is_whole(place: Place, size: int) -> None:
    content = random.Random(size).randbytes(size)
    writer = place.store.begin(JOB)
    appended(writer, content)
    assert place.names() == []
    assert place.store.stat(JOB) is None

    def ends(file: BinaryIO) -> tuple[int, bytes, bytes]:
        size_bytes = file.seek(0, 2)
        file.seek(0)
        first = file.read(8 * KIB)
        file.seek(max(0, size_bytes - 64 * KIB))
        return size_bytes, first, file.read()

    assert writer.commit([], ends) == (
        blake3(content).hexdigest(),
        (size, content[: 8 * KIB], content[-64 * KIB :]),
    )
    assert (place.names(), place.parts()) == ([JOB], [])
    assert place.store.stat(JOB) is not None
    assert at_hand(place.store, JOB) == content


@pytest.mark.parametrize("size", [1, 13 * MIB])
def test_a_file_that_is_refused_or_given_up_leaves_nothing(place: Place, size: int) -> None:
    def refuse(_: BinaryIO) -> None:
        raise UnsupportedMedia

    writer = place.store.begin(JOB)
    appended(writer, bytes(size))
    with pytest.raises(UnsupportedMedia):
        writer.commit([], refuse)
    assert place.names() == []
    writer.discard()
    assert (place.names(), place.parts()) == ([], [])
    place.store.begin(JOB).discard()
    assert (place.names(), place.parts()) == ([], [])


@pytest.mark.parametrize("size", [1, 13 * MIB])
def test_what_a_worker_fetched_is_stored_from_its_part(place: Place, size: int) -> None:
    content = random.Random(size).randbytes(size)
    place.store.part_path(JOB).write_bytes(content)
    assert place.names() == []
    place.store.commit(JOB)
    assert place.names() == [JOB]
    assert not place.store.part_path(JOB).exists()
    assert at_hand(place.store, JOB) == content


def test_what_is_removed_is_gone_and_counted(place: Place) -> None:
    stored(place.store, JOB, bytes(100))
    stored(place.store, OTHER, bytes(7))
    assert place.store.remove(JOB) == [100]
    assert place.store.remove(JOB) == []
    assert place.names() == [OTHER]
    assert place.store.stat(JOB) is None


@pytest.mark.parametrize("size", [100, 6 * MIB])
def test_any_part_of_a_file_is_read_until_it_is_gone(place: Place, size: int) -> None:
    content = random.Random(size).randbytes(size)
    stored(place.store, JOB, content)
    facts = place.store.stat(JOB)
    assert facts is not None
    assert (facts.size_bytes, re.fullmatch(r"[0-9A-Za-z-]+", facts.version) is None) == (size, False)
    assert place.store.stat(JOB) == facts
    for start, length in ((0, 10), (size // 2, 33), (size - 7, 7), (size - 7, 5000), (size, 5), (size + 9, 5)):
        assert place.store.read(JOB, start, length) == content[start : start + length]
    place.store.remove(JOB)
    assert place.store.stat(JOB) is None
    with pytest.raises(AudioExpired):
        place.store.read(JOB, 0, 10)


@pytest.mark.parametrize("size", [1, 13 * MIB])
def test_a_duplicate_is_whole_and_outlives_what_it_was_made_of(place: Place, size: int) -> None:
    content = random.Random(size).randbytes(size)
    stored(place.store, JOB, content)
    place.store.duplicate(JOB, OTHER)
    assert (place.names(), place.parts()) == ([JOB, OTHER], [])
    assert place.store.remove(JOB) == [size]
    assert at_hand(place.store, OTHER) == content
    with pytest.raises(FileNotFoundError):
        place.store.duplicate(JOB, "1" * 32)
    assert (place.names(), place.parts()) == ([OTHER], [])


def test_a_duplicate_is_young_however_old_what_it_was_made_of_is(folder: Place) -> None:
    assert isinstance(folder.store, MediaFiles)
    stored(folder.store, JOB, bytes(100))
    os.utime(folder.store.path(JOB), (1, 1))
    folder.store.duplicate(JOB, OTHER)
    ages = {each.job_id: each.age_seconds for each in folder.store.scan()}
    assert set(ages) == {JOB, OTHER}
    assert max(ages.values()) < 300


def test_where_files_have_one_name_only_a_duplicate_is_a_copy(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    content = random.Random(1).randbytes(3 * MIB)
    stored(folder.store, JOB, content)
    folder.store.duplicate(JOB, OTHER)
    assert (folder.names(), folder.parts()) == ([JOB, OTHER], [])
    assert at_hand(folder.store, OTHER) == content


def test_all_that_lies_there_is_found_with_its_age_and_can_be_discarded(place: Place) -> None:
    stored(place.store, JOB, bytes(100))
    half = place.store.begin(OTHER)
    appended(half, bytes(6 * MIB))
    found = sorted(place.store.scan(), key=lambda each: each.job_id)
    assert [(each.job_id, each.is_part) for each in found] == [(JOB, False), (OTHER, True)]
    assert all(-5 < each.age_seconds < 300 for each in found)
    assert [each.discard() for each in found] == [True, True]
    assert (place.names(), place.parts(), list(place.store.scan())) == ([], [], [])
    half.discard()


def test_there_is_room(place: Place) -> None:
    assert place.store.free_bytes() > 0


def test_the_clean_up_removes_what_no_job_needs(valkey_url: str, keys: Keys, place: Place) -> None:
    with asyncio.Runner() as runner:
        jobs = Jobs(valkey_url, keys, runner)

        def clean(orphan_seconds: float) -> None:
            clean_up(
                jobs.worker,
                MediaStores(place.store),
                AudioPolicy(orphan_seconds=orphan_seconds, keep_ms=0, roomy_bytes=0),
                record_age_ms=HOUR_MS,
                audit_age_ms=HOUR_MS,
            )

        job_id = jobs.accept()
        stored(place.store, job_id, bytes(100))
        stored(place.store, OTHER, bytes(100))
        half = place.store.begin(JOB)
        appended(half, bytes(6 * MIB))
        clean(3600)
        assert (place.names(), place.parts()) == (sorted([job_id, OTHER]), [JOB])
        clean(-60)  # whatever the clocks of two machines say
        assert (place.names(), place.parts()) == ([job_id], [])
        half.discard()
        jobs.done(jobs.claimed())
        clean(3600)
        assert place.names() == []


# Uploads


def received(place: Place, content: bytes, *, chunk_bytes: int = 256 * KIB) -> Upload:
    async def body() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for start in range(0, len(content), chunk_bytes):
            yield content[start : start + chunk_bytes]
        yield b"\r\n--b--\r\n"

    chunks = body()

    async def receive() -> Message:
        chunk = await anext(chunks, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    request = Request(
        {
            "type": "http",
            "method": "POST",
            "path": "/transcribe",
            "headers": [(b"content-type", b"multipart/form-data; boundary=b")],
        },
        receive,
    )
    receiver = UploadReceiver(MediaStores(place.store), LIMITS)
    return asyncio.run(receiver.receive(request, JOB, client="203.0.113.7"))


def noise_wav() -> bytes:
    """Return minutes of noise, which no codec makes small."""
    silent = silence_wav(240, rate=16_000)
    return silent[:44] + random.Random(1).randbytes(len(silent) - 44)


@pytest.mark.parametrize(("container", "codec"), [("wav", "pcm_s16le"), ("flac", "flac"), ("ipod", "alac")])
def test_the_length_of_a_large_upload_is_known(place: Place, tmp_path: Path, container: str, codec: str) -> None:
    noise = tmp_path / "noise.wav"
    noise.write_bytes(noise_wav())
    content = transcoded(noise, container, codec)
    assert len(content) > PART
    upload = received(place, content)
    assert (upload.size_bytes, upload.blake3) == (len(content), blake3(content).hexdigest())
    assert upload.audio_seconds == pytest.approx(240, abs=1)
    assert at_hand(place.store, JOB) == content


def test_a_small_upload_is_taken_and_what_is_no_media_is_not(place: Place) -> None:
    assert received(place, clip("garden").read_bytes()).audio_seconds == pytest.approx(4.73, abs=0.2)
    place.store.remove(JOB)
    for text in (b"A shopping list. ", b"A shopping list. " * 400_000):
        with pytest.raises(UnsupportedMedia):
            received(place, text)
    assert (place.names(), place.parts()) == ([], [])


def test_an_upload_takes_the_memory_of_a_part_however_large_it_is(place: Place) -> None:
    content = silence_wav(1) + bytes(80 * MIB)
    received(place, content[: 6 * MIB])  # what is made once
    place.store.remove(JOB)
    tracemalloc.start()
    try:
        received(place, content)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 24 * MIB
