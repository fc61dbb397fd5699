"""Receives uploads: streams a multipart body into its store while it is counted and hashed, never whole in memory.

Either the file is whole, durable and under its final name when `receive` returns, or nothing is left of it. How many
come at once, how slowly and onto how full a disk has bounds, each in a module of its own.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from errno import EDQUOT, ENOSPC
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from api.bare_pcm import HEADER, pcm_seconds
from api.disk_space import DiskSpace
from api.media_kinds import begins_as_container
from api.part_file import PartFile
from api.part_writers import PartWriters, ThreadedWriters
from api.upload_pace import UploadPace, UploadTimer
from api.upload_slots import UploadSlots
from core.errors import (
    FileEmpty,
    FileMissing,
    InvalidOptions,
    MalformedBody,
    MultipartRequired,
    OptionProblem,
    UploadTooLarge,
)
from core.media_store import MediaStore
from core.media_stores import MediaStores
from core.tracing import NO_TRACES, Tracer

if TYPE_CHECKING:  # the parser's types exist for type checkers only
    from python_multipart.multipart import MultipartCallbacks

FILE_FIELD = "file"
_LIST = "[]"
LABEL_FIELD = "sensitivity"
"""The field that may say where the file is to be stored."""

_WRITE_BYTES = 1280 * 1024
"""Bytes gathered before one trip to who writes them; a file of a megabyte takes a single one."""
_SLOW_WRITE_BYTES, _SLOW_SECONDS = 128 * 1024, 1.0
"""The same of a body that has taken so long for them: hundreds of slow ones at once are not to fill the memory."""
_SMALL_BYTES = 4 * 1024
"""Chunks below it are put together: a body that comes byte by byte would take a hundred times its size in objects."""
_FORM_BYTES = 256 * 1024
"""What a body may hold besides the file: fields, part headers, boundaries."""


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """Bounds of the uploads of one gateway."""

    max_file_bytes: int
    min_free_disk_bytes: int
    max_uploads: int
    """At once."""
    max_uploads_per_client: int
    pace: UploadPace


@dataclass(frozen=True, slots=True)
class Upload:
    """A whole file in its store, and the form's other fields."""

    size_bytes: int
    blake3: str
    file_name: str | None
    fields: dict[str, str]
    audio_seconds: float | None
    """What the file's own header tells, if it tells anything."""


class UploadReceiver:
    """Takes the uploads of one gateway."""

    def __init__(
        self,
        media: MediaStores,
        limits: UploadLimits,
        *,
        writers: PartWriters | None = None,
        observe: Callable[[int], None] = lambda _under_way: None,
        tracer: Tracer = NO_TRACES,
    ) -> None:
        """`writers` write the files; by default, threads do.

        `observe` is called with the number of uploads under way when it changes.
        """
        self._media = media
        self._limits = limits
        self._writers = writers or ThreadedWriters()
        self._tracer = tracer
        self._spaces = {each: DiskSpace(each, min_free_bytes=limits.min_free_disk_bytes) for each in media.every}
        self._slots = UploadSlots(total=limits.max_uploads, per_client=limits.max_uploads_per_client, observe=observe)

    @property
    def pace(self) -> UploadPace:
        """How fast a body must come."""
        return self._limits.pace

    @property
    def under_way(self) -> int:
        """How many uploads are received now."""
        return self._slots.taken

    async def receive(
        self,
        request: Request,
        job_id: str,
        *,
        client: str,
        file_field: str = FILE_FIELD,
        lists: Collection[str] = (),
        storage: Callable[[str | None], MediaStore] | None = None,
        may_be_bare_pcm: bool = False,
    ) -> Upload:
        """Read a multipart body; the part `file_field` goes to a media store under the job's id.

        A field that `lists` names, or of which the name ends in `[]`, may come several times; its values are joined by
        commas. `client` names who sends the body, for the number of uploads that one may have under way. `storage`
        returns the media store for a label, as the form's field names it or not, where there are several. With
        `may_be_bare_pcm`, a file that begins as no container does is taken for samples (`api.bare_pcm`), and stored as
        the WAV that they make.

        Raises:
            TooManyUploads, UploadsFull: so many are under way that the body was not read.
            MultipartRequired, MalformedBody, FileMissing, FileEmpty, InvalidOptions: the body is not such a form; or
                the field that says where the file is to be stored came after it.
            UnsupportedMedia: the file is neither audio nor video.
            UploadTooLarge: the file is larger than allowed, or the body says so in advance.
            UploadTooSlow, UploadTimedOut: the client took too long, or took it while others had no place.
            DiskFull: there is, or would be, too little space left.
            StoreUnavailable: the media store doesn't answer.
            ClientDisconnect: the client went away.
        """
        timer = UploadTimer(self._limits.pace)
        with self._slots.slot(client, timer), self._full_disks_told():
            boundary = _boundary(request)
            announced = self._announced(request)
            try:
                async with AsyncExitStack() as held:
                    return await self._receive(
                        held,
                        timer.chunks(request.stream()),
                        boundary,
                        _Form(self._limits, file_field, lists, may_be_bare_pcm=may_be_bare_pcm),
                        job_id,
                        announced=announced,
                        storage=storage or (lambda _: self._media.default),
                    )
            except FormParserError as error:
                raise MalformedBody(f"The multipart body can't be parsed: {error}.") from error

    async def receive_bare(self, request: Request, upload_id: str, *, client: str, media: MediaStore) -> Upload:
        """Read a body that is the file and nothing else; it goes to a media store under the upload's id.

        Raises:
            ScriptoriumError: what `receive` raises, but for what is wrong with a form.
            ClientDisconnect: the client went away.
        """
        timer = UploadTimer(self._limits.pace)
        with self._slots.slot(client, timer), self._full_disks_told():
            announced = self._announced(request)
            async with AsyncExitStack() as held:
                file = await self._file(held, upload_id, media, announced)
                pieces = _Pieces()
                async for chunk in timer.chunks(request.stream()):
                    pieces.add(memoryview(chunk))
                    if pieces.total_bytes > self._limits.max_file_bytes:
                        raise _too_large(self._limits)
                    if pieces.are_due:
                        await file.write(pieces.take())
                if not pieces.total_bytes:
                    raise FileEmpty("The body has no bytes. Send the file as it is, without a form around it.")
                with self._tracer.span("store upload"):
                    blake3, audio_seconds = await file.commit(pieces.take())
                return Upload(pieces.total_bytes, blake3, None, {}, audio_seconds)

    def _announced(self, request: Request) -> int | None:
        """Return how many bytes a body says that it has.

        Raises:
            UploadTooLarge: no file that may be that large has so many.
        """
        length = request.headers.get("content-length")
        announced = None if length is None else int(length)
        if announced is not None and announced > self._limits.max_file_bytes + _FORM_BYTES:
            raise _too_large(self._limits)
        return announced

    @contextmanager
    def _full_disks_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in {ENOSPC, EDQUOT}:
                raise self._spaces[self._media.default].shortage() from error
            raise

    async def _receive(
        self,
        held: AsyncExitStack,
        body: AsyncIterator[bytes],
        boundary: bytes,
        form: "_Form",
        job_id: str,
        *,
        announced: int | None,
        storage: Callable[[str | None], MediaStore],
    ) -> Upload:
        media = self._media.default
        # Where there is one folder only, nothing is read for a disk that is full.
        file = None if self._media.apart else await self._file(held, job_id, media, announced)
        parser = MultipartParser(boundary, form.callbacks())
        async for chunk in body:
            form.feed(parser, chunk)
            if file is None and form.file_seen:
                media = storage(form.label_before_file)
                file = await self._file(held, job_id, media, announced)
            if file is not None and form.are_pieces_due:
                await file.write(form.take_pieces())
        parser.finalize()
        if not form.ended:
            raise MalformedBody("The multipart body ends before its closing boundary.")
        if file is None or not form.file_seen:
            raise FileMissing(
                f"The form has no part named '{form.file_field}' with a file. "
                f"With curl: -F {form.file_field}=@audio.flac"
            )
        if not form.file_size:
            raise FileEmpty("The file has no bytes.")
        if self._media.apart and storage(form.fields.get(LABEL_FIELD)) is not media:
            raise InvalidOptions(
                [OptionProblem(LABEL_FIELD, "it says where the file is to be stored: send it before the file")]
            )
        with self._tracer.span("store upload"):
            blake3, audio_seconds = await file.commit(form.take_pieces())
        if form.is_bare_pcm:
            audio_seconds = pcm_seconds(form.file_size)
        return Upload(form.file_size, blake3, form.file_name, form.fields, audio_seconds)

    async def _file(self, held: AsyncExitStack, job_id: str, media: MediaStore, announced: int | None) -> PartFile:
        """Return a file for an upload in one of the stores, with the space that it needs promised."""
        promise = held.enter_context(self._spaces[media].promised(announced))
        if promise.needs_a_look:
            await asyncio.to_thread(promise.look)
        promise.check()
        return await held.enter_async_context(PartFile(self._writers.begin(media, job_id), promise))


def _boundary(request: Request) -> bytes:
    content_type = request.headers.get("content-type")
    if content_type is None:
        raise FileMissing("The request has no body. Send the file as multipart/form-data: curl -F file=@audio.flac")
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise MultipartRequired(
            "Send the file as multipart/form-data in a part named 'file'. With curl: -F file=@audio.flac. Or send JSON "
            "with the `url` of one."
        )
    boundary = options.get(b"boundary")
    if not boundary:
        raise MalformedBody("The Content-Type multipart/form-data names no boundary.")
    return boundary


@dataclass(slots=True)
class _Pieces:
    """A file's bytes as they come: most of them where they lie in the body's chunks."""

    total_bytes: int = 0
    pending_bytes: int = 0
    """Of those, what was not taken yet."""
    _since: float = 0.0
    """When the first of these came, by the monotonic clock."""
    _pending: list[memoryview | bytearray] = field(default_factory=list)

    def add(self, piece: memoryview) -> None:
        """Append."""
        if not self._pending:
            self._since = time.monotonic()
        self.total_bytes += len(piece)
        self.pending_bytes += len(piece)
        if len(piece) >= _SMALL_BYTES:
            self._pending.append(piece)
        elif self._pending and isinstance(self._pending[-1], bytearray):
            self._pending[-1] += piece
        else:
            self._pending.append(bytearray(piece))

    @property
    def are_due(self) -> bool:
        """Whether there is enough for a trip to the disk."""
        if self.pending_bytes < _SLOW_WRITE_BYTES:
            return False
        return self.pending_bytes >= _WRITE_BYTES or time.monotonic() - self._since >= _SLOW_SECONDS

    def take(self) -> list[memoryview | bytearray]:
        """Return what was added since the last call."""
        taken, self._pending, self.pending_bytes = self._pending, [], 0
        return taken


@dataclass(slots=True)
class _Form:
    """Collects what the parser finds: small fields whole, the file in pieces."""

    limits: UploadLimits
    file_field: str
    lists: Collection[str]
    may_be_bare_pcm: bool
    fields: dict[str, str] = field(default_factory=dict)
    file_name: str | None = None
    file_seen: bool = False
    label_before_file: str | None = None
    ended: bool = False
    is_bare_pcm: bool = False
    """As far as the file was taken."""
    _pieces: _Pieces = field(default_factory=_Pieces)
    _is_begun: bool = False
    _form_size: int = 0
    _header_name: bytearray = field(default_factory=bytearray)
    _header_value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
    _part_name: str = ""
    _part_is_file: bool = False
    _part_value: bytearray = field(default_factory=bytearray)

    @property
    def file_size(self) -> int:
        return self._pieces.total_bytes

    @property
    def are_pieces_due(self) -> bool:
        return self._pieces.are_due

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
        before = self.file_size
        parser.write(chunk)
        if self.file_size > self.limits.max_file_bytes:
            raise _too_large(self.limits)
        self._form_size += len(chunk) - (self.file_size - before)
        if self._form_size > _FORM_BYTES:
            raise MalformedBody(f"The form holds more than {_FORM_BYTES // 1024} KiB besides the file.")

    def take_pieces(self) -> Sequence[memoryview | bytearray]:
        """Return the file's bytes parsed since the last call; a header in front of the first ones, if they need one."""
        pieces = self._pieces.take()
        if self.may_be_bare_pcm and not self._is_begun and not begins_as_container(b"".join(pieces[:2])):
            self.is_bare_pcm = True
            pieces.insert(0, bytearray(HEADER))
        self._is_begun = True
        return pieces

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
        self._part_is_file = self._part_name == self.file_field
        if self._part_is_file:
            if self.file_seen:
                raise MalformedBody(f"The form has several parts named '{self.file_field}'; send one file a request.")
            self.file_seen = True
            self.label_before_file = self.fields.get(LABEL_FIELD)
            self.file_name = _display_name(options.get(b"filename", b""))
        elif b"filename" in options:
            raise FileMissing(
                f"The file came in a part named '{self._part_name[:40]}'; name the part '{self.file_field}'."
            )

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._part_is_file:
            self._pieces.add(memoryview(data)[start:end])
        else:
            self._part_value += data[start:end]

    def _on_part_end(self) -> None:
        if self._part_is_file:
            return
        name = self._part_name
        try:
            value = self._part_value.decode("utf-8")
        except UnicodeDecodeError:
            raise InvalidOptions([OptionProblem(name, "is not valid UTF-8")]) from None
        former = self.fields.get(name)
        if former is not None and not name.endswith(_LIST) and name not in self.lists:
            raise InvalidOptions([OptionProblem(name, "given more than once")])
        self.fields[name] = value if former is None else f"{former},{value}"

    def _on_end(self) -> None:
        self.ended = True


def _display_name(sent: bytes) -> str | None:
    """Return the last part of the client's file name without control characters: for display, never for a path."""
    name = PureWindowsPath(sent.decode("utf-8", "replace")).name
    return "".join(character for character in name if character.isprintable())[:255] or None


def _too_large(limits: UploadLimits) -> UploadTooLarge:
    return UploadTooLarge(
        f"The file is larger than {limits.max_file_bytes / 1024**2:g} MiB (MAX_FILE_SIZE_MB), the largest taken here."
    )
