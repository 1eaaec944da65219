"""The answer at a glance: at most eight lines, with the grade of the headline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from infer_compare.report import document
from infer_compare.report.glance import glance
from infer_compare.verdicts import summarise
from infer_compare.verdicts.quality import quality

if TYPE_CHECKING:
    from conftest import Story


def test_a_run_ends_with_at_most_eight_lines_that_answer(story: type[Story]) -> None:
    """A bound, what is incomplete and a report that was written included."""
    made = document(story(plan={"latency_bound_ns": 10_000_000, "find_limit": True}, closing=None).run())
    lines = glance(made, "runs/one", ["runs/one/report.html"])
    assert len(lines) <= 8
    assert lines[-2:] == ["report: runs/one/report.html", "next: infer-compare report runs/one -v"]


@pytest.mark.parametrize(
    ("settled", "half_width", "grade"),
    [(True, 0.05, "good"), (True, 0.051, "fair"), (True, 0.15, "fair"), (True, 0.151, "poor"), (False, 0.01, "poor")],
)
def test_the_grade_follows_the_verdict_and_the_interval(
    story: type[Story], settled: bool, half_width: float, grade: str
) -> None:
    """Good within 5 %, fair within 15 %; without a verdict nothing is better than poor."""
    answer = summarise(story().run()).answer
    best = answer.recommended
    assert best is not None
    wide = msgspec.structs.replace(best, figures=msgspec.structs.replace(best.figures, spread=half_width))
    assert quality(msgspec.structs.replace(answer, recommended=wide, headline=()), settled=settled).grade == grade


def test_only_flags_that_touch_the_headline_are_named(story: type[Story]) -> None:
    """A hint explains figures that are right."""
    answer = summarise(story().run()).answer
    best, *others = answer.by_contender
    loud = msgspec.structs.replace(best.figures, drift=0.2, launch_bound=True)
    flagged = msgspec.structs.replace(answer, by_contender=(msgspec.structs.replace(best, figures=loud), *others))
    assert [one.flags for one in quality(flagged, settled=True).flagged] == [("drift",)]
