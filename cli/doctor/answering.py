"""Looks at the service: whether it answers, and whether jobs would be done."""

from collections.abc import Iterator

import httpx

from cli.service import Connection, explained
from core.findings import Finding
from core.version import VERSION
from scriptorium.client import NotAService, ServiceError


def answering(connection: Connection) -> Iterator[Finding]:
    """Look at the service, if it runs: that it doesn't is no failure here."""
    check = "service"
    with connection.client() as client:
        try:
            health = client.health()
        except NotAService as error:
            yield Finding.failed(check, explained(error), "Name the right address with --server.")
            return
        except (ServiceError, httpx.HTTPError):
            yield Finding.warning(check, f"Nobody answers at {connection.server}.", "Start it: 'scriptorium up'.")
            return
    if not health.redis:
        yield Finding.failed(check, "The gateway can't reach its Redis.", "See what is said of Redis here.")
    elif not health.is_ready:
        yield Finding.failed(
            check, "The gateway answers, and no worker is ready.", "Start a worker, or see why it doesn't: its log."
        )
    else:
        models = ", ".join(sorted({worker.lane for worker in health.workers}))
        jobs = sum(lane.pending_jobs for lane in health.queue)
        yield Finding.ok(
            check,
            f"It is ready: {len(health.workers)} worker(s) with {models}, {jobs} job(s) waiting, {health.version}.",
        )
    others = {worker.version for worker in health.workers} | {health.version}
    if others != {VERSION}:
        yield Finding.warning(
            "versions", f"{', '.join(sorted(others))} there, {VERSION} here.", "Bring all of them to the same version."
        )
