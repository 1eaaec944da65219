"""When no look to come can settle a comparison."""

from __future__ import annotations

from math import log

import pytest

from infer_compare.verdicts.contrast import PairedRounds
from infer_compare.verdicts.settle import hopeless


def contrast(*groups: tuple[float, ...]) -> PairedRounds:
    """Clean rounds by restart, as ratios."""
    return PairedRounds(groups=tuple(tuple(map(log, group)) for group in groups))


def test_a_round_inside_the_last_guard_makes_a_quick_run_hopeless():
    """The look after the third restart asks every round for more than 1.25."""
    assert hopeless(contrast((1.4, 1.2), (1.4, 1.4)), to_come=1)
    assert not hopeless(contrast((1.4, 1.3), (1.4, 1.4)), to_come=1)


def test_either_direction_can_still_settle():
    """What is slower is settled by the same rule."""
    assert not hopeless(contrast((0.7, 0.6), (0.7, 0.7)), to_come=1)
    assert hopeless(contrast((0.7, 1.4), (0.7, 0.7)), to_come=1)


@pytest.mark.parametrize("to_come", [2, 6])
def test_with_four_restarts_within_reach_nothing_is_hopeless(to_come):
    """The ordinary look, which can also say that two are the same, is still to come."""
    assert not hopeless(contrast((1.0, 1.0), (1.0, 1.0)), to_come=to_come)


def test_with_no_restart_to_come_nothing_can_be_settled_any_more():
    """Whatever was seen."""
    assert hopeless(contrast((9.0, 9.0), (9.0, 9.0)), to_come=0)
