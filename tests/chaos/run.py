"""What a scenario is given: its scale, its folder, the ledger, its random numbers, and the usual checks."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

from tests.chaos.client import Client, Submission, Tally
from tests.chaos.ledger import Ledger, accepted_jobs
from tests.chaos.outcome import Outcome
from tests.harness.cluster import Cluster

T = TypeVar("T")

QUICK_SETTINGS = {"LEASE_SECONDS": "3", "HEARTBEAT_SECONDS": "0.5", "REAP_SECONDS": "1"}
"""A tenth of the product's defaults, for runs that don't measure them."""


_SERVER_ERROR, _AWAY = 500, 503


class Run:
    """One run of one scenario."""

    def __init__(self, number: str, *, quick: bool, folder: Path, ledger: Ledger) -> None:
        self.number = number
        self.quick = quick
        self.folder = folder
        self.ledger = ledger
        self.random = random.Random(f"scriptorium chaos {number}")

    def choose(self, *, full: T, quick: T) -> T:
        """Return the value for this run's scale."""
        return quick if self.quick else full

    @contextmanager
    def cluster(self, *, proxied: bool = False, **settings: str) -> Iterator[tuple[Cluster, Client]]:
        """Give an installation with the scripted transcriber and a client for it; full runs have default leases."""
        chosen = (
            {"TRANSCRIBER": "scripted", "CLEAN_UP_SECONDS": "1"} | (QUICK_SETTINGS if self.quick else {}) | settings
        )
        with Cluster(self.folder / "cluster", proxied=proxied, **chosen) as cluster:
            client = Client(cluster, self.ledger, self.number)
            try:
                yield cluster, client
            finally:
                client.close()

    def injected(self, what: str, **facts: object) -> None:
        """Write an injection into the ledger."""
        self.ledger.write(self.number, what, **facts)

    def check_effect(
        self, outcome: Outcome, cluster: Cluster, client: Client, *, seconds: float, failed: int = 0
    ) -> Tally:
        """Check that every job in the ledger is finished and right, each with one result that stays.

        Args:
            outcome: gets the checks.
            cluster: is asked for its own count.
            client: has submitted everything that the cluster has accepted.
            seconds: how long to wait for the last job.
            failed: jobs that were accepted beside them and had to fail.
        """
        ledger = [
            Submission(job_id, audio_seconds, "")
            for job_id, audio_seconds in accepted_jobs(self.ledger.path, self.number).items()
        ]
        tally = client.tally(ledger, seconds)
        outcome.check(
            f"{tally.completed} of {tally.accepted} accepted jobs finished, {len(tally.wrong)} lost or wrong",
            tally.all_right and tally.accepted > 0,
            f"{tally.evidence()}\n{'' if tally.completed == tally.accepted else cluster.log_tails()}",
        )
        stats = cluster.stats()
        counts = {name: stats[name] for name in ("accepted", "completed", "failed", "cancelled")}
        expected = {
            "accepted": tally.accepted + failed,
            "completed": tally.accepted,
            "failed": failed,
            "cancelled": 0,
        }
        outcome.check(f"the service has counted the same: {counts}", counts == expected, f"expected {expected}")
        errors = [answer for answer in client.answers if answer.status >= _SERVER_ERROR and answer.status != _AWAY]
        outcome.check(
            f"{len(errors)} of {len(client.answers)} answers were a 5xx other than 503",
            not errors,
            "\n".join(map(str, errors[:10])),
        )
        changed = client.changed(ledger, tally)
        outcome.check("no result changed afterwards", not changed, "\n".join(changed[:5]))
        return tally


class Repeat:
    """Calls a function every so many seconds in a thread while the context lasts; its error is raised at the end."""

    def __init__(self, function: Callable[[], object], *, every_seconds: float = 0.0, times: int | None = None) -> None:
        self._function = function
        self._every_seconds = every_seconds
        self._times = times
        self._stopped = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *exception: object) -> None:
        self.stop()
        if self._error is not None and kind is None:
            raise self._error

    def stop(self) -> None:
        """End after the current call."""
        self._stopped.set()
        self._thread.join()

    def join(self, seconds: float) -> None:
        """Wait for the last of `times` calls.

        Raises:
            TimeoutError: it has not come by then.
        """
        self._thread.join(seconds)
        if self._thread.is_alive():
            raise TimeoutError(f"not all of {self._times} calls were made within {seconds} s")

    def _loop(self) -> None:
        calls = 0
        due = time.monotonic()
        while not self._stopped.is_set() and calls != self._times:
            due = max(due + self._every_seconds, time.monotonic())
            if self._stopped.wait(max(0.0, due - time.monotonic())):
                return
            try:
                self._function()
            except BaseException as error:  # noqa: BLE001 - raised in the thread that waits
                self._error = error
                return
            calls += 1
