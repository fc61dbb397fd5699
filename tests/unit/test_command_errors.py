"""What a command says when the service doesn't do what was asked, and with what status it ends."""

import pytest
import typer

from cli.exits import ExitStatus
from cli.service import Connection, service
from scriptorium.client import NotAnswered, NotAService, ServiceError, ServiceRefused, ServiceUnreachable

SERVER = Connection("http://scriptorium.example:8000")
ANOTHER = "--server or SCRIPTORIUM_SERVER."


@pytest.mark.parametrize(
    ("error", "advice", "status"),
    [
        (
            ServiceUnreachable("Can't reach a service.", may_be_done=True),
            f" Start one with 'scriptorium up', or name another address with {ANOTHER}",
            ExitStatus.UNREACHABLE,
        ),
        (NotAnswered("It did not answer.", may_be_done=True), "", ExitStatus.UNREACHABLE),
        (NotAService("Is this its address?"), f" Name another with {ANOTHER}", ExitStatus.UNREACHABLE),
        (
            ServiceRefused(401, {"title": "Valid credentials are needed"}),
            " Keys are taken from SCRIPTORIUM_API_KEY or --api-key.",
            ExitStatus.REFUSED,
        ),
        (ServiceRefused(410, {"title": "The result has expired"}), "", ExitStatus.REFUSED),
    ],
)
def test_an_error_is_said_with_what_to_do(
    error: ServiceError, advice: str, status: ExitStatus, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, service(SERVER, of="jobs"):
        raise error
    assert ended.value.exit_code == status
    assert capsys.readouterr().err == f"scriptorium: {error}{advice}\n"


def test_a_wrong_address_or_key_is_a_wrong_parameter() -> None:
    with pytest.raises(typer.BadParameter, match="address such as"), service(Connection("localhost:8000"), of="jobs"):
        pass
    with pytest.raises(typer.BadParameter, match="ASCII"), service(Connection(api_key="clé"), of="jobs"):
        pass
