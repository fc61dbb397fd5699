"""The ledger: what was submitted, answered, injected and seen, in a file that no server under test can lose.

One JSON object a line, appended and flushed as it happens; a run that is killed leaves what it knew.
"""

import json
import threading
import time
from pathlib import Path


class Ledger:
    """An append-only file, written by many threads."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, scenario: str, event: str, **facts: object) -> None:
        """Append an event with its facts and the time."""
        line = json.dumps({"at": round(time.time(), 3), "scenario": scenario, "event": event, **facts})
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def accepted_jobs(path: Path, scenario: str) -> dict[str, float]:
    """Return the ids of a scenario's accepted jobs, each with its audio seconds, as the file has them."""
    with path.open(encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    return {
        entry["job_id"]: entry["audio_seconds"]
        for entry in entries
        if entry["scenario"] == scenario and entry["event"] == "accepted"
    }
