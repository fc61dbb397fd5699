"""Jobs: submit, look, wait, list, cancel, erase."""

import math
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Unpack
from urllib.parse import quote

from scriptorium.client.calls.pages import Page, pages
from scriptorium.client.errors import TimedOut
from scriptorium.client.models import Erased, Job, Model, Options
from scriptorium.client.sources import Form, OnUpload, Source, name_of, opened_file, url_of
from scriptorium.client.steps import Repeat, Request, Steps, Stream, parsed

_PATH: Final = "/transcribe"
_POLL_SECONDS: Final = 30.0
"""Of a long poll."""
_PROGRESS_SECONDS: Final = 2.0
"""The same, where somebody wants to be told of progress."""


class _Jobs(Page):
    jobs: tuple[Job, ...]


class _Removal(Model):
    job_id: str
    outcome: str
    erased: Mapping[str, int] | None = None
    shared_with_other_jobs: bool | None = None


def submit(
    source: Source,
    *,
    options: Options | None = None,
    idempotency_key: str | None = None,
    fresh: bool = False,
    file_name: str | None = None,
    on_upload: OnUpload | None = None,
    **more: Unpack[Options],
) -> Steps[Job]:
    """Submit audio and return its job, of which the service has `job_id`, `status` and `cached` to tell by now.

    Args:
        source: A file, the URL of one, or an open file.
        options: What is asked for; the same can be given by name, which goes first.
        idempotency_key: The service takes a request once under one key, for a day. One is made up if none is given, so
            that a request that is tried again never makes a second job.
        fresh: Have it transcribed, whatever was done for the same audio before.
        file_name: What to call the file.
        on_upload: Is told how much of a file is sent.
        more: Options by name.

    Raises:
        ServiceError: the job was not accepted, as far as is known.
        OSError: the file can't be read.
        ValueError: the source is a string and no URL.
    """
    wanted: dict[str, Any] = {**(options or {}), **more}
    headers = {"Idempotency-Key": idempotency_key or secrets.token_hex(16)}
    if fresh:
        headers["Cache-Control"] = "no-cache"
    url = url_of(source)
    if url is not None:
        body = {"url": url, **wanted}
        return (yield from parsed(Request("POST", _PATH, headers=headers, body=body, repeat=Repeat.ALWAYS), Job))
    assert not isinstance(source, str)  # noqa: S101 - that is a URL
    with opened_file(source) as file:
        form = Form(_fields(wanted), file, file_name=file_name or name_of(source), on_upload=on_upload)
        repeat = Repeat.ALWAYS if form.can_be_repeated else Repeat.NEVER
        return (yield from parsed(Request("POST", _PATH, headers=headers, body=form, repeat=repeat), Job))


def job(job_id: str, wait_seconds: float = 0.0) -> Steps[Job]:
    """Return a job as it stands.

    Args:
        job_id: Its id.
        wait_seconds: Up to a minute: how long to wait for another status than the present one, if that isn't final.

    Raises:
        ServiceError: the service doesn't say.
    """
    return _look(job_id, wait_seconds)


def wait(
    job_id: str,
    timeout_seconds: float | None = None,
    on_change: Callable[[Job], object] | None = None,
) -> Steps[Job]:
    """Wait until a job is finished and return it, whether it is completed, failed or cancelled.

    Args:
        job_id: Its id.
        timeout_seconds: How long to wait; as long as it takes if None.
        on_change: Is called with the job as it is first seen, and whenever its status, place or progress is another.

    Raises:
        TimedOut: it isn't finished by then.
        ServiceError: the service doesn't say.
    """
    deadline = math.inf if timeout_seconds is None else time.monotonic() + timeout_seconds
    poll_seconds = _POLL_SECONDS if on_change is None else _PROGRESS_SECONDS
    seen: Job | None = None
    while True:
        left = max(0.0, deadline - time.monotonic())
        first = on_change is not None and seen is None
        found = yield from _look(job_id, 0.0 if first else min(left, poll_seconds), patience_seconds=left)
        if on_change is not None and found != seen:
            on_change(found)
        if found.is_finished:
            return found
        if time.monotonic() >= deadline:
            raise TimedOut(found, timeout_seconds or 0.0)
        seen = found


def jobs(*, status: str | None = None, model: str | None = None) -> Stream[Job]:
    """Yield the jobs, the newest first.

    Args:
        status: Only those with this status.
        model: Only those of this model.

    Raises:
        ServiceError: the service doesn't say.
    """
    return pages("/jobs", _Jobs, lambda page: page.jobs, {"status": status, "model": model, "limit": 200})


def cancel(job_id: str) -> Steps[Job]:
    """Cancel a job and return it: cancelled, or about to stop after its segment. A finished one stays as it is.

    (The service has one request for both, to cancel and to erase: a job that is finished in the very moment between our
    look at it and that request is erased.)

    Raises:
        ServiceError: the service doesn't answer, or there is no such job.
    """
    found = yield from _look(job_id)
    if found.is_finished:
        return found
    yield from _remove(job_id)
    return (yield from _look(job_id))


def erase(job_id: str) -> Steps[Erased]:
    """Erase a job with its audio and its transcript; one that isn't finished is cancelled first.

    Raises:
        ServiceError: the service doesn't answer, or there is no such job.
    """
    while True:
        removal = yield from _remove(job_id)
        if removal.outcome == "erased":
            return Erased(
                job_id=job_id,
                erased=removal.erased or {},
                shared_with_other_jobs=removal.shared_with_other_jobs,
            )
        yield from wait(job_id)


def _look(job_id: str, wait_seconds: float = 0.0, *, patience_seconds: float | None = None) -> Steps[Job]:
    request = Request(
        "GET",
        f"/status/{quote(job_id, safe='')}",
        {"wait": wait_seconds or None},
        repeat=Repeat.ALWAYS,
        wait_seconds=wait_seconds,
        patience_seconds=patience_seconds,
    )
    return parsed(request, Job)


def _remove(job_id: str) -> Steps[_Removal]:
    # Whether it is cancelled or erased depends on how it stands, so it is not to be done twice.
    return parsed(Request("DELETE", f"/job/{quote(job_id, safe='')}"), _Removal)


def _fields(options: Mapping[str, Any]) -> dict[str, str]:
    return {name: _field(value) for name, value in options.items() if value is not None}


def _field(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list() | tuple():
            return ",".join(str(each) for each in value)
        case _:
            return str(value)
