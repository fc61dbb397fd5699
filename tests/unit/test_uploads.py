"""An upload is whole on disk under its job's id, or nothing is left of it, however the body comes."""

import asyncio
import io
import os
import random
import threading
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from errno import EDQUOT, EIO, ENOSPC
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from blake3 import blake3
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from api.bare_pcm import HEADER
from api.media_kinds import begins_as_container, refuse_other_than_media
from api.part_writers import ThreadedWriters
from api.upload_pace import UploadPace
from api.uploads import Upload, UploadLimits, UploadReceiver
from core.errors import (
    DiskFull,
    FileEmpty,
    FileMissing,
    InvalidOptions,
    MalformedBody,
    MultipartRequired,
    ScriptoriumError,
    TooManyUploads,
    UnsupportedMedia,
    UploadsFull,
    UploadTimedOut,
    UploadTooLarge,
    UploadTooSlow,
)
from core.media_files import MediaFiles
from core.media_stores import MediaStores
from tests.media import RARER_TRANSCODINGS, TRANSCODINGS, Transcoding, clip, transcoded
from worker import wav_header

JOB_ID = "0123456789abcdef0123456789abcdef"
BOUNDARY = b"boundary-4f1c"
FORM = b"multipart/form-data; boundary=" + BOUNDARY
MIB = 1024 * 1024
IN_TIME = UploadPace(min_bytes_per_second=1, grace_seconds=60, timeout_seconds=600)
ME = "203.0.113.7"
SECONDS = 12.5


def bounds(
    *,
    max_file_bytes: int = 64 * MIB,
    min_free_disk_bytes: int = 0,
    max_uploads: int = 1,
    max_uploads_per_client: int = 1,
    pace: UploadPace = IN_TIME,
) -> UploadLimits:
    return UploadLimits(max_file_bytes, min_free_disk_bytes, max_uploads, max_uploads_per_client, pace)


LIMITS = bounds()


def part(name: str, value: bytes, *, file_name: bytes | None = None) -> bytes:
    disposition = b'Content-Disposition: form-data; name="' + name.encode() + b'"'
    if file_name is not None:
        disposition += b'; filename="' + file_name + b'"\r\nContent-Type: application/octet-stream'
    return b"--" + BOUNDARY + b"\r\n" + disposition + b"\r\n\r\n" + value + b"\r\n"


def file_part(content: bytes, file_name: bytes = b"speech.flac") -> bytes:
    return part("file", content, file_name=file_name)


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"


class Client:
    """Sends one request body in chunks; tells what of it was taken."""

    def __init__(
        self,
        chunks: Sequence[bytes],
        *,
        headers: dict[str, bytes] | None = None,
        disconnects: bool = False,
        comes_apart: bool = False,
    ) -> None:
        """`comes_apart`: the loop turns between two chunks, as it does for those of a network."""
        self.chunks_taken = 0
        self._comes_apart = comes_apart
        self._messages = self._sent(chunks, disconnects)
        given_headers = {"content-type": FORM} | (headers or {})
        self.request = Request(
            {
                "type": "http",
                "method": "POST",
                "path": "/transcribe",
                "headers": [(name.encode(), value) for name, value in given_headers.items() if value],
            },
            self._receive,
        )

    def _sent(self, chunks: Sequence[bytes], disconnects: bool) -> Iterator[Message]:
        for number, chunk in enumerate(chunks, 1):
            self.chunks_taken = number
            yield {"type": "http.request", "body": chunk, "more_body": disconnects or number < len(chunks)}
        if disconnects:
            yield {"type": "http.disconnect"}

    async def _receive(self) -> Message:
        if self._comes_apart:
            await asyncio.sleep(0)
        return next(self._messages)


async def received(client: Client, media: MediaFiles, limits: UploadLimits = LIMITS) -> Upload:
    return await receiver(media, limits).receive(client.request, JOB_ID, client=ME)


def stores(media: MediaFiles | MediaStores) -> MediaStores:
    return MediaStores(media) if isinstance(media, MediaFiles) else media


def receiver(media: MediaFiles | MediaStores, limits: UploadLimits) -> UploadReceiver:
    """Return one that takes whatever comes for media."""
    return UploadReceiver(stores(media), limits, writers=ThreadedWriters(lambda _: SECONDS))


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as running:
        yield running


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> MediaFiles:
    """Return a media folder, which every test leaves empty."""
    return MediaFiles.under(tmp_path_factory.mktemp("data"))


@dataclass(frozen=True)
class Gateway:
    """Receives uploads as the route does, and looks at what lies on the disk afterwards."""

    runner: asyncio.Runner
    media: MediaFiles

    def accepted(self, client: Client, limits: UploadLimits = LIMITS) -> tuple[Upload, bytes]:
        """Return an upload and the bytes stored, and remove them."""
        try:
            upload = self.runner.run(received(client, self.media, limits))
            assert self.stored() == [JOB_ID]
            content = self.media.path(JOB_ID).read_bytes()
            assert (upload.size_bytes, upload.blake3) == (len(content), blake3(content).hexdigest())
            assert upload.audio_seconds == SECONDS
            return upload, content
        finally:
            self.media.remove(JOB_ID)

    def refused(
        self, client: Client, limits: UploadLimits = LIMITS, *, error: type[Exception] = ScriptoriumError
    ) -> Exception:
        """Return the error that an upload ends in, having seen that nothing is left of it."""
        with pytest.raises(error) as raised:
            self.runner.run(received(client, self.media, limits))
        assert self.stored() == []
        return raised.value

    def stored(self) -> list[str]:
        return [entry.name for entry in self.media.folder.iterdir()]


@pytest.fixture(scope="module")
def gateway(runner: asyncio.Runner, media: MediaFiles) -> Gateway:
    return Gateway(runner, media)


def pieces(body: bytes, cuts: Sequence[int]) -> list[bytes]:
    bounds = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    return [body[start:end] for start, end in pairwise(bounds)] or [b""]


def in_chunks(body: bytes, chunk_bytes: int = MIB) -> list[bytes]:
    return pieces(body, range(0, len(body), chunk_bytes))


CONTENTS = (
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from(
            [b"\r", b"\n", b"\r\n", b"\r\n--", b"--", b"\r\n--" + BOUNDARY[:-1], b"\r\n--" + BOUNDARY[:3], b"\0"]
        )
        | st.integers(1, 200).map(lambda size: b"x" * size),
        min_size=1,
        max_size=12,
    )
    .map(b"".join)
    .filter(bool)
)
"""Files, many of which almost hold the boundary."""
FIELDS = st.dictionaries(
    st.from_regex(r"[a-z_]{1,20}", fullmatch=True).filter(lambda name: name != "file"),
    st.text(max_size=50),
    max_size=4,
)


@given(
    content=CONTENTS,
    fields=FIELDS,
    fields_before=st.integers(0, 4),
    cuts=st.lists(st.integers(0, 10_000), max_size=30) | st.just(range(10_000)),
)
@example(content=b"\r\n", fields={}, fields_before=0, cuts=range(10_000))
@settings(deadline=None, max_examples=150)
def test_however_a_body_is_split_the_upload_is_the_same(
    content: bytes, fields: dict[str, str], fields_before: int, cuts: Sequence[int], gateway: Gateway
) -> None:
    parts = [part(name, value.encode()) for name, value in fields.items()]
    body = form(*parts[:fields_before], file_part(content), *parts[fields_before:])
    upload, stored = gateway.accepted(Client(pieces(body, cuts)))
    assert stored == content
    assert (upload.fields, upload.file_name) == (fields, "speech.flac")


@pytest.mark.parametrize("chunk_bytes", [4_096, 65_536, 5 * MIB])
def test_a_file_of_many_writes_is_stored_in_order(chunk_bytes: int, gateway: Gateway) -> None:
    content = random.Random(1).randbytes(5 * MIB + 17)
    body = form(part("language", b"en"), file_part(content), part("task", b"translate"))
    chunks = in_chunks(body, chunk_bytes)
    upload, stored = gateway.accepted(Client(chunks))
    assert stored == content
    assert upload.fields == {"language": "en", "task": "translate"}


def test_a_large_file_is_never_whole_in_memory(gateway: Gateway) -> None:
    chunk = random.Random(1).randbytes(256 * 1024)
    start, end = form(file_part(b"")).split(b"\r\n\r\n")
    client = Client([start + b"\r\n\r\n", *[chunk] * 128, end])
    tracemalloc.start()
    try:
        gateway.runner.run(received(client, gateway.media))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gateway.media.remove(JOB_ID)
    assert peak_bytes < 8 * MIB  # the file has 32


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize(("seconds_apart", "most_unwritten"), [(0.0, 1.3 * MIB), (1.0, 0.25 * MIB)])
def test_a_slow_file_of_a_megabyte_is_not_kept_until_it_is_whole(
    seconds_apart: float, most_unwritten: float, bare: bool, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("api.uploads.time", SimpleNamespace(monotonic=lambda: now))
    content = random.Random(1).randbytes(MIB)
    chunks = in_chunks(content if bare else form(file_part(content)), 50_000)
    part_file = gateway.media.part_path(JOB_ID)
    unwritten = []

    class SlowClient(Client):
        async def _receive(self) -> Message:
            nonlocal now
            now += seconds_apart
            written = part_file.stat().st_size if part_file.exists() else 0
            unwritten.append(sum(map(len, chunks[: self.chunks_taken])) - written)
            return await super()._receive()

    request = SlowClient(chunks).request
    uploads = receiver(gateway.media, LIMITS)
    upload = gateway.runner.run(
        uploads.receive_bare(request, JOB_ID, client=ME, media=gateway.media)
        if bare
        else uploads.receive(request, JOB_ID, client=ME)
    )
    stored = gateway.media.path(JOB_ID).read_bytes()
    gateway.media.remove(JOB_ID)
    assert stored == content
    assert upload.blake3 == blake3(content).hexdigest()
    assert max(unwritten) < most_unwritten
    assert seconds_apart or max(unwritten) > MIB / 2  # who is fast has it written at once


def test_a_file_that_comes_byte_by_byte_takes_no_more_memory(gateway: Gateway) -> None:
    content = random.Random(1).randbytes(20_000)
    start, end = form(file_part(b"")).split(b"\r\n\r\n")
    chunks = [start + b"\r\n\r\n", *(content[at : at + 1] for at in range(len(content))), end]
    client = Client(chunks, comes_apart=True)
    tracemalloc.start()
    try:
        _, stored = gateway.accepted(client)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert stored == content
    assert peak_bytes < 20 * len(content)  # an object for each byte would be 200 times its size


def test_fields_keep_line_breaks_white_space_and_every_script(gateway: Gateway) -> None:
    prompt = " Grüße,\r\n你好 🎧 \t\r\n--not-the-boundary\r\n"
    upload, _ = gateway.accepted(
        Client([form(part("initial_prompt", prompt.encode()), part("hotwords", b""), file_part(b"x"))])
    )
    assert upload.fields == {"initial_prompt": prompt, "hotwords": ""}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("speech.flac", "speech.flac"),
        ("/home/me/speech.flac", "speech.flac"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\me\speech.flac", "speech.flac"),
        (r"\\server\share\speech.flac", "speech.flac"),
        (r"a/b\c.flac", "c.flac"),
        ("folder/", "folder"),
        ("Grüße 你好 🎧.mp3", "Grüße 你好 🎧.mp3"),
        ("a; b=c.mp3", "a; b=c.mp3"),
        ("bell\x07 and \x1b[31mred\x7f.mp3", "bell and [31mred.mp3"),
        ("fdp\u202e3pm.exe", "fdp3pm.exe"),
        ("x" * 300 + ".mp3", "x" * 255),
        ("/", None),
        ("", None),
        ("\x01\x02", None),
    ],
)
def test_a_file_name_is_cut_to_what_can_be_shown(sent: str, shown: str | None, gateway: Gateway) -> None:
    upload, _ = gateway.accepted(Client([form(file_part(b"x", sent.encode()))]))
    assert upload.file_name == shown


@given(sent=st.binary(max_size=400).filter(lambda name: not set(name) & set(b'\r\n"\\\0')))
@settings(deadline=None)
def test_whatever_a_file_name_holds_what_is_shown_is_a_short_printable_line(sent: bytes, gateway: Gateway) -> None:
    upload, _ = gateway.accepted(Client([form(file_part(b"x", sent))]))
    name = upload.file_name
    assert name is None or (name.isprintable() and 0 < len(name) <= 255 and not set(name) & set("/\\"))


def test_a_file_without_a_name_has_none(gateway: Gateway) -> None:
    upload, stored = gateway.accepted(Client([form(part("file", b"x"))]))
    assert (upload.file_name, stored) == (None, b"x")


@pytest.mark.parametrize(
    ("body", "error", "told"),
    [
        (form(), FileMissing, "no part named 'file'"),
        (form(part("language", b"en")), FileMissing, "no part named 'file'"),
        (form(part("audio", b"x", file_name=b"speech.flac")), FileMissing, "'audio'"),
        (form(file_part(b"")), FileEmpty, "no bytes"),
        (form(file_part(b"x"), file_part(b"y")), MalformedBody, "several parts named 'file'"),
        (form(file_part(b""), file_part(b"y")), MalformedBody, "several parts named 'file'"),
        (form(file_part(b"x"), part("task", b"a"), part("task", b"a")), InvalidOptions, "task: given more than once"),
        (form(part("hotwords", b"\xff\xfe"), file_part(b"x")), InvalidOptions, "hotwords: is not valid UTF-8"),
        (form(file_part(b"x"), part("hotwords", b"\xc3")), InvalidOptions, "hotwords: is not valid UTF-8"),
        (form(part("hotwords", b"x" * 256 * 1024), file_part(b"x")), MalformedBody, "256 KiB besides the file"),
        (form(file_part(b"x"), *[part(f"f{n}", b"x" * 1024) for n in range(256)]), MalformedBody, "256 KiB"),
        (form(file_part(b"x" * 100))[:-40], MalformedBody, "ends before its closing boundary"),
        (b"", MalformedBody, "ends before its closing boundary"),
        (b"not a form at all", MalformedBody, "can't be parsed"),
        (form(file_part(b"x")).replace(BOUNDARY, b"another"), MalformedBody, "can't be parsed"),
        (form(file_part(b"x", b"n" * 10_000)), MalformedBody, "can't be parsed"),
    ],
)
@pytest.mark.parametrize("chunk_bytes", [7, 65_536])
def test_a_form_that_is_none_is_refused_and_nothing_stays(
    body: bytes, error: type[ScriptoriumError], told: str, chunk_bytes: int, gateway: Gateway
) -> None:
    chunks = in_chunks(body, chunk_bytes)
    refused = gateway.refused(Client(chunks), error=error)
    assert type(refused) is error
    assert told in str(refused)


@pytest.mark.parametrize(
    ("content_type", "error", "told"),
    [
        (b"", FileMissing, "no body"),
        (b"application/json", MultipartRequired, "multipart/form-data"),
        (b"audio/flac", MultipartRequired, "multipart/form-data"),
        (b"application/x-www-form-urlencoded", MultipartRequired, "multipart/form-data"),
        (b"multipart/mixed; boundary=x", MultipartRequired, "multipart/form-data"),
        (b"multipart/form-data", MalformedBody, "names no boundary"),
        (b"multipart/form-data; boundary=", MalformedBody, "names no boundary"),
        (b'multipart/form-data; boundary=""', MalformedBody, "names no boundary"),
        (b"multipart/form-data; charset=utf-8", MalformedBody, "names no boundary"),
        (b"multipart/form-data; boundary=" + b"b" * 257, MalformedBody, "oundary"),
    ],
)
def test_another_content_type_is_refused_with_what_to_send(
    content_type: bytes, error: type[ScriptoriumError], told: str, gateway: Gateway
) -> None:
    client = Client([form(file_part(b"x"))], headers={"content-type": content_type})
    refused = gateway.refused(client, error=error)
    assert type(refused) is error
    assert told in str(refused)


@pytest.mark.parametrize(
    "content_type",
    [
        b'multipart/form-data; boundary="' + BOUNDARY + b'"',
        b"MULTIPART/Form-Data;BOUNDARY=" + BOUNDARY,
        b"multipart/form-data; charset=utf-8; boundary=" + BOUNDARY,
    ],
)
def test_a_content_type_may_be_written_in_any_way(content_type: bytes, gateway: Gateway) -> None:
    _, stored = gateway.accepted(Client([form(file_part(b"x"))], headers={"content-type": content_type}))
    assert stored == b"x"


@given(cut=st.integers(0, 10_000))
@settings(deadline=None)
def test_a_body_that_breaks_off_anywhere_is_refused(cut: int, gateway: Gateway) -> None:
    body = form(part("language", b"en"), file_part(b"\r\n--" * 50), part("task", b"translate"))
    before_the_end = len(body) - len(b"-\r\n")
    refused = gateway.refused(Client(pieces(body[: cut % before_the_end], [cut // 2])))
    assert isinstance(refused, MalformedBody)


@given(
    body=st.binary(max_size=400)
    | st.lists(
        st.sampled_from(
            [
                b"--" + BOUNDARY,
                b"--",
                b"\r\n",
                b":",
                b"\r\n\r\n",
                b'Content-Disposition: form-data; name="file"',
                b"x",
                b";",
            ]
        )
        | st.binary(max_size=5),
        max_size=30,
    ).map(b"".join),
    content_type=st.just(FORM) | st.binary(max_size=60).map(lambda rest: b"multipart/form-data; boundary=" + rest),
    cuts=st.lists(st.integers(0, 400), max_size=5),
)
@settings(deadline=None, max_examples=200)
def test_whatever_is_sent_ends_as_an_upload_or_as_a_refusal(
    body: bytes, content_type: bytes, cuts: list[int], gateway: Gateway
) -> None:
    client = Client(pieces(body, cuts), headers={"content-type": content_type})
    with suppress(ScriptoriumError):
        gateway.accepted(client)
    assert gateway.stored() == []


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
@pytest.mark.parametrize("chunk_bytes", [100, 10_000])
def test_a_file_of_exactly_the_limit_is_taken_and_a_byte_more_is_not(
    announced: bool, chunk_bytes: int, gateway: Gateway
) -> None:
    limits = bounds(max_file_bytes=1_000)

    def client(size: int) -> Client:
        # What else the form holds doesn't count against the file.
        body = form(part("initial_prompt", b"p" * 4_000), file_part(b"x" * size))
        length = {"content-length": str(len(body)).encode()} if announced else {}
        return Client(in_chunks(body, chunk_bytes), headers=length)

    upload, _ = gateway.accepted(client(1_000), limits)
    assert upload.size_bytes == 1_000
    refused = gateway.refused(client(1_001), limits, error=UploadTooLarge)
    assert "MAX_FILE_SIZE_MB" in str(refused)


def test_a_body_announced_far_too_large_is_refused_unread(gateway: Gateway) -> None:
    limits = bounds(max_file_bytes=1_000)
    client = Client([form(file_part(b"x"))], headers={"content-length": str(2 * MIB).encode()})
    gateway.refused(client, limits, error=UploadTooLarge)
    assert client.chunks_taken == 0


def test_a_file_too_large_is_refused_long_before_its_end(gateway: Gateway) -> None:
    limits = bounds(max_file_bytes=2 * MIB)
    body = form(file_part(b"x" * 100 * MIB))
    client = Client(in_chunks(body))
    gateway.refused(client, limits, error=UploadTooLarge)
    assert client.chunks_taken <= 8


@pytest.mark.parametrize("sent", [b"", form(file_part(b"x" * 3 * MIB))[: 2 * MIB], form(part("a", b"b"))[:-6]])
def test_a_client_that_goes_away_leaves_nothing(sent: bytes, gateway: Gateway) -> None:
    gateway.refused(Client(in_chunks(sent, 65_536), disconnects=True), error=ClientDisconnect)


def test_a_client_that_goes_away_after_the_last_byte_of_its_file_leaves_nothing(gateway: Gateway) -> None:
    gateway.refused(Client([form(file_part(b"x" * 3 * MIB))], disconnects=True), error=ClientDisconnect)


def test_what_would_fill_the_disk_is_refused(gateway: Gateway) -> None:
    limits = bounds(max_file_bytes=MIB, min_free_disk_bytes=1 << 62)
    refused = gateway.refused(Client([form(file_part(b"x"))]), limits, error=DiskFull)
    assert "MIN_FREE_DISK_MB" in str(refused)


def test_a_body_announced_larger_than_the_space_left_is_refused(gateway: Gateway) -> None:
    free = gateway.media.free_bytes()
    limits = bounds(max_file_bytes=2 * free)
    client = Client([form(file_part(b"x"))], headers={"content-length": str(2 * free).encode()})
    gateway.refused(client, limits, error=DiskFull)
    assert client.chunks_taken == 0


@dataclass(frozen=True)
class DiskThatFills(MediaFiles):
    """A disk with space for the start of an upload only."""

    looks: list[int] = field(default_factory=list, compare=False)

    def free_bytes(self) -> int:
        self.looks.append(1)
        return 1 << 40 if len(self.looks) == 1 else 10


def test_a_disk_that_fills_on_the_way_ends_the_upload(runner: asyncio.Runner, media: MediaFiles) -> None:
    gateway = Gateway(runner, DiskThatFills(media.folder))
    limits = bounds(max_file_bytes=64 * MIB, min_free_disk_bytes=1_000)
    body = form(file_part(b"x" * 40 * MIB))
    client = Client(in_chunks(body))
    gateway.refused(client, limits, error=DiskFull)
    assert client.chunks_taken < 30


@dataclass(frozen=True)
class BrokenDisk(MediaFiles):
    """A disk that fails when a file is to get its final name."""

    errno: int = 0

    def commit(self, job_id: str) -> None:
        raise OSError(self.errno, os.strerror(self.errno), str(self.part_path(job_id)))


@pytest.mark.parametrize(("errno", "error"), [(ENOSPC, DiskFull), (EDQUOT, DiskFull), (EIO, OSError)])
def test_a_disk_that_refuses_at_the_end_leaves_nothing(
    errno: int, error: type[Exception], runner: asyncio.Runner, media: MediaFiles
) -> None:
    gateway = Gateway(runner, BrokenDisk(media.folder, errno))
    gateway.refused(Client([form(file_part(b"x"))]), error=error)


def test_what_is_no_media_leaves_nothing(runner: asyncio.Runner, media: MediaFiles) -> None:
    text = Client([form(file_part(b"This is a shopping list. " * 100))])
    with pytest.raises(UnsupportedMedia):
        runner.run(UploadReceiver(MediaStores(media), LIMITS).receive(text.request, JOB_ID, client=ME))
    assert list(media.folder.iterdir()) == []


def test_an_upload_never_touches_a_file_of_another_job(gateway: Gateway) -> None:
    other = gateway.media.part_path(JOB_ID)
    other.write_bytes(b"somebody else's, under the same id")
    try:
        with pytest.raises(FileExistsError):
            gateway.runner.run(received(Client([form(file_part(b"x"))]), gateway.media))
        assert other.read_bytes() == b"somebody else's, under the same id"
    finally:
        other.unlink()


@dataclass(frozen=True)
class SlowDisk(MediaFiles):
    """A disk whose second look at the free space, in the middle of a write, takes until it is let go."""

    looks: list[int] = field(default_factory=list, compare=False)
    waiting: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def free_bytes(self) -> int:
        self.looks.append(1)
        if len(self.looks) > 1:
            self.waiting.set()
            assert self.let_go.wait(30)
        return 1 << 40


@pytest.mark.parametrize("times", [1, 2])
def test_an_upload_cancelled_in_the_middle_of_a_write_writes_into_no_other_file(times: int, tmp_path: Path) -> None:
    disk = SlowDisk(MediaFiles.under(tmp_path).folder)
    body = form(file_part(b"x" * 40 * MIB))
    client = Client(in_chunks(body))

    async def cancelled_upload() -> None:
        asyncio.get_running_loop().set_default_executor(threads)
        upload = asyncio.create_task(received(client, disk))
        await asyncio.to_thread(disk.waiting.wait, 30)
        for _ in range(times):  # uvicorn cancels what outlasts its grace, asyncio what is left when the loop ends
            upload.cancel()
            await asyncio.wait({upload}, timeout=0.2)  # it may wait for the write, which goes on when it is let go
        # Whatever the process opens next: here, files that get the lowest free descriptors.
        canaries = [(tmp_path / f"canary-{number}").open("wb") for number in range(5)]
        disk.let_go.set()
        with suppress(asyncio.CancelledError):
            await upload
        await asyncio.get_running_loop().shutdown_default_executor()
        for canary in canaries:
            canary.close()

    threads = ThreadPoolExecutor(2)
    with threads, asyncio.Runner() as runner:
        runner.run(cancelled_upload())
    assert [path.stat().st_size for path in sorted(tmp_path.glob("canary-*"))] == [0] * 5
    assert list(disk.folder.iterdir()) == []


class Crowd:
    """Uploads at one gateway that wait for their clients until they are let go."""

    def __init__(self, media: MediaFiles, limits: UploadLimits) -> None:
        self.receiver = receiver(media, limits)
        self._let_go = asyncio.Event()
        self._read = asyncio.Event()

    async def begin(self, number: int, *, client: str = ME, announced: int | None = None) -> asyncio.Task[Upload]:
        """Begin an upload and wait until its body is asked for, or it is refused."""
        self._read.clear()
        length = {"content-length": str(announced).encode()} if announced is not None else {}
        sent = Client([form(file_part(b"x"))], headers=length)
        answer = sent.request._receive  # noqa: SLF001 - where Starlette keeps the server's side

        async def receive() -> Message:
            self._read.set()
            await self._let_go.wait()
            return await answer()

        request = Request(sent.request.scope, receive)
        task = asyncio.create_task(self.receiver.receive(request, f"{number:032x}", client=client))
        asked = asyncio.create_task(self._read.wait())
        await asyncio.wait([task, asked], return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        return task

    def let_go(self) -> None:
        self._let_go.set()


def test_no_more_are_under_way_than_may_be_and_the_rest_is_refused_unread(
    runner: asyncio.Runner, tmp_path: Path
) -> None:
    media = MediaFiles.under(tmp_path)

    async def run() -> None:
        crowd = Crowd(media, bounds(max_uploads=3, max_uploads_per_client=2))
        mine = [await crowd.begin(number) for number in range(3)]
        others = [await crowd.begin(number, client="somebody else") for number in range(3, 5)]
        assert isinstance(mine[2].exception(), TooManyUploads)
        assert isinstance(others[1].exception(), UploadsFull)
        assert crowd.receiver.under_way == 3
        crowd.let_go()
        for taken in (mine[0], mine[1], others[0]):
            assert (await taken).size_bytes == 1
        assert crowd.receiver.under_way == 0
        assert (await (await crowd.begin(9))).size_bytes == 1

    runner.run(run())


@pytest.mark.parametrize(
    ("pace", "error"),
    [
        (UploadPace(min_bytes_per_second=1, grace_seconds=0.05, timeout_seconds=60), UploadTooSlow),
        (UploadPace(min_bytes_per_second=1, grace_seconds=60, timeout_seconds=0.05), UploadTimedOut),
    ],
)
def test_an_upload_that_takes_too_long_ends_and_leaves_neither_a_file_nor_a_taken_slot(
    pace: UploadPace, error: type[ScriptoriumError], runner: asyncio.Runner, tmp_path: Path
) -> None:
    media = MediaFiles.under(tmp_path)

    async def run() -> None:
        crowd = Crowd(media, bounds(pace=pace))
        slow = await crowd.begin(1)
        with pytest.raises(error):
            await slow
        assert crowd.receiver.under_way == 0

    runner.run(run())
    assert list(media.folder.iterdir()) == []


def test_announced_uploads_that_do_not_all_fit_are_not_all_begun(runner: asyncio.Runner, tmp_path: Path) -> None:
    media = DiskWith(MediaFiles.under(tmp_path).folder, free=10 * MIB)

    async def run() -> None:
        crowd = Crowd(media, bounds(max_uploads=10, max_uploads_per_client=10))
        uploads = [await crowd.begin(number, announced=3 * MIB) for number in range(5)]
        assert [upload.done() for upload in uploads] == [False, False, False, True, True]
        assert all(isinstance(upload.exception(), DiskFull) for upload in uploads[3:])
        crowd.let_go()
        for upload in uploads[:3]:
            assert (await upload).size_bytes == 1

    runner.run(run())


def test_what_was_uploaded_counts_until_the_disk_is_looked_at_again(runner: asyncio.Runner, tmp_path: Path) -> None:
    media = DiskWith(MediaFiles.under(tmp_path).folder, free=10 * MIB)

    async def run() -> None:
        uploads = receiver(media, LIMITS)
        sent = form(file_part(b"x" * 3 * MIB))
        for number in range(5):
            client = Client(in_chunks(sent), headers={"content-length": str(len(sent)).encode()})
            upload = uploads.receive(client.request, f"{number:032x}", client=ME)
            if number < 3:
                await upload
            else:
                with pytest.raises(DiskFull):
                    await upload

    runner.run(run())


@dataclass(frozen=True)
class DiskWith(MediaFiles):
    """A disk that had so much space left when it was empty."""

    free: int = 0

    def free_bytes(self) -> int:
        return self.free - sum(path.stat().st_size for path in self.folder.iterdir())


# Folders apart


@dataclass(frozen=True)
class Apart:
    """Two folders, the second one for what is labelled `secret`."""

    runner: asyncio.Runner
    plain: MediaFiles
    secret: MediaFiles

    @classmethod
    def at(cls, runner: asyncio.Runner, folder: Path, *, free: int = 1 << 40, free_apart: int = 1 << 40) -> "Apart":
        (folder / "apart").mkdir()
        plain, apart = MediaFiles.under(folder), MediaFiles.under(folder / "apart")
        return cls(runner, DiskWith(plain.folder, free=free), DiskWith(apart.folder, free=free_apart))

    @property
    def media(self) -> MediaStores:
        return MediaStores(self.plain, {"secret": self.secret})

    def upload(self, client: Client) -> Upload:
        return self.runner.run(
            receiver(self.media, LIMITS).receive(client.request, JOB_ID, client=ME, storage=self.media.of)
        )

    def stored(self) -> list[list[str]]:
        return [[path.name for path in each.folder.iterdir()] for each in (self.plain, self.secret)]


SECRET = part("sensitivity", b"secret")


@pytest.mark.parametrize("chunk_bytes", [1, 7, MIB])
def test_a_label_before_the_file_says_where_it_is_stored(
    runner: asyncio.Runner, tmp_path: Path, chunk_bytes: int
) -> None:
    apart = Apart.at(runner, tmp_path)
    upload = apart.upload(Client(in_chunks(form(SECRET, file_part(b"x" * 50), part("language", b"en")), chunk_bytes)))
    assert apart.stored() == [[], [JOB_ID]]
    assert apart.secret.path(JOB_ID).read_bytes() == b"x" * 50
    assert (upload.size_bytes, upload.fields) == (50, {"sensitivity": "secret", "language": "en"})
    apart.media.remove(JOB_ID)
    apart.upload(Client([form(file_part(b"x"))]))
    assert apart.stored() == [[JOB_ID], []]


@pytest.mark.parametrize("size_bytes", [1, 3 * MIB])
def test_a_label_behind_the_file_is_refused_if_it_lies_elsewhere(
    runner: asyncio.Runner, tmp_path: Path, size_bytes: int
) -> None:
    apart = Apart.at(runner, tmp_path)
    with pytest.raises(InvalidOptions, match="before the file"):
        apart.upload(Client(in_chunks(form(file_part(b"x" * size_bytes), SECRET))))
    assert apart.stored() == [[], []]
    apart.upload(Client([form(file_part(b"x"), part("sensitivity", b"public"))]))
    assert apart.stored() == [[JOB_ID], []]


def test_the_disk_that_counts_is_the_one_that_is_written_to(runner: asyncio.Runner, tmp_path: Path) -> None:
    def announced(*parts: bytes) -> Client:
        sent = form(*parts)
        return Client(in_chunks(sent), headers={"content-length": str(len(sent)).encode()})

    apart = Apart.at(runner, tmp_path, free=10, free_apart=3 * MIB)
    with pytest.raises(DiskFull):
        apart.upload(announced(file_part(b"x" * MIB)))
    apart.upload(announced(SECRET, file_part(b"x" * 2 * MIB)))
    apart.secret.path(JOB_ID).rename(apart.secret.path("another"))
    with pytest.raises(DiskFull):
        apart.upload(announced(SECRET, file_part(b"x" * 2 * MIB)))
    assert apart.stored() == [[], ["another"]]


# Bare samples, and bodies that are files


def pcm(runner: asyncio.Runner, media: MediaFiles, body: bytes, *, chunk_bytes: int = MIB) -> tuple[Upload, bytes]:
    """Return an upload that may be bare samples, and what is stored of it; remove it."""
    request = Client(in_chunks(body, chunk_bytes)).request
    receive = receiver(media, LIMITS).receive(request, JOB_ID, client=ME, may_be_bare_pcm=True)
    try:
        return runner.run(receive), media.path(JOB_ID).read_bytes()
    finally:
        media.remove(JOB_ID)


@pytest.mark.parametrize("chunk_bytes", [1, 100, 65_536, 5 * MIB])
@pytest.mark.parametrize("samples", [b"\x00\x01", bytes(32_000), random.Random(1).randbytes(3_200_000)])
def test_bare_samples_become_a_wav(runner: asyncio.Runner, media: MediaFiles, samples: bytes, chunk_bytes: int) -> None:
    if len(samples) / chunk_bytes > 40_000:
        samples = samples[:40_000]
    upload, stored = pcm(runner, media, form(file_part(samples)), chunk_bytes=chunk_bytes)
    assert stored == HEADER + samples
    assert upload.blake3 == blake3(stored).hexdigest()
    assert upload.audio_seconds == pytest.approx(len(samples) / 32_000)
    path = media.path(JOB_ID)
    path.write_bytes(stored)
    try:
        assert wav_header.seconds(path) == upload.audio_seconds
        assert wav_header.missing_bytes(path) == 0
        refuse_other_than_media(io.BytesIO(stored))
    finally:
        media.remove(JOB_ID)


@pytest.mark.parametrize("transcoding", [*TRANSCODINGS, *RARER_TRANSCODINGS], ids=lambda each: each.name)
def test_what_begins_as_a_container_is_left_as_it_is(transcoding: Transcoding) -> None:
    content = transcoded(clip("garden"), transcoding.container, transcoding.codec)
    # Streams of bare frames have two bytes to know them by, which samples may have as well; and Sony's w64,
    # which nobody sends as samples, is not worth a signature of its own.
    assert begins_as_container(content) is (transcoding.name not in {"aac", "mp2", "ts", "w64"})


def test_a_container_is_stored_as_it_comes(runner: asyncio.Runner, media: MediaFiles) -> None:
    content = clip("garden").read_bytes()
    upload, stored = pcm(runner, media, form(file_part(content)), chunk_bytes=10)
    assert (stored, upload.audio_seconds) == (content, SECONDS)


def bare(runner: asyncio.Runner, media: MediaFiles, client: Client, limits: UploadLimits = LIMITS) -> Upload:
    return runner.run(receiver(media, limits).receive_bare(client.request, JOB_ID, client=ME, media=media))


@pytest.mark.parametrize("chunk_bytes", [7, 65_536, 5 * MIB])
def test_a_body_that_is_a_file_is_stored_as_it_comes(
    runner: asyncio.Runner, media: MediaFiles, chunk_bytes: int
) -> None:
    content = random.Random(2).randbytes(5 * MIB + 17 if chunk_bytes > 7 else 3000)
    headers = {"content-type": b"application/octet-stream", "content-length": str(len(content)).encode()}
    try:
        upload = bare(runner, media, Client(in_chunks(content, chunk_bytes), headers=headers))
        assert media.path(JOB_ID).read_bytes() == content
        assert (upload.size_bytes, upload.blake3) == (len(content), blake3(content).hexdigest())
        assert (upload.file_name, upload.fields, upload.audio_seconds) == (None, {}, SECONDS)
    finally:
        media.remove(JOB_ID)


@pytest.mark.parametrize(
    ("client", "error"),
    [
        (lambda: Client([b""]), FileEmpty),
        (lambda: Client(in_chunks(bytes(3 * MIB))), UploadTooLarge),
        (lambda: Client([b"x"], headers={"content-length": b"999999999999"}), UploadTooLarge),
        (lambda: Client(in_chunks(bytes(MIB)), disconnects=True), ClientDisconnect),
    ],
)
def test_a_body_that_is_no_file_leaves_nothing(
    runner: asyncio.Runner, media: MediaFiles, client: Callable[[], Client], error: type[Exception]
) -> None:
    with pytest.raises(error):
        bare(runner, media, client(), bounds(max_file_bytes=2 * MIB))
    assert list(media.folder.iterdir()) == []
