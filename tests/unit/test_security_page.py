"""docs/security.md: every threat has a row, every test that it names exists, and versions are past the known holes."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.abuse.catalogue import SCENARIOS as ATTACKS
from tests.chaos.catalogue import SCENARIOS as FAULTS
from tests.harness.service import REPOSITORY

PAGE = (REPOSITORY / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| threat")]
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", "\n".join(ROWS))))
THREATS = (
    "Audio bombs",
    "Playlists",
    "Decoder bugs",
    "Uploads",
    "Client address",
    "Ids",
    "Keys",
    "URLs",
    "Versions",
    "Containers",
    "Logs",
    "Erasure",
)
"""Those that the service must withstand."""
SCENARIOS = {"tests/abuse/test_quick.py": ATTACKS, "tests/chaos/test_quick.py": FAULTS}
LOCKED = dict(
    re.findall(r"^([a-z0-9-]+)==([^\s;]+)", (REPOSITORY / "requirements" / "run.txt").read_text("utf-8"), re.MULTILINE)
)
LEAST = {"starlette": "1.3.1", "python-multipart": "0.0.30"}
"""Older ones have published holes: quadratic parsing of ranges and forms, writes outside the folder."""


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("threat", THREATS)
def test_a_threat_has_a_row_and_the_row_names_a_test(threat: str) -> None:
    rows = [row for row in ROWS if row.startswith(f"| {threat}")]
    assert rows
    assert any("`tests/" in row for row in rows)


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_the_page_names_exists(named: str) -> None:
    file, _, test = named.partition("::")
    function, _, case = test.partition("[")
    assert function in functions_of(REPOSITORY / file)
    if case:
        named_cases = set(SCENARIOS[file]) | {
            f"{number}-{scenario.__name__}" for number, scenario in SCENARIOS[file].items()
        }
        assert case.rstrip("]") in named_cases


@pytest.mark.parametrize("package", LEAST)
def test_a_locked_version_is_past_the_known_holes(package: str) -> None:
    assert tuple(map(int, LOCKED[package].split("."))) >= tuple(map(int, LEAST[package].split(".")))
    # Nor may an installation without the lock take an older one.
    assert f'"{package}>={LEAST[package]}"' in (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
