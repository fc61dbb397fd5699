"""`python -m worker.golden show | run | baseline`: what the runs came to, one at once, and a new baseline.

It needs nothing but Redis, where beat keeps the runs and looks for when the next is due.
"""

import argparse
import sys

from core.entry import run_process
from core.golden import GoldenRun
from core.redis_clients import connect
from worker.golden.store import GoldenStore
from worker.settings import WorkerSettings


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m worker.golden", description="Runs of the golden set.")
    parser.add_argument(
        "command",
        choices=("show", "run", "baseline"),
        help="show the runs that are kept; have beat run the set now; make the latest run the baseline",
    )
    command = parser.parse_args(arguments).command
    return run_process(WorkerSettings, lambda settings: _do(command, GoldenStore(connect(settings.redis))))


def _do(command: str, store: GoldenStore) -> int:
    if command == "run":
        store.set_due(in_seconds=0)
        print("A run is due; beat begins it within seconds if GOLDEN_SET_HOURS is set.")  # noqa: T201 - a command prints
        return 0
    runs = store.runs()
    if not runs:
        print("There is no run yet.", file=sys.stderr)  # noqa: T201 - a command prints
        return 1
    if command == "baseline":
        store.set_baseline(runs[0])
    baseline = store.baseline()
    for run in runs if command == "show" else runs[:1]:
        for line in _lines(run, baseline):
            print(line)  # noqa: T201 - a command prints
    return 0


def _lines(run: GoldenRun, baseline: GoldenRun | None) -> list[str]:
    """Return a line for each language: when, model, version, language, WER, change of it, CER; tab-separated."""
    lines = []
    for language, rates in run.languages.items():
        former = baseline.languages.get(language) if baseline and baseline.is_comparable_with(run) else None
        change = "-" if former is None else f"{100 * (rates.wer - former.wer):+.1f}"
        figures = (f"{100 * rates.wer:.1f} %", change, f"{100 * rates.cer:.1f} %")
        lines.append("\t".join((f"{run.started_at:%Y-%m-%d %H:%M:%S}", run.model, run.version, language, *figures)))
    return lines


if __name__ == "__main__":
    sys.exit(main())
