"""What Ctrl-C leaves behind: jobs that go on, and a word on how to follow them."""

from collections.abc import Sequence

from cli.service import Connection, service
from cli.terminal import print_note

_SHOWN = 10


def after_interrupt(connection: Connection, job_ids: Sequence[str], *, cancels: bool) -> None:
    """Cancel jobs, or say how to follow them."""
    if not job_ids:
        print_note("Stopped; no job was left under way.")
    elif cancels:
        with service(connection, of="jobs") as client:
            for job_id in job_ids:
                client.cancel(job_id)
        print_note(f"Stopped; {len(job_ids)} job(s) cancelled.")
    else:
        print_note(f"Stopped; {len(job_ids)} job(s) go on. Follow one, fetch it, or cancel it:")
        for job_id in job_ids[:_SHOWN]:
            print_note(f"  scriptorium status {job_id}")
        print_note(f"  scriptorium result {job_ids[0]} --wait")
        print_note(f"  scriptorium cancel {job_ids[0]}")
