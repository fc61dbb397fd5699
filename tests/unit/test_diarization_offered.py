"""A job is taken only if whichever worker gets it can tell speakers apart as it asks."""

from typing import Any

import pytest

from api.diarization import check_diarization
from core.errors import InvalidOptions
from core.options import TranscriptionOptions
from core.worker_entry import WorkerEntry
from tests.worker_entries import worker_entry


def worker(*, diarizes: bool, lane: str = "base") -> WorkerEntry:
    return worker_entry(lane=lane, diarizes=diarizes)


ABLE, UNABLE, ELSEWHERE = worker(diarizes=True), worker(diarizes=False), worker(diarizes=False, lane="tiny")


@pytest.mark.parametrize(
    ("options", "workers"),
    [
        ({}, []),
        ({"channels": "split"}, [UNABLE]),
        ({"diarize": True}, [ABLE, ELSEWHERE]),
        ({"diarize": True, "channels": "split"}, [ABLE, UNABLE]),
        ({"diarize": True, "channels": "split"}, []),
    ],
)
def test_what_every_worker_of_the_lane_can_do_is_taken(options: dict[str, Any], workers: list[WorkerEntry]) -> None:
    check_diarization(TranscriptionOptions.model_validate(options), "base", workers)


@pytest.mark.parametrize("workers", [[], [UNABLE], [ABLE, UNABLE], [worker(diarizes=True, lane="tiny")]])
def test_what_some_worker_can_not_do_is_refused_with_what_to_do(workers: list[WorkerEntry]) -> None:
    with pytest.raises(InvalidOptions) as refused:
        check_diarization(TranscriptionOptions(diarize=True), "base", workers)
    (problem,) = refused.value.problems
    assert problem.option == "diarize"
    assert "channels=split" in problem.message
