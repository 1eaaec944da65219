"""Flags for doubtful or remarkable figures of a point: one table for reports, files and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from infer_compare.verdicts.protocol import BALANCE, DRIFT

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.verdicts.figures import Figures

Flag = Literal[
    "not_steady",
    "bimodal",
    "drift",
    "page_fault_bound",
    "oversubscribed",
    "unbalanced",
    "power_capped",
    "swapped",
    "sustained",
    "memory_grows",
    "launch_bound",
    "mostly_rejected",
]
"""The names of flags in CSV, JSON and notes."""
Severity = Literal["suspect", "doubt", "hint"]
"""`suspect`: the figures may be wrong; `doubt`: they vary more than their interval shows; `hint`: they are right, and the flag
explains them."""
MOST_REJECTED = 0.5
"""A larger share of rejected slices is flagged."""


class FlagKind(NamedTuple):
    """The severity of a flag, and the condition under which it is raised."""

    severity: Severity
    holds: Callable[[Figures], bool]

    @property
    def touches_headline(self) -> bool:
        """Whether the flag casts doubt on a headline that depends on the point; hints do not."""
        return self.severity != "hint"


FLAGS: dict[Flag, FlagKind] = {
    "not_steady": FlagKind("doubt", lambda figures: figures.not_steady),
    "bimodal": FlagKind("doubt", lambda figures: figures.bimodal),
    "drift": FlagKind("doubt", lambda figures: abs(figures.drift or 0.0) > DRIFT),
    "page_fault_bound": FlagKind("hint", lambda figures: figures.page_fault_bound),
    "oversubscribed": FlagKind("doubt", lambda figures: figures.oversubscribed),
    "unbalanced": FlagKind("doubt", lambda figures: (1.0 if figures.balance is None else figures.balance) < BALANCE),
    "power_capped": FlagKind("hint", lambda figures: figures.power_capped),
    "swapped": FlagKind("suspect", lambda figures: figures.swapped),
    "sustained": FlagKind("hint", lambda figures: figures.short is not None),
    "memory_grows": FlagKind("hint", lambda figures: figures.memory_growth is not None),
    "launch_bound": FlagKind("hint", lambda figures: figures.launch_bound),
    "mostly_rejected": FlagKind("suspect", lambda figures: figures.rejected > MOST_REJECTED),
}
"""In the order in which they are listed; their texts are in `report/sentences/flags.py`."""


def flags_of(figures: Figures) -> tuple[Flag, ...]:
    """Return the flags that are raised for a point."""
    return tuple(flag for flag, kind in FLAGS.items() if kind.holds(figures))
