"""Runs something every few seconds in a thread of its own, whatever happens to a single run."""

import threading
from collections.abc import Callable

import structlog

from worker.metrics import ProcessMetrics

logger = structlog.get_logger(__name__)


class Background:
    """A loop that ends with `stop`; a run that raises is logged and counted, and the loop goes on."""

    def __init__(self, name: str, run: Callable[[], None], *, every_seconds: float, metrics: ProcessMetrics) -> None:
        self._name = name
        self._run = run
        self._every_seconds = every_seconds
        self._errors = metrics.loop_errors.labels(name)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)

    def start(self) -> None:
        """Run for the first time now, and then every `every_seconds`."""
        self._thread.start()

    def stop(self) -> None:
        """End after the current run, which is waited for."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while True:
            try:
                self._run()
            except Exception as error:  # noqa: BLE001 - a loop that recovery depends on must not end
                self._errors.inc()
                logger.warning("background_error", loop=self._name, error=repr(error))
            if self._stopped.wait(self._every_seconds):
                return
