"""Every chaos test in small, with each `make test`; `make chaos` runs them with the figures of reliability.md."""

from pathlib import Path

import pytest

from tests.chaos.catalogue import SCENARIOS, run_one
from tests.chaos.ledger import Ledger

_ELSEWHERE = {"13"}
"""A pytest module itself, which `make test` finds anyway."""


@pytest.mark.parametrize("number", [number for number in SCENARIOS if number not in _ELSEWHERE])
def test_quick(number: str, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    outcome = run_one(number, quick=True, folder=tmp_path / number, ledger=ledger)
    ledger.close()
    assert outcome.passed, f"{outcome.explanation()}\nledger and logs: {tmp_path}"
