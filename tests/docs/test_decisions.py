"""The records of decisions are listed, and what leads to a section leads somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .conftest import ROOT, pages  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from pathlib import Path

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return what a link to a heading of a page ends in."""
    headings = HEADING.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_decision_is_listed_once_in_order() -> None:
    """A record that is not in the index is found by nobody."""
    index = (ROOT / "docs" / "decisions" / "index.md").read_text(encoding="utf-8")
    assert re.findall(r"^\d{4}-[\w-]+$", index, re.MULTILINE) == [page.stem for page in DECISIONS]


def test_each_decision_has_a_number_of_its_own() -> None:
    """In its title and in the name of its file."""
    numbers = [int(page.name[:4]) for page in DECISIONS]
    titles = [page.read_text(encoding="utf-8").partition(". ")[0] for page in DECISIONS]
    assert titles == [f"# {number}" for number in numbers]
    assert len(set(numbers)) == len(numbers)


def test_a_decision_that_is_named_by_its_number_exists() -> None:
    """In any page."""
    known = {int(page.name[:4]) for page in DECISIONS}
    for page in (*pages(), *DECISIONS):
        named = re.findall(r"\bdecision (\d+)", page.read_text(encoding="utf-8"), re.IGNORECASE)
        assert set(map(int, named)) <= known, page


@pytest.mark.parametrize("decision", DECISIONS, ids=[page.stem for page in DECISIONS])
def test_the_links_of_a_decision_lead_to_files(decision: Path) -> None:
    """Those that stay inside the repository."""
    for target, _ in LINK.findall(decision.read_text(encoding="utf-8")):
        assert (decision.parent / target).exists(), target


def test_links_to_a_section_lead_to_a_heading() -> None:
    """Of the same page or of another one."""
    for page in (*pages(), *DECISIONS):
        for target, anchor in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
            there = page.parent / target if target else page
            assert not anchor or there.suffix != ".md" or anchor in anchors(there), f"{page}: {target}#{anchor}"
