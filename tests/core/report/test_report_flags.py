"""Flags: one table says when each is raised, in files and in notes alike."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec
import pytest

from infer_compare.report import ReportDocument
from infer_compare.report.sentences.flags import FLAG_WORDS
from infer_compare.verdicts import summarise
from infer_compare.verdicts.flags import FLAGS, Flag, flags_of

if TYPE_CHECKING:
    from conftest import Story


def test_every_flag_of_the_schema_has_a_rule_and_a_phrase() -> None:
    """And no other has one, so that a note cannot name what files do not know."""
    assert set(FLAGS) == set(get_args(Flag))
    definitions = msgspec.json.schema(ReportDocument)["$defs"]
    assert set(definitions["PointReport"]["properties"]["flags"]["items"]["enum"]) == set(FLAGS)


@pytest.mark.parametrize(
    ("flag", "change"),
    [
        ("launch_bound", {"launch_bound": True}),
        ("drift", {"drift": 0.08}),
        ("sustained", {"short": 100.0, "sustained": 80.0}),
        ("memory_grows", {"memory_growth": 4096.0}),
        ("mostly_rejected", {"rejected": 0.6}),
        ("unbalanced", {"balance": 0.6}),
        ("bimodal", {"modes_ns": (1.0e6, 2.0e6)}),
    ],
)
def test_a_flag_is_raised_by_its_figures_alone(story: type[Story], flag: Flag, change: dict[str, object]) -> None:
    """With a detail where there is a number to tell."""
    quiet = summarise(story().run()).figures[0]
    assert flags_of(quiet) == ()
    loud = msgspec.structs.replace(quiet, **change)
    assert flags_of(loud) == (flag,)
    assert bool(FLAG_WORDS[flag].detail(loud)) == (flag != "launch_bound")


def test_every_flag_is_explained_in_the_reference_with_its_severity() -> None:
    """In the order of the table, each under a heading of its own."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "flags.md").read_text(encoding="utf-8")
    explained = re.findall(r"^## `(\w+)`\n\n\*(\w+)\*\.", page, re.MULTILINE)
    assert explained == [(flag, kind.severity) for flag, kind in FLAGS.items()]
    assert set(FLAG_WORDS) == set(FLAGS)
