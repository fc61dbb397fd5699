"""`python -m bench [NAME...] [--json FILE]`: runs the measurements named, or all, and prints their tables."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from bench import claims, latency, memory, throughput
from bench.machine import machine

_MEASUREMENTS = {
    "latency": latency.measure,
    "memory": memory.measure,
    "claims": claims.measure,
    "throughput": throughput.measure,
}


def main() -> None:
    """Measure and print; goals stand beside the figures and are not asserted."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("measurements", nargs="*", metavar="|".join(_MEASUREMENTS), help="all, if none is named")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the tables here")
    arguments = parser.parse_args()
    names: list[str] = arguments.measurements or list(_MEASUREMENTS)
    if unknown := set(names) - set(_MEASUREMENTS):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}; there are {', '.join(_MEASUREMENTS)}")
    where = machine()
    print(where, flush=True)
    tables = []
    for name in names:
        table = _MEASUREMENTS[name]()
        tables.append(table)
        print(f"\n{table.markdown()}", flush=True)
    if arguments.json:
        arguments.json.write_text(
            json.dumps({"machine": where, "tables": [asdict(table) for table in tables]}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
