"""docs/operations and docs/clients: the first page leads to all others, links lead somewhere, names are ours."""

import re
from pathlib import Path

import pytest

from tests.harness.service import REPOSITORY

FOLDER = REPOSITORY / "docs" / "operations"
FOLDERS = [FOLDER, REPOSITORY / "docs" / "clients"]
PAGES = sorted(page for folder in FOLDERS for page in folder.glob("*.md"))


def links(page: Path) -> list[str]:
    """Return the links of a page within the repository."""
    found = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    return [link for link in found if "://" not in link]


def anchors(page: Path) -> set[str]:
    """Return what a page's headings are linked by."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_first_page_leads_to_all_others(folder: Path) -> None:
    assert {page.name for page in folder.glob("*.md")} - {"README.md"} <= set(links(folder / "README.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def test_settings_that_the_pages_name_are_settings() -> None:
    settings = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    known = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", settings, re.MULTILINE))
    for page in ("README.md", "backup.md", "cells.md", "kubernetes.md", "upgrade.md"):
        text = (FOLDER / page).read_text(encoding="utf-8")
        named = set(re.findall(r"`([A-Z]+(?:_[A-Z0-9]+)+)(?:=[^`]*)?`", text))
        assert named - known - {"SCRIPTORIUM_API_KEY", "MEDIA_DIR"} == set(), page
