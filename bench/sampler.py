"""Watches a number while something else is measured."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self


class Sampler:
    """Reads a number again and again, in a thread of its own, as long as a `with` block lasts."""

    def __init__(self, read: Callable[[], float], *, every_seconds: float) -> None:
        self.values: list[float] = []
        self._read = read
        self._every_seconds = every_seconds
        self._stop = threading.Event()
        self._executor = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        self._running = self._executor.submit(self._run)
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        self._executor.shutdown()
        self._running.result()  # raises what stopped the reading, so that no figure rests on half of it

    def _run(self) -> None:
        while not self._stop.is_set():
            self.values.append(self._read())
            self._stop.wait(self._every_seconds)
