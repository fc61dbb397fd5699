"""Workers as they say of themselves in Redis, for tests of who reads that."""

from core.worker_entry import WorkerEntry, WorkerState


def worker_entry(
    name: str = "worker", lane: str = "base", state: WorkerState = WorkerState.READY, **abilities: object
) -> WorkerEntry:
    """Return the entry of a worker, with what it can do besides transcribing."""
    facts = {
        "name": name,
        "lane": lane,
        "model": lane,
        "device": "cpu",
        "compute_type": "int8",
        "concurrency": 4,
        "running": 0,
        "state": state,
        "started_at_ms": 0,
        "metrics_port": 9101,
        "version": "0",
    }
    return WorkerEntry.model_validate(facts | abilities)
