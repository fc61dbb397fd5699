"""Every chaos test in small, with each `make test`; `make chaos` runs them with the figures of reliability.md."""

from pathlib import Path

import pytest

from tests.chaos.catalogue import SCENARIOS
from tests.chaos.runner import check_quickly

_ELSEWHERE = {"13"}
"""A pytest module itself, which `make test` finds anyway."""


@pytest.mark.parametrize("number", [number for number in SCENARIOS if number not in _ELSEWHERE])
def test_quick(number: str, tmp_path: Path) -> None:
    check_quickly(SCENARIOS, number, tmp_path)
