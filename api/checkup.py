"""`python -m api.checkup`: says, for `scriptorium doctor`, what a gateway would find on this machine.

One `core.findings.Finding` a line of its output.
"""

import resource
import sys
from collections.abc import Iterator

from api.connections import OTHER_FILES
from api.settings import GatewaySettings
from core.entry import run_process
from core.findings import Finding


def findings(settings: GatewaySettings) -> Iterator[Finding]:
    """Look at who is let in, and how many files and connections this machine lets a process have open."""
    if settings.is_open_to_others:
        yield Finding.warning(
            "access",
            f"HOST={settings.host} and AUTH_MODE=none: anybody who can reach this machine can use it and read all "
            "jobs.",
            "Set AUTH_MODE=api_key and ADMIN_KEY, or HOST=127.0.0.1.",
        )
    else:
        yield Finding.ok("access", f"HOST={settings.host}, AUTH_MODE={settings.auth_mode}.")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.max_connections + settings.max_uploads + OTHER_FILES
    if most != resource.RLIM_INFINITY and most < wanted:
        yield Finding.warning(
            "open files",
            f"A process may have {most} open; MAX_CONNECTIONS={settings.max_connections} wants {wanted}.",
            f"Raise the limit (ulimit -Hn {wanted}, LimitNOFILE= of systemd), or lower MAX_CONNECTIONS.",
        )
    else:
        yield Finding.ok("open files", f"A process may have {most} open, which is enough for MAX_CONNECTIONS.")


def _run(settings: GatewaySettings) -> int:
    for finding in findings(settings):
        print(finding.model_dump_json(), flush=True)  # noqa: T201 - its output
    return 0


if __name__ == "__main__":
    sys.exit(run_process(GatewaySettings, _run))
