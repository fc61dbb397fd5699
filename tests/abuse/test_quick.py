"""Every attack in small, with each `make test`; `make abuse` runs them with the figures of reliability.md."""

from pathlib import Path

import pytest

from tests.abuse.catalogue import SCENARIOS
from tests.chaos.runner import check_quickly


@pytest.mark.parametrize("number", SCENARIOS, ids=[f"{number}-{SCENARIOS[number].__name__}" for number in SCENARIOS])
def test_quick(number: str, tmp_path: Path) -> None:
    check_quickly(SCENARIOS, number, tmp_path)
