"""Whether speakers can be told apart: a job that would fail for it later is refused at once."""

from collections.abc import Iterable

from core.errors import InvalidOptions, OptionProblem
from core.worker_entry import WorkerEntry


def check_diarization(lane: str, workers: Iterable[WorkerEntry]) -> None:
    """Refuse to tell speakers apart where some living worker of the lane can't: whichever is free takes the job.

    Raises:
        InvalidOptions: it says so.
    """
    serving = [worker.diarizes for worker in workers if worker.lane == lane]
    if not serving or not all(serving):
        raise InvalidOptions(
            [OptionProblem("diarize", f"the workers of model '{lane}' can't tell speakers apart, or not all of them")]
        )
