"""When a request is tried again: while nobody answers, and while the service says to come back later."""

import random
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, TypeVar

from scriptorium.client.errors import ServiceUnreachable
from scriptorium.client.steps import Answer, Open, Pause, Repeat, Send, Steps, Stream, next_step

T = TypeVar("T")

_GATEWAY_AWAY: Final = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})
"""What a balancer answers for a gateway that is being replaced, with or without a `Retry-After`."""
_JITTER: Final = 0.2
"""Of a pause, so that those who were sent away together don't come back together."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How long one request is tried again: the sum of the pauses between its tries, in seconds.

    A pause is as long as the service asks for (`Retry-After`), or else twice the one before. One that would be longer
    than what is left of the sum is not made: the call ends with the service's answer.
    """

    outage_seconds: float = 60.0
    """While nobody answers."""
    busy_seconds: float = 600.0
    """While the service says that it is busy, or that there were too many requests."""
    first_pause_seconds: float = 0.25
    longest_pause_seconds: float = 5.0


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
    request = step.request
    most = float("inf") if request.patience_seconds is None else request.patience_seconds
    waited = 0.0
    pause = policy.first_pause_seconds
    while True:
        outcome: Answer | ServiceUnreachable = yield step
        asked: float | None = None
        if isinstance(outcome, ServiceUnreachable):
            patience = policy.outage_seconds
            is_worth_it = request.repeat is Repeat.ALWAYS or (
                request.repeat is Repeat.IF_UNDONE and not outcome.may_be_done
            )
        else:
            patience = policy.busy_seconds
            asked = outcome.retry_after
            is_worth_it = _may_succeed_later(outcome)
        wanted = (pause if asked is None else asked) * random.uniform(1.0, 1.0 + _JITTER)  # noqa: S311 - no secret
        if not is_worth_it or waited + wanted > min(patience, most):
            return outcome
        yield Pause(wanted)
        waited += wanted
        pause = min(2 * pause, policy.longest_pause_seconds)


def _may_succeed_later(answer: Answer) -> bool:
    if answer.is_success or answer.request.repeat is Repeat.NEVER:
        return False
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if answer.request.repeat is Repeat.IF_UNDONE:
        return False
    return answer.retry_after is not None or answer.status in _GATEWAY_AWAY
