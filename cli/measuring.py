"""Has `worker.sizing` measure: one child process per request, of which nothing is left behind."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Self

from cli.process import prepare_child
from core.sizing import ANSWER, Machine, Measurement, Progress, Survey, Trial


class MeasuringFailed(Exception):
    """A request has no answer; the message says why."""


class Meter:
    """Measures, one request after the other; use it in a `with`."""

    def __init__(self) -> None:
        # The children's too: what they can't remove when they are killed goes with it. The name is short because
        # multiprocessing puts a socket below it, whose path may have no more than 107 characters (unix(7)).
        self._folder = tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        """For temporary files; gone with the `with`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._folder.cleanup()

    def survey(self, request: Survey) -> Machine:
        """Return what there is to measure with.

        Raises:
            MeasuringFailed: something that was asked for is not there.
        """
        with closing(self._answers(request)) as answers:
            for answer in answers:
                if isinstance(answer, Machine):
                    return answer
        raise MeasuringFailed("The survey of this machine ended without an answer.")

    def measure(self, request: Trial, on_progress: Callable[[float], None]) -> Measurement:
        """Return how fast a shape is; meanwhile, say how many audio seconds are done.

        Raises:
            MeasuringFailed: the model can't be loaded, or a job failed.
        """
        with closing(self._answers(request)) as answers:
            for answer in answers:
                if isinstance(answer, Measurement):
                    return answer
                if isinstance(answer, Progress):
                    on_progress(answer.audio_seconds)
        raise MeasuringFailed("A measurement ended without an answer.")

    def _answers(self, request: Survey | Trial) -> Generator[Machine | Progress | Measurement, None, None]:
        with tempfile.TemporaryFile() as said, self._child(request, said) as child:
            assert child.stdout is not None  # noqa: S101 - it was asked for
            for line in child.stdout:
                yield ANSWER.validate_json(line)
            if status := child.wait():
                said.seek(0)
                raise MeasuringFailed(_reason(status, said.read().decode("utf-8", "replace")))

    @contextmanager
    def _child(self, request: Survey | Trial, said: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
        """Run a child in a session of its own, which ends with the block, whatever ends that."""
        child = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "worker.sizing", request.model_dump_json()],
            env=os.environ | {"TMPDIR": str(self.folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
            preexec_fn=partial(prepare_child, 0),  # noqa: PLW1509 - no thread runs here
        )
        try:
            yield child
        finally:
            # As long as nobody has waited for it, its process group is its own: the decoder's children too.
            if child.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
            with child:  # closes the pipe and waits
                pass


def _reason(status: int, said: str) -> str:
    """Return the last thing a child said, which is for a person, or how it ended."""
    if status < 0:
        name = signal.Signals(-status).name
        return f"The measuring process was killed ({name}): the machine has too little memory, most likely."
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else f"The measuring process ended with exit status {status}."
