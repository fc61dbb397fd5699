"""When a request is tried again: while nobody answers, and while the service says to come back later."""

import math
import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar

from scriptorium.client.errors import NotAnswered, ServiceError, ServiceUnreachable
from scriptorium.client.steps import Answer, Open, Pause, Repeat, Request, Send, Steps, Stream, next_step

T = TypeVar("T")

_GATEWAY_AWAY: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
"""What a balancer answers for a gateway that is being replaced, if it doesn't say when to come back."""
_JITTER: Final = 0.2
"""Of a pause, so that those who were sent away together don't come back together."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long one request is tried again: the sum of the pauses between its tries, in seconds.

    A pause is twice the one before, and at least what the service asks for (`Retry-After`). One that would be longer
    than what is left of the sum is not made: the call ends with the service's answer.

    Raises:
        ValueError: a pause would take no time.
    """

    outage_seconds: float = 120.0
    """While nobody answers; the time that was waited for answers in vain is part of it."""
    busy_seconds: float = 600.0
    """While the service says that it is busy, or that there were too many requests."""
    first_pause_seconds: float = 0.25
    longest_pause_seconds: float = 5.0
    on_pause: Callable[[float, ServiceError], None] | None = None
    """Is told of each pause, in seconds, and why it is made."""

    def __post_init__(self) -> None:
        if self.first_pause_seconds <= 0 or self.longest_pause_seconds <= 0:
            raise ValueError("Without pauses nobody is ever out of patience.")


NO_RETRIES: Final = RetryPolicy(outage_seconds=0.0, busy_seconds=0.0)
"""Every request is sent once."""


def with_retries(steps: Stream[T], policy: RetryPolicy) -> Stream[T]:
    """Pass on a call's steps, each request as often as it takes."""
    outcome: object = None
    with closing(steps):
        while (step := next_step(steps, outcome)) is not None:
            if isinstance(step, Send | Open):
                outcome = yield from _tried(step, policy)
            else:
                outcome = yield step


def _tried(step: Send | Open, policy: RetryPolicy) -> Steps[Answer | ServiceUnreachable]:
    most_seconds = math.inf if step.request.patience_seconds is None else step.request.patience_seconds
    waited_seconds = 0.0
    pause_seconds = policy.first_pause_seconds
    while True:
        begun_at = time.monotonic()
        outcome: Answer | ServiceUnreachable = yield step
        asked_seconds = 0.0
        if isinstance(outcome, NotAnswered):
            waited_seconds += time.monotonic() - begun_at
        elif isinstance(outcome, Answer):
            asked_seconds = outcome.retry_after or 0.0
        wanted_seconds = max(pause_seconds, asked_seconds) * random.uniform(1.0, 1.0 + _JITTER)  # noqa: S311 - no secret
        if waited_seconds + wanted_seconds > min(_patience_seconds(step.request, outcome, policy), most_seconds):
            return outcome
        if policy.on_pause is not None:
            policy.on_pause(wanted_seconds, outcome.not_as_expected() if isinstance(outcome, Answer) else outcome)
        yield Pause(wanted_seconds)
        waited_seconds += wanted_seconds
        pause_seconds = min(2 * pause_seconds, policy.longest_pause_seconds)


def _patience_seconds(request: Request, outcome: Answer | ServiceUnreachable, policy: RetryPolicy) -> float:
    """Return how long in all a request is worth to be tried again that has ended so."""
    may_be_sent_twice = request.repeat is Repeat.ALWAYS
    if request.repeat is Repeat.NEVER:
        return 0.0
    if isinstance(outcome, ServiceUnreachable):
        return policy.outage_seconds if may_be_sent_twice or not outcome.may_be_done else 0.0
    if outcome.is_success:
        return 0.0
    if outcome.status == HTTPStatus.TOO_MANY_REQUESTS:  # it was not even looked at
        return policy.busy_seconds
    if outcome.retry_after is not None:
        return policy.busy_seconds if may_be_sent_twice else 0.0
    return policy.outage_seconds if may_be_sent_twice and outcome.status in _GATEWAY_AWAY else 0.0
