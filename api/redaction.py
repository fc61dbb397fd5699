"""Whether what a job asks to be redacted can be: a job that would fail for it later is refused at once."""

from collections.abc import Collection, Iterable

from core.errors import InvalidOptions, OptionProblem
from core.pii import PiiKind
from core.worker_entry import WorkerEntry

_OPTION = "redact"


def check_redaction(kinds: Collection[PiiKind], lane: str, workers: Iterable[WorkerEntry]) -> None:
    """Refuse kinds that some living worker of the lane can't redact: whichever is free takes the job.

    While none is alive, what needs no model is taken to be there: a worker that lacks it fails the job, and stores
    nothing.

    Raises:
        InvalidOptions: it says what to install.
    """
    serving = [set(worker.redacts) for worker in workers if worker.lane == lane]
    offered = set.intersection(*serving) if serving else {kind for kind in PiiKind if not kind.needs_model}
    missing = [kind for kind in kinds if kind not in offered]
    if named := [kind for kind in missing if kind.needs_model]:
        raise InvalidOptions(
            [
                OptionProblem(
                    _OPTION,
                    f"{' and '.join(named)} can't be redacted: no worker of model '{lane}' recognises names, or not "
                    "all do. Install a spaCy model beside every worker, such as en_core_web_sm, and set "
                    "REDACT_NAME_MODEL=en_core_web_sm",
                )
            ]
        )
    if missing:
        raise InvalidOptions(
            [
                OptionProblem(
                    _OPTION,
                    f"{', '.join(missing)} can't be redacted: the workers of model '{lane}' lack what finds it, or not "
                    "all have it. Install scriptorium[redaction] on every worker",
                )
            ]
        )
