"""Receives an upload: streams the multipart body to disk while it is counted and hashed, never whole in memory.

Either the file is whole, synced and under its final name when `receive` returns, or nothing is left of it.
"""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from errno import EDQUOT, ENOSPC
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Self

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from core.errors import (
    DiskFull,
    FileEmpty,
    FileMissing,
    InvalidOptions,
    MalformedBody,
    MultipartRequired,
    OptionProblem,
    ScriptoriumError,
    UploadTooLarge,
)
from core.media_files import MediaFiles

if TYPE_CHECKING:  # the parser's types exist for type checkers only
    from python_multipart.multipart import MultipartCallbacks

FILE_FIELD = "file"

_WRITE_BYTES = 1024 * 1024
"""Bytes gathered before one trip to the disk's thread."""
_SYNC_BYTES = 8 * 1024 * 1024
"""Bytes written between two syncs, each with a look at the free space: the last sync, which the client waits for, then
takes as long for a large file as for a small one."""
_FORM_BYTES = 256 * 1024
"""What a body may hold besides the file: fields, part headers, boundaries."""
_LINGER_BYTES = 4 * 1024 * 1024
_LINGER_SECONDS = 2.0
"""How much of a refused body is still read, so that the client gets to read its answer."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Bounds of one upload, in bytes."""

    max_file_bytes: int
    min_free_disk_bytes: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A whole file on disk, and the form's other fields."""

    size_bytes: int
    sha256: str
    file_name: str | None
    fields: dict[str, str]


async def receive(request: Request, job_id: str, media: MediaFiles, limits: UploadLimits) -> Upload:
    """Read a multipart body; the part `file` goes to `media` under the job's id.

    Raises:
        MultipartRequired, MalformedBody, FileMissing, FileEmpty, InvalidOptions: the body is not such a form.
        UploadTooLarge: the file is larger than allowed, or the body says so in advance.
        DiskFull: there is, or would be, too little space left.
        ClientDisconnect: the client went away.
    """
    body = request.stream()
    try:
        return await _receive(request, body, job_id, media, limits)
    except ScriptoriumError:
        if "expect" not in request.headers:  # who waits for "100 Continue" hasn't sent anything
            await _linger(body)
        raise


async def _receive(
    request: Request, body: AsyncIterator[bytes], job_id: str, media: MediaFiles, limits: UploadLimits
) -> Upload:
    boundary = _boundary(request)
    announced = int(request.headers.get("content-length") or 0)
    if announced > limits.max_file_bytes + _FORM_BYTES:
        raise _too_large(limits)
    if await asyncio.to_thread(media.free_bytes) - announced < limits.min_free_disk_bytes:
        raise _disk_full(limits)
    try:
        with _PartFile(job_id, media, limits) as file:
            form = await _stream(body, boundary, file, limits)
            if not form.ended:
                raise MalformedBody("The multipart body ends before its closing boundary.")
            if not form.file_seen:
                raise FileMissing("The form has no part named 'file' with a file. With curl: -F file=@audio.flac")
            if file.size_bytes == 0:
                raise FileEmpty("The file has no bytes.")
            await file.commit()
            return Upload(file.size_bytes, file.sha256, form.file_name, form.fields)
    except FormParserError as error:
        raise MalformedBody(f"The multipart body can't be parsed: {error}.") from error
    except OSError as error:
        if error.errno in {ENOSPC, EDQUOT}:
            raise _disk_full(limits) from error
        raise


async def _stream(body: AsyncIterator[bytes], boundary: bytes, file: "_PartFile", limits: UploadLimits) -> "_Form":
    """Parse the whole body, the file's bytes to disk piece by piece."""
    form = _Form(limits)
    parser = MultipartParser(boundary, form.callbacks())
    async for chunk in body:
        form.feed(parser, chunk)
        if len(form.file_bytes) >= _WRITE_BYTES:
            await file.write(form.take_file_bytes())
    parser.finalize()
    await file.write(form.take_file_bytes())
    return form


def _boundary(request: Request) -> bytes:
    content_type = request.headers.get("content-type")
    if content_type is None:
        raise FileMissing("The request has no body. Send the file as multipart/form-data: curl -F file=@audio.flac")
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise MultipartRequired(
            "Send the file as multipart/form-data in a part named 'file'. With curl: -F file=@audio.flac"
        )
    boundary = options.get(b"boundary")
    if not boundary:
        raise MalformedBody("The Content-Type multipart/form-data names no boundary.")
    return boundary


async def _linger(body: AsyncIterator[bytes]) -> None:
    """Read on for a moment: a connection closed on unread data is reset, and the answer with it."""
    remaining = _LINGER_BYTES
    with contextlib.suppress(TimeoutError, ClientDisconnect, RuntimeError):
        async with asyncio.timeout(_LINGER_SECONDS):
            async for chunk in body:
                remaining -= len(chunk)
                if remaining <= 0:
                    return


@dataclass(slots=True)
class _Form:
    """Collects what the parser finds: small fields whole, the file in pieces."""

    limits: UploadLimits
    fields: dict[str, str] = field(default_factory=dict)
    file_name: str | None = None
    file_seen: bool = False
    ended: bool = False
    file_bytes: bytearray = field(default_factory=bytearray)
    _file_size: int = 0
    _form_size: int = 0
    _header_name: bytearray = field(default_factory=bytearray)
    _header_value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
    _part_name: str = ""
    _part_is_file: bool = False
    _part_value: bytearray = field(default_factory=bytearray)

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._on_part_begin,
            "on_header_field": lambda data, start, end: self._header_name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header_value.extend(data[start:end]),
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }

    def feed(self, parser: MultipartParser, chunk: bytes) -> None:
        """Parse a piece of the body.

        Raises:
            FormParserError: it is no proper multipart body.
            MalformedBody, UploadTooLarge, InvalidOptions, FileMissing: see `receive`.
        """
        before = self._file_size
        parser.write(chunk)
        if self._file_size > self.limits.max_file_bytes:
            raise _too_large(self.limits)
        self._form_size += len(chunk) - (self._file_size - before)
        if self._form_size > _FORM_BYTES:
            raise MalformedBody(f"The form holds more than {_FORM_BYTES // 1024} KiB besides the file.")

    def take_file_bytes(self) -> bytes:
        """Return the file's bytes parsed since the last call."""
        taken = bytes(self.file_bytes)
        self.file_bytes.clear()
        return taken

    def _on_part_begin(self) -> None:
        self._disposition = b""
        self._part_value.clear()

    def _on_header_end(self) -> None:
        if bytes(self._header_name).lower() == b"content-disposition":
            self._disposition = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def _on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._part_name = options.get(b"name", b"").decode("utf-8", "replace")
        self._part_is_file = self._part_name == FILE_FIELD
        if self._part_is_file:
            if self.file_seen:
                raise MalformedBody("The form has several parts named 'file'; send one file a request.")
            self.file_seen = True
            self.file_name = _display_name(options.get(b"filename", b""))
        elif b"filename" in options:
            raise FileMissing(f"The file came in a part named '{self._part_name[:40]}'; name the part 'file'.")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part_is_file:
            self._file_size += end - start
            self.file_bytes += data[start:end]
        else:
            self._part_value += data[start:end]

    def _on_part_end(self) -> None:
        if self._part_is_file:
            return
        name = self._part_name
        if name in self.fields:
            raise InvalidOptions([OptionProblem(name, "given more than once")])
        try:
            self.fields[name] = self._part_value.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidOptions([OptionProblem(name, "is not valid UTF-8")]) from None

    def _on_end(self) -> None:
        self.ended = True


class _PartFile:
    """The file on its way to disk. Left without `commit`, it vanishes."""

    def __init__(self, job_id: str, media: MediaFiles, limits: UploadLimits) -> None:
        self._job_id = job_id
        self._media = media
        self._limits = limits
        self._digest = hashlib.sha256()
        self._unsynced_bytes = 0
        self._committed = False
        self.size_bytes = 0

    def __enter__(self) -> Self:
        self._descriptor = os.open(
            self._media.part_path(self._job_id), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640
        )
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self._descriptor)
        if not self._committed:
            self._media.remove(self._job_id)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    async def write(self, data: bytes) -> None:
        """Append and hash, in the disk's thread.

        Raises:
            DiskFull: too little space would be left.
        """
        if data:
            await _in_thread(self._write, data)

    async def commit(self) -> None:
        """Make the file durable under its final name."""
        await _in_thread(self._commit)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        self._digest.update(data)
        self.size_bytes += len(data)
        self._unsynced_bytes += len(data)
        if self._unsynced_bytes >= _SYNC_BYTES:
            self._unsynced_bytes = 0
            os.fdatasync(self._descriptor)
            if self._media.free_bytes() < self._limits.min_free_disk_bytes:
                raise _disk_full(self._limits)

    def _commit(self) -> None:
        os.fsync(self._descriptor)
        self._media.commit(self._job_id)
        self._committed = True


async def _in_thread(function: Callable[..., None], *arguments: object) -> None:
    """Run in a thread, and wait for its end even when cancelled: it must not write to a file closed meanwhile."""
    running = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
    running.result()


def _display_name(sent: bytes) -> str | None:
    """Return the last part of the client's file name without control characters: for display, never for a path."""
    name = PureWindowsPath(sent.decode("utf-8", "replace")).name
    return "".join(character for character in name if character.isprintable())[:255] or None


def _too_large(limits: UploadLimits) -> UploadTooLarge:
    return UploadTooLarge(
        f"The file is larger than {limits.max_file_bytes / 1024**2:g} MiB (MAX_FILE_SIZE_MB), the largest taken here."
    )


def _disk_full(limits: UploadLimits) -> DiskFull:
    return DiskFull(
        f"Taking this file would leave less than {limits.min_free_disk_bytes / 1024**2:g} MiB "
        "(MIN_FREE_DISK_MB) free. Try again later, or ask the operator for space."
    )
