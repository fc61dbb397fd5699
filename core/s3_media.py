"""Audio in a bucket of S3, or of any store that speaks its protocol: one object a work.

An object is there whole or not at all: a file comes in one request, or in parts that only their completion makes an
object of. Nothing but the size of a part is ever in memory, nothing of an upload on the gateway's disk. A worker has a
copy on its own disk as long as it works on it.
"""

import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, Final, TypeVar, cast

import botocore.session
import structlog
from blake3 import blake3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from core.errors import AudioExpired, ConfigurationError, FailureCode, StoreUnavailable, TranscriptionFailure
from core.file_ends import FileEnds
from core.media_store import MediaFacts, StoredMedia
from core.s3_location import S3Location
from core.scratch import Scratch
from core.settings import CommonSettings

if TYPE_CHECKING:  # the types exist for type checkers only
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef, GetObjectOutputTypeDef

_PART_BYTES: Final = 5 * 1024 * 1024
"""From which a part is sent: the least that S3 takes of any but the last. 10,000 of them are 48 GiB."""
_PIECE_BYTES: Final = 1024 * 1024
"""Read at once of what comes back."""
_CONNECT_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 10.0
_TRIES: Final = 3
_CONNECTIONS: Final = 64
_REGION: Final = "us-east-1"
"""What stores of one's own answer to, if none is named."""
_JOB_ID: Final = re.compile(r"[0-9a-f]{32}")

T = TypeVar("T")
logger = structlog.get_logger(__name__)


def s3_client(settings: CommonSettings) -> "S3Client":
    """Return a client for any number of threads. Nothing is asked yet.

    Raises:
        ConfigurationError: the settings can't be used.
    """
    if bool(settings.s3_access_key_id) != bool(settings.s3_secret_access_key):
        raise ConfigurationError("S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are of use together only.")
    session = botocore.session.get_session()
    endpoint = settings.s3_endpoint_url or None
    region = settings.s3_region or session.get_config_variable("region") or _REGION
    try:
        client = session.create_client(
            "s3",
            region_name=region,
            endpoint_url=endpoint,
            aws_access_key_id=settings.s3_access_key_id or None,
            aws_secret_access_key=settings.s3_secret_access_key or None,
            config=Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_ANSWER_SECONDS,
                retries={"total_max_attempts": _TRIES, "mode": "standard"},
                max_pool_connections=_CONNECTIONS,
                # A bucket's name in the host's needs a wildcard in DNS, which stores of one's own seldom have.
                s3={"addressing_style": "path" if endpoint else "auto"},
                # Checksums in trailers are AWS' own. Each body is signed by its SHA-256 anyway, which the store checks.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
    except (BotoCoreError, ValueError) as error:
        raise ConfigurationError(f"S3_ENDPOINT_URL, S3_REGION: {error}") from error
    return cast("S3Client", client)


class S3Media:
    """The audio under one prefix of a bucket."""

    def __init__(self, client: "S3Client", location: S3Location, scratch: Scratch | None = None) -> None:
        """`scratch` is where a worker has audio meanwhile; what doesn't work on audio needs none."""
        self._client = client
        self._bucket = location.bucket
        self._prefix = location.prefix
        self._scratch_or_none = scratch

    def begin(self, job_id: str) -> "S3Writer":
        """Return a writer for the audio of a job; nothing is asked yet."""
        return S3Writer(self._client, self._bucket, self._key(job_id))

    def part_path(self, job_id: str) -> Path:
        """Return where a worker is to write audio that it fetches: on its own disk."""
        return self._scratch.folder / f"{job_id}.part"

    def commit(self, job_id: str) -> None:
        """Store what was written to `part_path`, and remove it there.

        Raises:
            StoreUnavailable: S3 doesn't answer; the file is still there.
        """
        part = self.part_path(job_id)
        writer = self.begin(job_id)
        try:
            with part.open("rb") as file:
                while piece := file.read(_PIECE_BYTES):
                    writer.append([memoryview(piece)])
            writer.commit([], lambda _: None)
        except BaseException:
            writer.discard()
            raise
        part.unlink()

    @contextmanager
    def at_hand(self, job_id: str, is_wanted: Callable[[], bool]) -> Iterator[Path]:
        """Have a copy of a job's audio within the block, as far as it was wanted.

        Raises:
            TranscriptionFailure: there is none (MEDIA_MISSING), or no room for it (OUT_OF_DISK).
            StoreUnavailable: S3 doesn't answer, or broke off.
        """
        with self._scratch.file(lambda file: self._download(job_id, file, is_wanted)) as path:
            yield path

    def duplicate(self, job_id: str, copy_id: str) -> None:
        """Have S3 copy a job's audio, of which it takes up to 5 GiB.

        Raises:
            FileNotFoundError: there is none.
            StoreUnavailable: S3 doesn't answer.
        """
        with _answered():
            try:
                self._client.copy_object(
                    Bucket=self._bucket,
                    Key=self._key(copy_id),
                    CopySource={"Bucket": self._bucket, "Key": self._key(job_id)},
                )
            except ClientError as error:
                if _is_missing(error):
                    raise FileNotFoundError(job_id) from None
                raise

    def stat(self, job_id: str) -> MediaFacts | None:
        """Return what is known of a job's audio; None if it isn't there.

        Raises:
            StoreUnavailable: S3 doesn't answer.
        """
        with _answered():
            try:
                found = self._client.head_object(Bucket=self._bucket, Key=self._key(job_id))
            except ClientError as error:
                if _is_missing(error):
                    return None
                raise
        return MediaFacts(found["ContentLength"], re.sub(r"[^0-9A-Za-z-]", "", found["ETag"]))

    def read(self, job_id: str, start: int, size: int) -> bytes:
        """Return up to so many bytes of a job's audio from a place on; none behind its end.

        Raises:
            AudioExpired: it is gone.
            StoreUnavailable: S3 doesn't answer.
        """
        with _answered():
            try:
                answer = self._client.get_object(
                    Bucket=self._bucket, Key=self._key(job_id), Range=f"bytes={start}-{start + size - 1}"
                )
            except ClientError as error:
                if _is_missing(error):
                    raise AudioExpired("The audio has just been removed.") from None
                if error.response.get("Error", {}).get("Code") == "InvalidRange":
                    return b""
                raise
            with answer["Body"] as body:
                return body.read()

    def remove(self, job_id: str) -> list[int]:
        """Remove a job's audio; return its size in bytes, if there is any. Parts of it are not counted.

        Raises:
            StoreUnavailable: S3 doesn't answer.
        """
        found = self.stat(job_id)
        with _answered():
            if found is not None:
                self._client.delete_object(Bucket=self._bucket, Key=self._key(job_id))
            for upload in self._unfinished(self._key(job_id)):
                upload.discard()
        return [] if found is None else [found.size_bytes]

    def free_bytes(self) -> float:
        """Return the bytes left on a worker's own disk; elsewhere nothing is written to one."""
        return math.inf if self._scratch_or_none is None else self._scratch_or_none.free_bytes()

    def scan(self) -> Iterator[StoredMedia]:
        """Yield every object, then every upload that was begun and not completed.

        Raises:
            StoreUnavailable: S3 doesn't answer.
        """
        with _answered():
            # Names with a further slash are not ours.
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
            )
            for found in (each for page in pages for each in page.get("Contents", ())):
                if job_id := self._job_id(found["Key"]):
                    yield StoredMedia(
                        job_id,
                        is_part=False,
                        age_seconds=_age(found["LastModified"]),
                        discard=self._removal(found["Key"]),
                    )
            yield from self._unfinished(self._prefix)

    @property
    def _scratch(self) -> Scratch:
        if self._scratch_or_none is None:
            raise RuntimeError("this process was not meant to work on audio")
        return self._scratch_or_none

    def _key(self, job_id: str) -> str:
        return self._prefix + job_id

    def _job_id(self, key: str) -> str | None:
        """Return whose audio an object is; None for somebody else's."""
        name = key.removeprefix(self._prefix)
        return name if _JOB_ID.fullmatch(name) else None

    def _removal(self, key: str) -> Callable[[], bool]:
        def remove() -> bool:
            with _answered():
                self._client.delete_object(Bucket=self._bucket, Key=key)
            return True  # S3 doesn't tell whether another's clean-up was faster

        return remove

    def _unfinished(self, prefix: str) -> Iterator[StoredMedia]:
        pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self._bucket, Prefix=prefix)
        for found in (each for page in pages for each in page.get("Uploads", ())):
            if job_id := self._job_id(found["Key"]):
                yield StoredMedia(
                    job_id,
                    is_part=True,
                    age_seconds=_age(found["Initiated"]),
                    discard=self._abortion(found["Key"], found["UploadId"]),
                )

    def _abortion(self, key: str, upload_id: str) -> Callable[[], bool]:
        return lambda: _aborted(self._client, self._bucket, key, upload_id)

    def _download(self, job_id: str, file: IO[bytes], is_wanted: Callable[[], bool]) -> None:
        if not is_wanted():
            return
        with _answered():
            answer = self._object(job_id)
            left_bytes = answer["ContentLength"]
            with answer["Body"] as body:
                while is_wanted() and (piece := body.read(_PIECE_BYTES)):
                    self._scratch.check_room(left_bytes)
                    file.write(piece)
                    left_bytes -= len(piece)

    def _object(self, job_id: str) -> "GetObjectOutputTypeDef":
        try:
            return self._client.get_object(Bucket=self._bucket, Key=self._key(job_id))
        except ClientError as error:
            if _is_missing(error):
                raise TranscriptionFailure(
                    FailureCode.MEDIA_MISSING, "The uploaded file is not in the media store."
                ) from None
            raise


class S3Writer:
    """An object on its way. What is less than a part goes in one request, when all of it is known."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._digest = blake3()
        self._waiting = bytearray()
        """What was appended and not sent."""
        self._ends = FileEnds()
        """Of what was sent."""
        self._upload_id: str | None = None
        self._parts: list[CompletedPartTypeDef] = []
        self._is_left = False

    def append(self, pieces: Sequence[memoryview | bytearray]) -> None:
        """Append; returns when what makes a part is stored.

        Raises:
            StoreUnavailable: S3 doesn't answer.
        """
        for piece in pieces:
            self._digest.update(piece)
            self._waiting += piece
            if len(self._waiting) >= _PART_BYTES:
                self._send_part()

    def sync(self) -> None:
        """Do nothing: what makes a part is stored, the rest is not worth a request."""

    def commit(self, pieces: Sequence[memoryview | bytearray], inspect: Callable[[BinaryIO], T]) -> tuple[str, T]:
        """Append the last of it and make an object of it, durable when this returns.

        What `inspect` refuses never is one.

        Raises:
            StoreUnavailable: S3 doesn't answer.
        """
        self.append(pieces)
        if self._upload_id is None:
            found = inspect(io.BytesIO(self._waiting))
            with self._answered():
                self._client.put_object(Bucket=self._bucket, Key=self._key, Body=bytes(self._waiting))
            return self._digest.hexdigest(), found
        if self._waiting:
            self._send_part()
        found = inspect(cast("BinaryIO", io.BufferedReader(self._ends)))
        with self._answered():
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                MultipartUpload={"Parts": self._parts},
            )
        return self._digest.hexdigest(), found

    def discard(self) -> None:
        """Leave nothing of it. If it ends because S3 doesn't answer, that is the clean-up's: a client waits for us."""
        if self._upload_id is not None and not self._is_left:
            with suppress(StoreUnavailable):
                _aborted(self._client, self._bucket, self._key, self._upload_id)

    def _send_part(self) -> None:
        number = len(self._parts) + 1
        part, self._waiting = bytes(self._waiting), bytearray()
        with self._answered():
            if self._upload_id is None:
                begun = self._client.create_multipart_upload(Bucket=self._bucket, Key=self._key)
                self._upload_id = begun["UploadId"]
            sent = self._client.upload_part(
                Bucket=self._bucket, Key=self._key, UploadId=self._upload_id, PartNumber=number, Body=part
            )
        self._parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._ends.append(part)

    @contextmanager
    def _answered(self) -> Iterator[None]:
        try:
            with _answered():
                yield
        except StoreUnavailable:
            self._is_left = True
            raise


@contextmanager
def _answered() -> Iterator[None]:
    """Turn every way in which S3 fails us into one.

    Raises:
        StoreUnavailable: it doesn't answer, or refuses what we may ask.
    """
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        # Names of errors and of operations, no keys; credentials are in none of them.
        logger.warning("media_store_unavailable", error=type(error).__name__, reason=str(error))
        raise StoreUnavailable("The media store does not answer; try again shortly.") from error


def _aborted(client: "S3Client", bucket: str, key: str, upload_id: str) -> bool:
    """Remove an upload that is not to be completed; tell whether it still was there.

    Raises:
        StoreUnavailable: S3 doesn't answer.
    """
    with _answered():
        try:
            client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            if _is_missing(error):
                return False
            raise
    return True


def _is_missing(error: ClientError) -> bool:
    """Tell whether there is no such object or upload; a bucket that isn't there is another thing."""
    answer = error.response
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    # A HEAD has no body to name a code in: then it is the status.
    return (
        answer.get("Error", {}).get("Code") in {"NoSuchKey", "NoSuchUpload", "404"} and status == HTTPStatus.NOT_FOUND
    )


def _age(then: datetime) -> float:
    return (datetime.now(UTC) - then).total_seconds()
