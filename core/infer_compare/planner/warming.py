"""Where workers of later restarts need not warm up for as long as the first ones did: pure, from what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Round


def settled(rounds: Iterable[Round]) -> frozenset[tuple[str, OperatingPoint]]:
    """Return the contenders and operating points at which every worker so far was as fast at once as it was later.

    Args:
        rounds: those so far, with the warm-ups that were needed before them.
    """
    always_settled: dict[tuple[str, OperatingPoint], bool] = {}
    for warmed in (warm_up for done in rounds for warm_up in done.warm_ups):
        always_settled[warmed.contender, warmed.point] = (
            always_settled.get((warmed.contender, warmed.point), True) and warmed.settled
        )
    return frozenset(key for key, always in always_settled.items() if always)
