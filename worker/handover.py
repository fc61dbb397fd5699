"""Hands running works back, so that another worker goes on with them at once and no attempt is charged."""

from collections.abc import Sequence

from worker.job_store import Hold, JobStore
from worker.running_jobs import RunningJob
from worker.tasks import TurnQueue


class Handover:
    """Returns works to the head of their lane and wakes somebody for them."""

    def __init__(self, *, store: JobStore, turns: TurnQueue, lane: str) -> None:
        self._store = store
        self._turns = turns
        self._lane = lane

    def hand_back(self, attempts: Sequence[RunningJob]) -> int:
        """Hand back what these attempts still have and stop them; return how many that were.

        Raises:
            Exception: Redis or the broker does not answer; the leases lapse and the reapers take over.
        """
        held = [each for each in attempts if each.hold is not Hold.LOST]
        for each in held:
            self._store.handback(each.work)
            each.note(Hold.LOST)
        if held:
            self._turns.send(self._lane, len(held))
        return len(held)
