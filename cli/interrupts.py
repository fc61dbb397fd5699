"""What Ctrl-C leaves behind: jobs that go on, and a word on how to follow them."""

from collections.abc import Mapping
from itertools import islice

from cli.service import Connection, service
from cli.terminal import print_note

_SHOWN = 10


def after_interrupt(connection: Connection, under_way: Mapping[str, str], *, cancels: bool) -> None:
    """Cancel jobs, or say how to follow them; they come by their ids, each with the name of its source."""
    if not under_way:
        print_note("Stopped; no job is left under way.")
        return
    if cancels:
        with service(connection, of="jobs") as client:
            for job_id in under_way:
                client.cancel(job_id)
        print_note(f"Stopped, with {len(under_way)} job(s) cancelled.")
        return
    print_note(f"Stopped; {len(under_way)} job(s) go on. To fetch one, to look at one, to cancel all:")
    for job_id, name in islice(under_way.items(), _SHOWN):
        print_note(f"  scriptorium result {job_id} --wait  # {name}")
    if len(under_way) > _SHOWN:
        print_note("  … and others: 'scriptorium jobs' has them")
    print_note(f"  scriptorium status {next(iter(under_way))}")
    print_note(f"  scriptorium cancel {' '.join(under_way)}")
