"""What a shell completes: ids of jobs and names of models from the service, and words that are known here."""

from collections.abc import Iterable, Iterator
from typing import Any

from cli.outputs import Format

_SECONDS = 2.0
"""Somebody waits at a prompt."""
_MOST_JOBS = 50


def complete_format(incomplete: str) -> Iterator[str]:
    """Complete a format."""
    return _beginning(Format, incomplete)


def complete_language(incomplete: str) -> Iterator[tuple[str, str]]:
    """Complete a language's code or its English name."""
    from core.languages import LANGUAGE_NAMES

    for code, name in LANGUAGE_NAMES.items():
        yield from ((word, name) for word in (code, name) if word.startswith(incomplete))


def complete_model(ctx: Any, incomplete: str) -> Iterator[str]:  # noqa: ANN401 - typer's context
    """Complete a model that a worker serves."""
    health = _asked(ctx, "/health/ready", {})
    return _beginning({worker["lane"] for worker in health.get("workers", ())}, incomplete)


def complete_job(ctx: Any, incomplete: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - typer's context
    """Complete the id of one of the latest jobs, with its file and status."""
    page = _asked(ctx, "/jobs", {"limit": _MOST_JOBS})
    for job in page.get("jobs", ()):
        if job["job_id"].startswith(incomplete):
            yield job["job_id"], f"{job['status']} {job['file_name'] or ''}"


def complete_dead(ctx: Any, incomplete: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - typer's context
    """Complete the id of a job that is a dead letter, with its file and why."""
    page = _asked(ctx, "/dead-letters", {"limit": _MOST_JOBS})
    for job in (letter["job"] for letter in page.get("dead_letters", ())):
        if job["job_id"].startswith(incomplete):
            yield job["job_id"], f"{job['failure']['code']} {job['file_name'] or ''}"


def _beginning(words: Iterable[str], incomplete: str) -> Iterator[str]:
    return (word for word in sorted(map(str, words)) if word.startswith(incomplete))


def _asked(ctx: Any, path: str, parameters: dict[str, int]) -> dict[str, Any]:  # noqa: ANN401
    """Return a document of the service; an empty one whatever is wrong: a prompt is no place for errors."""
    import httpx

    from cli.service import DEFAULT_SERVER
    from scriptorium.client import Scriptorium, ServiceError
    from scriptorium.client.retries import NO_RETRIES

    server, key = ctx.params.get("server") or DEFAULT_SERVER, ctx.params.get("api_key") or ""
    try:
        with Scriptorium(server, api_key=key, timeout=_SECONDS, retry=NO_RETRIES) as client:
            document: dict[str, Any] = client.request("GET", path, parameters)
            return document
    except (ServiceError, ValueError, httpx.HTTPError):
        return {}
