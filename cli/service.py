"""The service that a command speaks to: where it is, what key to show it, and how a command ends if it refuses."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.terminal import print_error
from scriptorium.client import (
    NO_RETRIES,
    NotAnswered,
    NotAService,
    Scriptorium,
    ServiceError,
    ServiceRefused,
    ServiceUnreachable,
)

_KEY_VARIABLE = "SCRIPTORIUM_API_KEY"
"""A variable and no option: options are seen by everybody on the machine."""

_ANOTHER = "--server or SCRIPTORIUM_SERVER"

Server = Annotated[
    str, typer.Option("--server", envvar="SCRIPTORIUM_SERVER", metavar="URL", help="Address of the service.")
]
"""The option of every command that speaks to a service."""


@contextmanager
def service(server: str, *, of: str) -> Iterator[Scriptorium]:
    """Yield a client; what it meets ends the command with status 1, a wrong address with 2.

    Args:
        server: The service's address.
        of: What the command is about, for the message when an answer isn't about that.
    """
    api_key = os.environ.get(_KEY_VARIABLE, "").strip()
    if not (api_key.isascii() and api_key.isprintable()):
        raise typer.BadParameter("A key is printable ASCII.", param_hint=_KEY_VARIABLE)
    try:
        # Whoever sits at a terminal is told at once, and asks again himself.
        client = Scriptorium(server, api_key=api_key, retry=NO_RETRIES)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--server") from None
    with client:
        try:
            yield client
        except ServiceError as error:
            print_error(f"{error}{_advice(error)}")
        except ValidationError:
            print_error(f"{client.server} answers, but with no {of}. Is it a Scriptorium?")
        else:
            return
    raise typer.Exit(1)


def _advice(error: ServiceError) -> str:
    """Return what to do about an error, where that is not the service's to say."""
    match error:
        case ServiceRefused(status=HTTPStatus.UNAUTHORIZED):
            return f" Keys are taken from {_KEY_VARIABLE}."
        case NotAnswered():  # the service is where it was looked for
            return ""
        case ServiceUnreachable():
            return f" Start one with 'scriptorium up', or name another address with {_ANOTHER}."
        case NotAService():
            return f" Name another with {_ANOTHER}."
        case _:
            return ""
