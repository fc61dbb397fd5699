"""Whether speakers can be told apart: a job that would fail for it later is refused at once."""

from collections.abc import Iterable

from core.errors import InvalidOptions, OptionProblem
from core.options import TranscriptionOptions
from core.worker_entry import WorkerEntry


def check_diarization(options: TranscriptionOptions, lane: str, workers: Iterable[WorkerEntry]) -> None:
    """Refuse to tell voices apart where some living worker of the lane can't: whichever is free takes the job.

    Speakers who have a channel each need no model, so any worker tells them apart.

    Raises:
        InvalidOptions: it says so.
    """
    if not options.diarize or options.channels == "split":
        return
    serving = [worker.diarizes for worker in workers if worker.lane == lane]
    if not serving or not all(serving):
        raise InvalidOptions(
            [
                OptionProblem(
                    "diarize",
                    f"the workers of model '{lane}' can't tell voices apart, or not all of them; speakers who are "
                    "recorded on a channel each are told apart with channels=split",
                )
            ]
        )
