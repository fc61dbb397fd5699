"""The service that a command speaks to: where it is, what key to show it, and how a command ends if it refuses."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated

import typer
from pydantic import ValidationError

from cli.client import NotAService, ServiceClient, ServiceError, ServiceRefused
from cli.terminal import print_error

_KEY_VARIABLE = "SCRIPTORIUM_API_KEY"
"""A variable and no option: options are seen by everybody on the machine."""

Server = Annotated[
    str, typer.Option("--server", envvar="SCRIPTORIUM_SERVER", metavar="URL", help="Address of the service.")
]
"""The option of every command that speaks to a service."""


@contextmanager
def service(server: str, *, of: str) -> Iterator[ServiceClient]:
    """Yield a client; what it meets ends the command with status 1, a wrong address with 2.

    Args:
        server: The service's address.
        of: What the command is about, for the message when an answer isn't about that.
    """
    api_key = os.environ.get(_KEY_VARIABLE, "").strip()
    if not (api_key.isascii() and api_key.isprintable()):
        raise typer.BadParameter("A key is printable ASCII.", param_hint=_KEY_VARIABLE)
    try:
        client = ServiceClient(server, api_key=api_key)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--server") from None
    with client:
        try:
            yield client
        except ServiceRefused as error:
            hint = f" Keys are taken from {_KEY_VARIABLE}." if error.status == HTTPStatus.UNAUTHORIZED else ""
            print_error(f"{error}{hint}")
        except ServiceError as error:
            print_error(str(error))
        except ValidationError:
            print_error(str(NotAService(f"{client.server} answers, but with no {of}. Is it a Scriptorium?")))
        else:
            return
    raise typer.Exit(1)
