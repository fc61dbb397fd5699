"""Makes methods of calls: blocking ones on `Scriptorium`, coroutines on `AsyncScriptorium`, typed as what they are."""

import functools
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import Generic, ParamSpec, TypeVar, overload

from scriptorium.client.drivers import AsyncDriver, BlockingDriver
from scriptorium.client.steps import Steps, Stream

P = ParamSpec("P")
T = TypeVar("T")


class Operation(Generic[P, T]):
    """A method of a call with one result: `client.job(...)`, or `await client.job(...)`."""

    def __init__(self, steps: Callable[P, Steps[T]]) -> None:
        self._steps = steps
        self.__doc__ = steps.__doc__

    # Of `object`, not of Any: with that, mypy doesn't see what `asyncio.gather` returns.
    @overload
    def __get__(self, client: BlockingDriver, owner: object = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: AsyncDriver, owner: object = None) -> Callable[P, Coroutine[object, None, T]]: ...
    @overload
    def __get__(self, client: None, owner: object = None) -> "Operation[P, T]": ...
    def __get__(self, client: BlockingDriver | AsyncDriver | None, owner: object = None) -> object:
        """Return the method of a client."""
        if client is None:
            return self

        @functools.wraps(self._steps)
        def method(*args: P.args, **kwargs: P.kwargs) -> object:
            return client.run(self._steps(*args, **kwargs))

        return method


class StreamOperation(Generic[P, T]):
    """A method of a call with many results: `for job in client.jobs()`, or `async for`."""

    def __init__(self, steps: Callable[P, Stream[T]]) -> None:
        self._steps = steps
        self.__doc__ = steps.__doc__

    @overload
    def __get__(self, client: BlockingDriver, owner: object = None) -> Callable[P, Generator[T]]: ...
    @overload
    def __get__(self, client: AsyncDriver, owner: object = None) -> Callable[P, AsyncGenerator[T]]: ...
    @overload
    def __get__(self, client: None, owner: object = None) -> "StreamOperation[P, T]": ...
    def __get__(self, client: BlockingDriver | AsyncDriver | None, owner: object = None) -> object:
        """Return the method of a client."""
        if client is None:
            return self

        @functools.wraps(self._steps)
        def method(*args: P.args, **kwargs: P.kwargs) -> object:
            return client.iterate(self._steps(*args, **kwargs))

        return method
