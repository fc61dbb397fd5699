"""Structured logs on standard error: constant event names, data in fields, ids bound around a piece of work."""

import asyncio
import json
import logging
import sys
import threading
from collections.abc import Callable
from functools import partial
from typing import Literal, TextIO

import orjson
import structlog


def configure_logging(level: str, log_format: Literal["console", "json"]) -> None:
    """Send structlog's and the standard library's records through one renderer.

    `console` is for a person (colours on a terminal only), `json` is one object a line. Our own lines go straight
    there: a submission says three, and the standard library's way of a record would be a good part of its cost.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    tail: list[structlog.typing.Processor]
    if log_format == "json":
        tail = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_json)]
    else:
        # Plain tracebacks: the pretty ones show local variables, and with them what users have sent.
        tail = [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    structlog.configure(
        processors=[*shared, *tail],
        # What is below the level costs nothing: polls are logged at debug level, thousands a second.
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=partial(_Lines, stream=sys.stderr, turn=_Turn()),  # as it is now: Celery replaces it
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    # Libraries: what they say below a warning repeats what we say, or quotes what users have sent.
    root.setLevel(max(logging.getLevelName(level), logging.WARNING))


def _json(event: structlog.typing.EventDict, default: Callable[[object], object]) -> str:
    try:
        return orjson.dumps(event, default).decode()
    except TypeError:  # it is strict: half of a surrogate pair is no text, a number for a key no JSON
        return json.dumps(event, default=default)


class _Turn(threading.local):
    """What a thread's event loop has said in its present turn."""

    def __init__(self) -> None:
        self.lines: list[str] = []


class _Lines(structlog.WriteLogger):
    """Where a named logger's finished lines go: each in one write, so that threads don't mix theirs.

    What is routine and said in one turn of an event loop goes in one write, at the turn's end.
    """

    def __init__(self, name: str = "", *, stream: TextIO, turn: _Turn) -> None:
        super().__init__(stream)
        self.name = name
        self._turn = turn

    def msg(self, message: str) -> None:
        """Write a line, behind those that wait."""
        self._release()
        super().msg(message)

    log = warn = warning = fatal = failure = err = error = critical = exception = msg

    def info(self, message: str) -> None:
        """Write a line soon."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.msg(message)
            return
        if not self._turn.lines:
            loop.call_soon(self._release)
        self._turn.lines.append(message)

    debug = info

    def _release(self) -> None:
        if lines := self._turn.lines:
            self._turn.lines = []
            super().msg("\n".join(lines))
