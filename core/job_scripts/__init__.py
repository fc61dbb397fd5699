"""The transitions of jobs and their works: one Lua script each, atomic in Redis.

Each file documents its arguments at its top.
"""

from enum import StrEnum
from functools import cache
from importlib.resources import files

import orjson


class JobScript(StrEnum):
    """The transitions, one reading, and what becomes of the outbox, by file name."""

    ACCEPT = "accept"
    CLAIM = "claim"
    HEARTBEAT = "heartbeat"
    FETCHED = "fetched"
    REPORT = "report"
    COMPLETE = "complete"
    CONFIRM_CANCEL = "confirm_cancel"
    FAIL = "fail"
    RETRY = "retry"
    HANDBACK = "handback"
    CANCEL = "cancel"
    CORRECT = "correct"
    ERASE = "erase"
    REQUEUE = "requeue"
    PURGE = "purge"
    REAP = "reap"
    SWEEP = "sweep"
    LOOK = "look"
    TAKE_WEBHOOK = "take_webhook"
    SETTLE_WEBHOOK = "settle_webhook"
    REPLAY_WEBHOOK = "replay_webhook"

    @property
    def source(self) -> str:
        """The script's text as Redis runs it: the shared prelude, then the script."""
        return _text("_prelude") + "\n" + _text(self.value)


def script_arguments(prefix: str, arguments: dict[str, object]) -> list[str]:
    """Return ARGV of a job script; arguments that are None are left out, as the scripts expect."""
    given = {name: value for name, value in arguments.items() if value is not None}
    return [prefix, orjson.dumps(given).decode()]


@cache
def _text(name: str) -> str:
    return files(__name__).joinpath(f"{name}.lua").read_text(encoding="utf-8")
