"""What the README promises under each fault is a test that exists."""

import re

import pytest

from tests.chaos.catalogue import SCENARIOS
from tests.harness.service import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
TABLE = README.partition("## What happens when")[2].partition("\n## ")[0]
LINES = [line for line in TABLE.splitlines() if line.startswith("| ") and not line.startswith("| when")]
TESTS = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests").rglob("test_*.py"))


def test_the_table_is_there() -> None:
    assert len(LINES) >= 15


@pytest.mark.parametrize("line", LINES)
def test_each_line_names_tests_that_exist(line: str) -> None:
    shown_by = line.strip("| ").rpartition("|")[2]
    chaos = re.findall(r"\d+", " ".join(re.findall(r"chaos ([\d, ]+)", shown_by)))
    files = re.findall(r"`(tests/[^`]+\.py)`", shown_by)
    names = re.findall(r"`(test_\w+)`", shown_by)
    assert chaos or files or names
    assert set(chaos) <= set(SCENARIOS)
    assert [file for file in files if not (REPOSITORY / file).is_file()] == []
    assert [name for name in names if f"def {name}(" not in TESTS] == []
