"""A gateway that kills itself at one step of accepting a job, named by CHAOS_STEP: as if the machine lost power there.

The product has no hooks for this; its functions are wrapped here, and the gateway started as `python -m api` starts it.
A step that the product doesn't pass through any more is an error at the start, not a test that proves nothing.
"""

import asyncio
import functools
import os
import signal
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

import api.__main__
import api.app
import api.disk_process
from api.dispatch import TurnSender
from api.job_store import JobStore
from api.observation import Observation
from tests.chaos import doomed_disk
from tests.chaos.dying import after, before

STEPS = {
    "before the part file": "nothing is written yet",
    "within the part file": "half of a write has reached the file",
    "before the sync": "the part file is whole and not synced",
    "before the rename": "it is synced",
    "after the rename": "the audio has its final name",
    "before the record": "the job is not in Valkey",
    "after the record": "the job is in Valkey",
    "before the turn": "no worker was woken",
    "after the turn": "the turn is on its way",
    "before the answer": "the client knows nothing",
    "within the answer": "the client has the status line and no body",
    "after the answer": "the client knows the job",
}
"""Where a gateway can die, in the order of an accept, and how things stand then."""

_SEND_SECONDS = 0.02
"""What the event loop needs to hand an answer to the kernel."""


def main() -> int:
    """Run the gateway with its one fault; return its exit status."""
    step = os.environ["CHAOS_STEP"]
    if step not in STEPS:
        raise ValueError(step)
    # Its files are written by a process of its own, which dies with it.
    api.disk_process._PROGRAM = doomed_disk.__name__  # noqa: SLF001
    before(TurnSender, "send", _die, dies=step == "before the turn")
    after(TurnSender, "_send", _die, dies=step == "after the turn")
    _wrap_record(step)
    _wrap_answer(step)
    return api.__main__.main([])


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _wrap_record(step: str) -> None:
    accept = JobStore.accept

    @functools.wraps(accept)
    async def dying(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever accept takes and returns
        if step == "before the record":
            _die()
        accepted = await accept(*arguments, **named)
        if step == "after the record":
            _die()
        return accepted

    JobStore.accept = dying  # type: ignore[method-assign]


def _wrap_answer(step: str) -> None:
    class Dying(Observation):
        """Stands where the product's outermost middleware stands."""

        def __init__(self, app: ASGIApp, **arguments: Any) -> None:  # noqa: ANN401 - whatever Observation takes
            super().__init__(app, **arguments)

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            """Serve one request."""
            is_accept = scope["type"] == "http" and scope["method"] == "POST"

            async def dying_send(message: Message) -> None:
                if is_accept and step == "before the answer":
                    _die()
                if is_accept and step == "within the answer" and message["type"] == "http.response.body":
                    _die()
                await send(message)
                if is_accept and step == "after the answer" and message["type"] == "http.response.body":
                    await asyncio.sleep(_SEND_SECONDS)
                    _die()

            await super().__call__(scope, receive, dying_send)

    api.app.Observation = Dying  # type: ignore[attr-defined,assignment]
