"""`python -m tests.chaos [NUMBER ...] [--quick] [--folder FOLDER]`: proves the promises of reliability.md, or fails.

Every fault is a real one: processes are killed, servers go away, connections fall silent. Prints one table; the ledger
and the logs stay on disk, and their path is the last line.
"""

import argparse
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.catalogue import SCENARIOS, run_one
from tests.chaos.ledger import Ledger
from tests.chaos.report import table


def main() -> int:
    """Run the scenarios named, or all, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("numbers", nargs="*", metavar="|".join(SCENARIOS), help="all, if none is named")
    parser.add_argument("--quick", action="store_true", help="fewer jobs, shorter leases and outages")
    parser.add_argument(
        "--folder", type=Path, help="where ledger, logs and data go; a new temporary folder if left out"
    )
    arguments = parser.parse_args()
    numbers: list[str] = arguments.numbers or list(SCENARIOS)
    if unknown := set(numbers) - set(SCENARIOS):
        parser.error(f"no such test: {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    # What `timeout` and CI send: leave through the contexts, which kill what they started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder: Path = arguments.folder or Path(tempfile.mkdtemp(prefix="scriptorium-chaos-"))
    ledger = Ledger(folder / "ledger.jsonl")
    outcomes = []
    for number in numbers:
        began = time.monotonic()
        outcome = run_one(number, quick=arguments.quick, folder=folder, ledger=ledger)
        outcomes.append(outcome)
        print(f"{outcome.explanation()}\n  seen: {outcome.seen} ({time.monotonic() - began:.0f} s)\n", flush=True)
    ledger.close()
    print(table(outcomes))
    failed = [outcome.number for outcome in outcomes if not outcome.passed]
    print(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'all passed'}\nledger: {ledger.path}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
