"""Wraps what a program does, so that it dies before it or after it.

A method that the product doesn't have any more is an error at the start, not a test that proves nothing.
"""

import functools
from collections.abc import Callable
from typing import Any


def before(owner: type, name: str, die: Callable[[], None], *, dies: bool) -> None:
    """Wrap a method so that `die` is called when it is, if that is wanted."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def dying(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes and returns
        if dies:
            die()
        return method(*arguments, **named)

    setattr(owner, name, dying)


def after(owner: type, name: str, die: Callable[[], None], *, dies: bool) -> None:
    """Wrap a method so that `die` is called when it has done its work, if that is wanted."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def dying(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes and returns
        returned = method(*arguments, **named)
        if dies:
            die()
        return returned

    setattr(owner, name, dying)
