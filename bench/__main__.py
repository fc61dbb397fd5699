"""`python -m bench [NAME...] [--quick] [--json FILE] [--chart FILE]`: runs measurements and prints their tables."""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from bench import chart, claims, diarization, engine, latency, load, memory, ratelimits, status, throughput, uploads
from bench.machine import machine
from bench.tables import Table

_MEASUREMENTS: dict[str, Callable[[bool], Iterable[Table]]] = {
    "engine": lambda quick: engine.measure(quick=quick),
    "memory": lambda quick: [memory.measure(quick=quick)],
    "diarization": lambda quick: [diarization.measure(quick=quick)],
    "latency": lambda _: [latency.measure()],
    "claims": lambda _: [claims.measure()],
    "throughput": lambda _: [throughput.measure()],
    "status": lambda _: [status.measure()],
    "ratelimits": lambda _: [ratelimits.measure()],
    "load": lambda quick: [load.measure(quick=quick)],
    "uploads": lambda quick: uploads.measure(quick=quick),
}


def main() -> None:
    """Measure and print; goals stand beside the figures and are not asserted."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("measurements", nargs="*", metavar="|".join(_MEASUREMENTS), help="all, if none is named")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="less audio and fewer repeats or less time, in engine, memory, diarization, uploads, load",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the tables here")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="also draw the service and its peers here, as SVG")
    arguments = parser.parse_args()
    names: list[str] = arguments.measurements or list(_MEASUREMENTS)
    if unknown := set(names) - set(_MEASUREMENTS):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join(_MEASUREMENTS)}")
    # Ends what runs by way of the with blocks that started it, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    where = machine()
    print(where, flush=True)
    tables = []
    for name in names:
        for table in _MEASUREMENTS[name](arguments.quick):
            tables.append(table)
            print(f"\n{table.markdown()}\n", flush=True)
            if arguments.chart and table.title == engine.TITLE:
                arguments.chart.write_text(chart.drawn(table, where), encoding="utf-8")
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"machine": where, "tables": [asdict(table) for table in tables]}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
