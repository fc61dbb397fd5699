"""Flower is never started without a password; that it shows turns is `make compose-test`."""

import pytest

from core.errors import CONFIGURATION_EXIT_STATUS
from worker.flower import main


@pytest.mark.parametrize("given", [None, "", "flower", "flower:", ":secret"])
def test_flower_does_not_start_without_a_password(
    given: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FLOWER_BASIC_AUTH", raising=False)
    if given is not None:
        monkeypatch.setenv("FLOWER_BASIC_AUTH", given)

    assert main() == CONFIGURATION_EXIT_STATUS
    said = capsys.readouterr().err
    assert "FLOWER_BASIC_AUTH=user:password" in said
    assert "secret" not in said
