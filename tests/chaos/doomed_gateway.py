"""A gateway that kills itself at one step of accepting a job, named by CHAOS_STEP: as if the machine lost power there.

The product has no hooks for this; its functions are wrapped here, and the gateway started as `python -m api` starts it.
A step that the product doesn't pass through any more is an error at the start, not a test that proves nothing.
"""

import asyncio
import functools
import os
import signal
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

import api.__main__
import api.app
from api.dispatch import TurnSender
from api.job_store import JobStore
from api.observation import Observation
from core.media_files import MediaFiles

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

_BLOCK_BYTES = 4096
"""Half a write past the page cache has to be of whole blocks as well."""
_SEND_SECONDS = 0.02
"""What the event loop needs to hand an answer to the kernel."""


def main() -> int:
    """Run the gateway with its one fault; return its exit status."""
    step = os.environ["CHAOS_STEP"]
    if step not in STEPS:
        raise ValueError(step)
    _wrap_files(step)
    _before(TurnSender, "send", dies=step == "before the turn")
    _after(TurnSender, "_send", dies=step == "after the turn")
    _wrap_record(step)
    _wrap_answer(step)
    return api.__main__.main([])


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _wrap_files(step: str) -> None:
    _before(MediaFiles, "part_path", dies=step == "before the part file")
    _before(MediaFiles, "commit", dies=step == "before the rename")
    _after(MediaFiles, "commit", dies=step == "after the rename")
    write, sync = os.write, os.fsync

    def torn_write(descriptor: int, data: Any) -> int:  # noqa: ANN401 - whatever os.write takes
        if step == "within the part file" and _is_part(descriptor):
            write(descriptor, data[: len(data) // 2 // _BLOCK_BYTES * _BLOCK_BYTES or len(data) // 2])
            _die()
        return write(descriptor, data)

    def no_sync(fd: Any) -> None:  # noqa: ANN401 - whatever os.fsync takes
        if step == "before the sync" and _is_part(fd):
            _die()
        sync(fd)

    os.write, os.fsync = torn_write, no_sync


def _is_part(descriptor: int) -> bool:
    return Path(f"/proc/self/fd/{descriptor}").readlink().suffix == ".part"


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


def _before(owner: type, name: str, *, dies: bool) -> None:
    """Wrap a method so that the process dies when it is called."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def dying(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes and returns
        if dies:
            _die()
        return method(*arguments, **named)

    setattr(owner, name, dying)


def _after(owner: type, name: str, *, dies: bool) -> None:
    """Wrap a method so that the process dies when it has done its work."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def dying(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes and returns
        returned = method(*arguments, **named)
        if dies:
            _die()
        return returned

    setattr(owner, name, dying)
