"""`python -m tests.harness.nursery MODULE`: imports a program once and forks it for each line of standard input.

A line is a JSON object: `environment` of the child, and `log_file` that its output is appended to. The answer is the
child's pid. Nothing of the program runs here but its import, so there are no threads and no connections to inherit.
"""

import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable

from tests.harness.processes import die_with_parent


def main() -> None:
    """Serve until standard input closes."""
    program: Callable[[], int] = importlib.import_module(sys.argv[1]).main
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _run(program, json.loads(line))
        print(pid, flush=True)  # noqa: T201 - the answer


def _run(program: Callable[[], int], order: dict[str, object]) -> None:
    """Become the program; never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # the program may have children of its own
    die_with_parent()
    os.setsid()
    log = os.open(str(order["log_file"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update({str(name): str(value) for name, value in dict(order["environment"]).items()})  # type: ignore[call-overload]
    status = 1
    try:
        status = program()
    except BaseException:  # noqa: BLE001 - as the interpreter does at its end, which this one doesn't reach
        traceback.print_exc()
    os._exit(status)


if __name__ == "__main__":
    main()
