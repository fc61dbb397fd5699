"""The service that a command speaks to: where it is, what key to show it, and how a command ends if it refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exits import ExitStatus
from cli.terminal import print_error

if TYPE_CHECKING:
    from scriptorium.client import AsyncScriptorium, RetryPolicy, Scriptorium

DEFAULT_SERVER = "http://127.0.0.1:8000"
_SERVER_VARIABLE = "SCRIPTORIUM_SERVER"
_KEY_VARIABLE = "SCRIPTORIUM_API_KEY"
_ANOTHER = f"--server or {_SERVER_VARIABLE}"


@dataclass(frozen=True, slots=True)
class Connection:
    """The options of every command that speaks to a service."""

    server: Annotated[
        str, typer.Option("--server", envvar=_SERVER_VARIABLE, metavar="URL", help="Address of the service.")
    ] = DEFAULT_SERVER
    api_key: Annotated[
        str,
        typer.Option(
            "--api-key",
            envvar=_KEY_VARIABLE,
            metavar="KEY",
            show_default=False,
            help="API key or token. Better in the variable: options are seen by everybody on the machine.",
        ),
    ] = ""

    def client(self) -> "Scriptorium":
        """Return a client with blocking calls; a wrong address or key ends the command with status 2."""
        from scriptorium.client import NO_RETRIES, Scriptorium

        with self._checked():
            # Whoever sits at a terminal is told at once, and asks again himself.
            return Scriptorium(self.server, api_key=self.api_key.strip(), retry=NO_RETRIES)

    def async_client(self, retry: "RetryPolicy") -> "AsyncScriptorium":
        """Return a client with coroutines, which tries again as it is told."""
        from scriptorium.client import AsyncScriptorium

        with self._checked():
            return AsyncScriptorium(self.server, api_key=self.api_key.strip(), retry=retry)

    @contextmanager
    def _checked(self) -> Iterator[None]:
        key = self.api_key.strip()
        if not (key.isascii() and key.isprintable()):
            raise typer.BadParameter("A key is printable ASCII.", param_hint=_KEY_VARIABLE)
        try:
            yield
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--server") from None


@contextmanager
def service(connection: Connection, *, of: str) -> Iterator["Scriptorium"]:
    """Yield a client; what it meets ends the command, with 3 if nobody answers and 4 if the service refuses.

    Args:
        connection: Where the service is, and the key.
        of: What the command is about, for the message when an answer isn't about that.
    """
    with connection.client() as client, errors_ending_the_command(connection, of=of):
        yield client


@contextmanager
def errors_ending_the_command(connection: Connection, *, of: str) -> Iterator[None]:
    """Have what the service is asked within the block end the command, as `service` does."""
    from pydantic import ValidationError

    from scriptorium.client import ServiceError

    try:
        yield
    except ServiceError as error:
        print_error(explained(error))
        raise typer.Exit(status_of(error)) from None
    except ValidationError:
        print_error(f"{connection.server} answers, but with no {of}. Is it a Scriptorium?")
        raise typer.Exit(ExitStatus.UNREACHABLE) from None


def explained(error: Exception) -> str:
    """Return what went wrong with the service, and what to do where that is not the service's to say."""
    from scriptorium.client import NotAnswered, NotAService, ServiceRefused, ServiceUnreachable

    match error:
        case ServiceRefused(status=HTTPStatus.UNAUTHORIZED):
            return f"{error} Keys are taken from {_KEY_VARIABLE} or --api-key."
        case NotAnswered():  # the service is where it was looked for
            return str(error)
        case ServiceUnreachable():
            return f"{error} Start one with 'scriptorium up', or name another address with {_ANOTHER}."
        case NotAService():
            return f"{error} Name another with {_ANOTHER}."
        case _:
            return str(error)


def status_of(error: Exception) -> ExitStatus:
    """Return the exit status of a command that an error has ended."""
    from scriptorium.client import NotAService, ServiceRefused, ServiceUnreachable

    match error:
        case ServiceUnreachable() | NotAService():
            return ExitStatus.UNREACHABLE
        case ServiceRefused():
            return ExitStatus.REFUSED
    return ExitStatus.FAILED
