"""Transcripts: fetch, render, correct, search them; and the audio they are of."""

from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, TypeAlias, Unpack
from urllib.parse import quote

from scriptorium.client.calls import jobs
from scriptorium.client.calls.pages import Page, pages
from scriptorium.client.errors import JobCancelled, JobFailed, ServiceRefused, ServiceUnreachable
from scriptorium.client.models import Corrections, Hit, Options, Transcript
from scriptorium.client.sources import OnUpload, Source
from scriptorium.client.steps import (
    Answer,
    Do,
    Parameters,
    Repeat,
    Request,
    Steps,
    Stream,
    model_of,
    opened,
    parsed,
    read,
    sent,
)

Format: TypeAlias = Literal["json", "verbose_json", "text", "srt", "vtt", "tsv"]

_MAY_TELL_OF_THE_JOB: Final = frozenset(
    {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR}
)
"""Statuses with which the service says, among other things, that a job has no transcript."""


class _Hits(Page):
    hits: tuple[Hit, ...]


def result(job_id: str, *, corrected: bool = False, wait_seconds: float = 0.0) -> Steps[Transcript]:
    """Return a completed job's transcript.

    Args:
        job_id: Its id.
        corrected: As people have corrected it, instead of as it was heard.
        wait_seconds: Up to a minute: how long to wait for the end of a job that is under way.

    Raises:
        JobFailed: there is none, for the job has failed.
        JobCancelled: there is none, for the job was cancelled.
        ServiceError: it isn't finished, has expired, or doesn't come.
    """
    return model_of((yield from _fetched(job_id, {"corrected": corrected or None}, wait_seconds)), Transcript)


def render(
    job_id: str,
    format: Format,  # noqa: A002 - the service's name for it
    *,
    max_line_length: int | None = None,
    max_lines: int | None = None,
    corrected: bool = False,
) -> Steps[str]:
    """Return a completed job's transcript as a file of some format.

    Args:
        job_id: Its id.
        format: `srt` and `vtt` are subtitles, `tsv` a table, `text` a line a segment.
        max_line_length: Columns of a subtitle's line.
        max_lines: Lines of a subtitle.
        corrected: As people have corrected it, instead of as it was heard.

    Raises:
        JobFailed: there is none, for the job has failed.
        JobCancelled: there is none, for the job was cancelled.
        ServiceError: it isn't finished, has expired, or doesn't come.
    """
    answer = yield from _fetched(
        job_id,
        {
            "format": format,
            "max_line_length": max_line_length,
            "max_lines": max_lines,
            "corrected": corrected or None,
        },
    )
    return answer.content.decode("utf-8")


def transcribe(
    source: Source,
    *,
    options: Options | None = None,
    timeout_seconds: float | None = None,
    fresh: bool = False,
    file_name: str | None = None,
    on_upload: OnUpload | None = None,
    **more: Unpack[Options],
) -> Steps[Transcript]:
    """Submit audio, wait, and return its transcript.

    Args:
        source: A file, the URL of one, or an open file.
        options: What is asked for; the same can be given by name, which goes first.
        timeout_seconds: How long to wait for its end; as long as it takes if None.
        fresh: Have it transcribed, whatever was done for the same audio before.
        file_name: What to call the file.
        on_upload: Is told how much of a file is sent.
        more: Options by name.

    Raises:
        JobFailed: it can't be transcribed.
        JobCancelled: somebody has cancelled it.
        TimedOut: it isn't finished by then; `job` of the error has its id.
        ServiceError: the job was not accepted, as far as is known, or its transcript doesn't come.
        OSError: the file can't be read.
        ValueError: the source is a string and no URL.
    """
    job = yield from jobs.submit(source, options=options, fresh=fresh, file_name=file_name, on_upload=on_upload, **more)
    job = yield from jobs.wait(job.job_id, timeout_seconds)
    return (yield from result(job.job_id))


def correct(job_id: str, text: str | None = None, *, segments: Mapping[int, str] | None = None) -> Steps[Corrections]:
    """Say what is really said, and return all corrections of the job.

    Args:
        job_id: Its id.
        text: The whole text; it replaces all former corrections.
        segments: The texts of segments, by their `id`; the others stay as they are.

    Raises:
        ServiceError: they were not taken: give the one or the other, of a completed job.
    """
    body: dict[str, Any] = {}
    if text is not None:
        body["text"] = text
    if segments is not None:
        body["segments"] = [{"segment_id": number, "text": each} for number, each in segments.items()]
    return parsed(Request("POST", _corrections(job_id), body=body, repeat=Repeat.ALWAYS), Corrections)


def corrections(job_id: str) -> Steps[Corrections]:
    """Return what people have corrected of a job's transcript.

    Raises:
        ServiceError: the service doesn't say.
    """
    return parsed(Request("GET", _corrections(job_id), repeat=Repeat.ALWAYS), Corrections)


def search(q: str) -> Stream[Hit]:
    """Yield the segments of all transcripts that hold some words, the best first.

    Raises:
        ServiceError: the service doesn't say.
    """
    return pages("/search", _Hits, lambda page: page.hits, {"q": q})


def audio(job_id: str, path: Path) -> Steps[Path]:
    """Write the audio of a job to a file, as it was uploaded, and return its path.

    It is whole once it is there; if the connection breaks off meanwhile, what is missing is asked for.

    Raises:
        ServiceError: the audio is gone, or doesn't come.
        OSError: the file can't be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            yield from _download(f"/audio/{quote(job_id, safe='')}", file)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _download(path: str, file: BinaryIO) -> Steps[None]:
    done = 0
    while True:
        # Not compressed, or a range would be one of the compressed bytes.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={done}-"} if done else {})
        answer = yield from opened(Request("GET", path, headers=headers, repeat=Repeat.ALWAYS))
        if answer.status != HTTPStatus.PARTIAL_CONTENT:
            done = file.seek(0)
            file.truncate()
        begun_at = done
        try:
            while (piece := (yield from read())) is not None:
                yield Do(partial(file.write, piece))
                done += len(piece)
        except ServiceUnreachable:
            if done == begun_at:
                raise
        else:
            return


def _fetched(job_id: str, parameters: Parameters, wait_seconds: float = 0.0) -> Steps[Answer]:
    request = Request(
        "GET",
        f"/result/{quote(job_id, safe='')}",
        {**parameters, "wait": wait_seconds or None},
        repeat=Repeat.ALWAYS,
        wait_seconds=wait_seconds,
    )
    try:
        return (yield from sent(request))
    except ServiceRefused as refusal:
        if refusal.status in _MAY_TELL_OF_THE_JOB:
            match (job := (yield from jobs.job(job_id))).status:
                case "failed":
                    raise JobFailed(job) from None
                case "cancelled":
                    raise JobCancelled(job) from None
        raise


def _corrections(job_id: str) -> str:
    return f"/result/{quote(job_id, safe='')}/corrections"
