"""How a command ends: exit statuses that scripts can rely on (docs/clients/cli.md)."""

from enum import IntEnum


class ExitStatus(IntEnum):
    """The exit status of every command; `up` alone also has 78, as the processes that it starts."""

    DONE = 0
    FAILED = 1
    """A job failed or was cancelled, a check failed, or a file can't be written."""
    USAGE = 2
    """The command isn't meant this way."""
    UNREACHABLE = 3
    """No service answers at the address."""
    REFUSED = 4
    """The service answered, and refused."""
    INTERRUPTED = 130
    """Ctrl-C: 128 and the signal's number, as a shell has it."""
