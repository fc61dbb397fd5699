"""Runs a catalogue of scenarios, from the command line or as a test: `make chaos` and `make abuse` are two of them."""

import argparse
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.chaos.ledger import Ledger
from tests.chaos.outcome import Outcome
from tests.chaos.report import table
from tests.chaos.run import Run

Scenarios = Mapping[str, Callable[[Run], Outcome]]
"""Scenarios by the number of the test in reliability.md that each one is."""


def run_one(scenarios: Scenarios, number: str, *, quick: bool, folder: Path, ledger: Ledger) -> Outcome:
    """Run one scenario; an error of its own is a failure like any other."""
    run = Run(number, quick=quick, folder=folder / number, ledger=ledger)
    try:
        return scenarios[number](run)
    except Exception as error:  # noqa: BLE001 - the other tests go on
        outcome = Outcome(number, (scenarios[number].__doc__ or "").strip(), seen=type(error).__name__)
        outcome.check("the test ran to its end", passed=False, evidence=traceback.format_exc())
        return outcome


def check_quickly(scenarios: Scenarios, number: str, folder: Path) -> None:
    """Run one scenario in its short form, as a test does.

    Raises:
        AssertionError: it has not passed.
    """
    ledger = Ledger(folder / "ledger.jsonl")
    outcome = run_one(scenarios, number, quick=True, folder=folder, ledger=ledger)
    ledger.close()
    assert outcome.passed, f"{outcome.explanation()}\nledger and logs: {folder}"


def main(name: str, description: str | None, scenarios: Scenarios) -> int:
    """Run the scenarios named on the command line of `python -m tests.<name>`, or all, and return the exit status."""
    parser = argparse.ArgumentParser(prog=f"python -m tests.{name}", description=description)
    parser.add_argument("numbers", nargs="*", metavar="|".join(scenarios), help="all, if none is named")
    parser.add_argument("--quick", action="store_true", help="fewer jobs, shorter leases and outages")
    parser.add_argument(
        "--folder", type=Path, help="where ledger, logs and data go; a new temporary folder if left out"
    )
    arguments = parser.parse_args()
    numbers: list[str] = arguments.numbers or list(scenarios)
    if unknown := set(numbers) - set(scenarios):
        parser.error(f"no such test: {', '.join(sorted(unknown))}; there are {', '.join(scenarios)}")
    # What `timeout` and CI send: leave through the contexts, which kill what they started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder: Path = arguments.folder or Path(tempfile.mkdtemp(prefix=f"scriptorium-{name}-"))
    ledger = Ledger(folder / "ledger.jsonl")
    outcomes = []
    for number in numbers:
        began = time.monotonic()
        outcome = run_one(scenarios, number, quick=arguments.quick, folder=folder, ledger=ledger)
        outcomes.append(outcome)
        print(f"{outcome.explanation()}\n  seen: {outcome.seen} ({time.monotonic() - began:.0f} s)\n", flush=True)
    ledger.close()
    print(table(outcomes))
    failed = [outcome.number for outcome in outcomes if not outcome.passed]
    print(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'all passed'}\nledger: {ledger.path}")
    return 1 if failed else 0
