"""What a command says when the service doesn't do what was asked, and with what status it ends."""

import pytest
import typer

from cli.service import service
from scriptorium.client import NotAnswered, NotAService, ServiceError, ServiceRefused, ServiceUnreachable

SERVER = "http://scriptorium.example:8000"
ANOTHER = "--server or SCRIPTORIUM_SERVER."


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (
            ServiceUnreachable("Can't reach a service.", may_be_done=True),
            f" Start one with 'scriptorium up', or name another address with {ANOTHER}",
        ),
        (NotAnswered("It did not answer.", may_be_done=True), ""),
        (NotAService("Is this its address?"), f" Name another with {ANOTHER}"),
        (ServiceRefused(401, {"title": "Valid credentials are needed"}), " Keys are taken from SCRIPTORIUM_API_KEY."),
        (ServiceRefused(410, {"title": "The result has expired"}), ""),
    ],
)
def test_an_error_is_said_with_what_to_do(error: ServiceError, advice: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, service(SERVER, of="jobs"):
        raise error
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err == f"scriptorium: {error}{advice}\n"


def test_a_wrong_address_or_key_is_a_wrong_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(typer.BadParameter, match="address such as"), service("localhost:8000", of="jobs"):
        pass
    monkeypatch.setenv("SCRIPTORIUM_API_KEY", "clé")
    with pytest.raises(typer.BadParameter, match="ASCII"), service(SERVER, of="jobs"):
        pass
