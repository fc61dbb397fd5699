"""What a call asks to be done outside of it, step by step, so that it is written once for both clients.

A call is a generator. It yields a step and is sent its outcome; what it returns is the call's result. A call that has
many results yields each as an `Item`. Whoever drives it (`scriptorium.client.drivers`) does the steps, with threads or
with coroutines. A step of which the service can't be reached has the error as its outcome.
"""

import json
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Generic, TypeAlias, TypeVar

import httpx
from pydantic import ValidationError

from scriptorium.client.errors import NotAService, ServiceError, ServiceRefused, ServiceUnreachable
from scriptorium.client.models import Model
from scriptorium.client.sources import Form

Parameters: TypeAlias = Mapping[str, str | int | float | bool | None]
"""Of a query; what is None is left out."""

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Repeat(Enum):
    """When a request may be sent again."""

    ALWAYS = auto()
    """Doing it twice comes to doing it once."""
    IF_UNDONE = auto()
    """Only if it surely was not done."""
    NEVER = auto()
    """Its body can be read once only."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as far as it doesn't depend on the service's address and on who asks."""

    method: str
    path: str
    parameters: Parameters = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Form | Mapping[str, Any] | None = None
    """A form with a file, or a JSON document."""
    repeat: Repeat = Repeat.IF_UNDONE
    accepts: Collection[int] = ()
    """Statuses that are answers here, though not of success."""
    wait_seconds: float = 0.0
    """How long the service may take, beyond what it may always take."""
    patience_seconds: float | None = None
    """How long the request may be tried again, if not for as long as the policy has it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service has answered."""

    server: str
    """Its address, as messages show it."""
    request: Request
    status: int
    headers: httpx.Headers
    content: bytes = b""
    """Empty of a stream that was opened."""

    @property
    def is_success(self) -> bool:
        """Whether it is what was asked for."""
        return httpx.codes.is_success(self.status) or self.status in self.request.accepts

    @property
    def retry_after(self) -> float | None:
        """The seconds of its `Retry-After`, if it has one."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isdecimal() else None

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever JSON can hold
        """Its JSON; None if it is something else."""
        if "json" not in self.headers.get("content-type", ""):
            return None
        try:
            return json.loads(self.content)
        except ValueError:
            return None

    def not_as_expected(self) -> ServiceError:
        """Return the error that an answer is which is none of those expected."""
        document = self.document
        if not self.is_success and isinstance(document, dict) and "title" in document:
            return ServiceRefused(self.status, document, retry_after=self.retry_after)
        return NotAService(
            f"{self.server} answered {self.request.method} {self.request.path} with {_status_line(self.status)} and "
            "not as Scriptorium does. Is this its address?"
        )


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request; its outcome is the whole `Answer`."""

    request: Request


@dataclass(frozen=True, slots=True)
class Open:
    """Send a request; its outcome is the `Answer` without its content, which is read piece by piece.

    One that isn't a success comes whole.
    """

    request: Request


@dataclass(frozen=True, slots=True)
class Read:
    """Read on in what was opened last; its outcome is some bytes, or None at the end."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Let some time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Do:
    """Do something that takes its time, such as writing to a disk; what it raises ends the call."""

    function: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Item(Generic[T]):
    """One of a call's results."""

    value: T


Step: TypeAlias = Send | Open | Read | Pause | Do
Steps: TypeAlias = Generator[Step, Any, T]
"""A call with one result."""
Stream: TypeAlias = Generator[Step | Item[T], Any, None]
"""A call with many."""


def sent(request: Request) -> Steps[Answer]:
    """Send a request and return a good answer.

    Raises:
        ServiceError: there is none.
    """
    return (yield from _good(Send(request)))


def opened(request: Request) -> Steps[Answer]:
    """Send a request and return the head of a good answer, to be read on with `read`.

    Raises:
        ServiceError: there is none.
    """
    return (yield from _good(Open(request)))


def read() -> Steps[bytes | None]:
    """Return the next bytes of what was opened, None at its end.

    Raises:
        ServiceUnreachable: it has broken off.
    """
    outcome: bytes | ServiceUnreachable | None = yield Read()
    if isinstance(outcome, ServiceUnreachable):
        raise outcome
    return outcome


def document(request: Request) -> Steps[Any]:
    """Send a request and return the JSON that is answered.

    Raises:
        ServiceError: there is none.
    """
    answer = yield from sent(request)
    if (found := answer.document) is None:
        raise answer.not_as_expected()
    return found


def parsed(request: Request, model: type[M]) -> Steps[M]:
    """Send a request and return the answer as a model.

    Raises:
        ServiceError: it is none.
    """
    answer = yield from sent(request)
    return model_of(answer, model)


def model_of(answer: Answer, model: type[M]) -> M:
    """Return an answer as a model.

    Raises:
        NotAService: it is none.
    """
    if (found := answer.document) is None:
        raise answer.not_as_expected()
    try:
        return model.model_validate(found)
    except ValidationError:
        raise answer.not_as_expected() from None


def as_stream(steps: Steps[T]) -> Stream[T]:
    """Make a call of one result one of many."""
    yield Item((yield from steps))


def next_step(steps: Stream[T], outcome: object) -> Step | Item[T] | None:
    """Return a call's next step after an outcome, None at its end."""
    try:
        return steps.send(outcome)
    except StopIteration:
        return None


def _good(step: Send | Open) -> Steps[Answer]:
    outcome: Answer | ServiceUnreachable = yield step
    if isinstance(outcome, ServiceUnreachable):
        raise outcome
    if not outcome.is_success:
        raise outcome.not_as_expected()
    return outcome


def _status_line(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
