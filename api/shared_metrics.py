"""Counters of the gateways that share a port, kept together: whichever of them a scrape reaches tells of all.

Each gateway counts in files of its own, under a name that the one started in its place has as well: that goes on where
the one before it was, so no count ever falls. It costs 2.5 µs a request, which a gateway that has its port to itself
does not pay (docs/decisions/0033).
"""

import os
from pathlib import Path

from prometheus_client import multiprocess, values

_KINDS = ("counter", "histogram", "gauge_livesum")
"""Prefixes of the library's files."""
_FILE_BYTES = 1 << 20
"""The library's own first size."""


def share(folder: Path, name: str) -> None:
    """Have every metric that this process makes from now on kept in a folder, under a name that no other process has.

    Args:
        folder: Where the files are; it exists, on a disk of this machine.
        name: Without `_`.

    Raises:
        OSError: there is no room for the files. Taken now, it can't be missing when a page of them is written.
    """
    multiprocess.mark_process_dead(name, str(folder))  # type: ignore[no-untyped-call]  # what was under way has ended
    for kind in _KINDS:
        with (folder / f"{kind}_{name}.db").open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, _FILE_BYTES)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # where the library looks, each time it opens a file
    values.ValueClass = values.MultiProcessValue(lambda: name)  # type: ignore[no-untyped-call]
