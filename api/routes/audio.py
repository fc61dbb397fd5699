"""Hear again what was transcribed."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from api.access import Reader
from api.audio_answers import HEAD_BYTES, disposition, media_type, part_of
from api.problems import guarded_responses
from api.routes.jobs import JobId, looked
from api.services import WithServices
from core.errors import AudioExpired, JobNotFinished, JobNotFound, RangeNotSatisfiable
from core.media_store import MediaStore

_PIECE_BYTES: Final = 512 * 1024
"""Read at once; as much of an answer is in memory."""
_PATH: Final = "/audio/{job_id}"
_BINARY: Final = {
    kind: {"schema": {"type": "string", "format": "binary"}, "example": "fLaC..."}
    for kind in ("audio/*", "video/*", "application/octet-stream")
}

router = APIRouter(tags=["jobs"])


@router.get(
    _PATH,
    summary="Fetch a job's audio",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The file as it was sent.", "content": _BINARY},
        206: {"description": "The part of it that `Range` asked for.", "content": _BINARY},
        **guarded_responses(JobNotFound, JobNotFinished, AudioExpired, RangeNotSatisfiable),
    },
)
@router.head(_PATH, include_in_schema=False)
async def audio(
    job_id: JobId,
    services: WithServices,
    principal: Reader,
    request: Request,
    *,
    part: Annotated[str | None, Header(alias="Range", description="Bytes wanted, such as `bytes=0-65535`.")] = None,
    if_range: Annotated[str | None, Header(description="The `ETag` that the part is to be of.")] = None,
) -> Response:
    """Return the audio of a job, as it was sent or as its URL served it, whole or in part.

    It is there until the job is finished; then for `KEEP_AUDIO_HOURS`, but not longer than the transcript, not of a job
    that was to be redacted, and not where the disk grows short. Jobs that share a transcription have one audio.
    """
    job = (await looked(job_id, services, principal)).job
    store, name = services.media.of(job.work.sensitivity), job.work.work_id
    facts = await asyncio.to_thread(store.stat, name)
    if facts is None and not job.status.is_finished:
        raise JobNotFinished(f"The audio of job '{job_id}' has not been fetched yet.")
    if facts is None:
        raise AudioExpired(f"The audio of job '{job_id}' is gone (KEEP_AUDIO_HOURS).")
    etag = f'"{facts.version}"'
    wanted = part_of(facts.size_bytes, part if if_range in {None, etag} else None)
    kind = media_type(await asyncio.to_thread(store.read, name, 0, HEAD_BYTES))
    start, end = (wanted.start, wanted.end) if wanted else (0, facts.size_bytes)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": disposition(job.file_name, kind),
        "Content-Length": str(end - start),
        "Content-Type": kind,
        "ETag": etag,
        **({"Content-Range": wanted.content_range} if wanted else {}),
    }
    status = HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(_pieces(store, name, start, end), status_code=status, headers=headers)


async def _pieces(store: MediaStore, job_id: str, start: int, end: int) -> AsyncIterator[bytes]:
    """Yield a part of a job's audio, piece by piece as its client takes them."""
    while start < end:
        piece = await asyncio.to_thread(store.read, job_id, start, min(_PIECE_BYTES, end - start))
        if not piece:
            raise AudioExpired("The audio has changed meanwhile.")
        yield piece
        start += len(piece)
