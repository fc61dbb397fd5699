"""What operators ask: health, statistics, dead letters; and whatever else the service answers in JSON."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from scriptorium.client.models import DeadLetter, Health, Model, Stats
from scriptorium.client.steps import Item, Parameters, Repeat, Request, Steps, Stream, document, parsed

_DEAD_LETTERS: Final = "/dead-letters"
_LETTERS_A_PAGE: Final = 200


class _DeadLetters(Model):
    dead_letters: tuple[DeadLetter, ...]
    total: int


class _Moved(Model):
    job_ids: tuple[str, ...]


def health() -> Steps[Health]:
    """Return whether jobs that are submitted now will be done, by whom, and how long the queue is.

    Raises:
        ServiceError: the service doesn't say.
    """
    unready = HTTPStatus.SERVICE_UNAVAILABLE
    return parsed(Request("GET", "/health/ready", repeat=Repeat.ALWAYS, accepts={unready}), Health)


def stats() -> Steps[Stats]:
    """Return what the installation has done and is doing.

    Raises:
        ServiceError: the service doesn't say.
    """
    return parsed(Request("GET", "/stats", repeat=Repeat.ALWAYS), Stats)


def dead_letters(*, failure: str | None = None) -> Stream[DeadLetter]:
    """Yield failed jobs with the history of their attempts, the latest first.

    Args:
        failure: Only those that failed for this reason, such as `attempts_exhausted`.

    Raises:
        ServiceError: the service doesn't say.
    """
    offset = 0
    while True:
        query = {"failure": failure, "offset": offset, "limit": _LETTERS_A_PAGE}
        page = yield from parsed(Request("GET", _DEAD_LETTERS, query, repeat=Repeat.ALWAYS), _DeadLetters)
        for letter in page.dead_letters:
            yield Item(letter)
        offset += _LETTERS_A_PAGE
        if offset >= page.total:
            return


def dead_letter(job_id: str) -> Steps[DeadLetter]:
    """Return a failed job with the history of its attempts.

    Raises:
        ServiceError: it is no dead letter, or the service doesn't say.
    """
    return parsed(Request("GET", f"{_DEAD_LETTERS}/{quote(job_id, safe='')}", repeat=Repeat.ALWAYS), DeadLetter)


def requeue(job_id: str) -> Steps[tuple[str, ...]]:
    """Give a dead letter new attempts and return the jobs concerned.

    Raises:
        ServiceError: it is no dead letter, its audio is gone, or the service doesn't answer.
    """
    return _moved("POST", f"{_DEAD_LETTERS}/{quote(job_id, safe='')}/requeue")


def requeue_all(*, failure: str | None = None) -> Steps[tuple[str, ...]]:
    """Give all dead letters new attempts, up to 1,000 a call and the oldest first, and return the jobs concerned.

    Args:
        failure: Only those that failed for this reason.

    Raises:
        ServiceError: the service doesn't answer.
    """
    return _moved("POST", f"{_DEAD_LETTERS}/requeue", failure)


def purge(job_id: str) -> Steps[tuple[str, ...]]:
    """Erase a dead letter for good and return the jobs concerned.

    Raises:
        ServiceError: it is no dead letter, or the service doesn't answer.
    """
    return _moved("DELETE", f"{_DEAD_LETTERS}/{quote(job_id, safe='')}")


def purge_all(*, failure: str | None = None) -> Steps[tuple[str, ...]]:
    """Erase all dead letters for good, up to 1,000 a call and the oldest first, and return the jobs concerned.

    Args:
        failure: Only those that failed for this reason.

    Raises:
        ServiceError: the service doesn't answer.
    """
    return _moved("DELETE", _DEAD_LETTERS, failure)


def request(
    method: str,
    path: str,
    parameters: Parameters | None = None,
    *,
    body: Mapping[str, Any] | None = None,
) -> Steps[Any]:
    """Ask whatever the service answers in JSON, and return that.

    Args:
        method: Of HTTP.
        path: Such as `/keys`, with what strangers have named quoted.
        parameters: Of the query; what is None is left out.
        body: A JSON document.

    Raises:
        ServiceError: there is no such answer.
    """
    repeat = Repeat.ALWAYS if method == "GET" else Repeat.IF_UNDONE
    return document(Request(method, path, parameters or {}, body=body, repeat=repeat))


def _moved(method: str, path: str, failure: str | None = None) -> Steps[tuple[str, ...]]:
    return (yield from parsed(Request(method, path, {"failure": failure}), _Moved)).job_ids
