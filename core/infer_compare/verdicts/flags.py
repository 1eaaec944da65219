"""What can be doubtful or remarkable about the figures of a point: one table for reports, files and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from infer_compare.stats.wording import duration, percent, significant

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.verdicts.figures import Figures

Flag = Literal[
    "not_steady",
    "bimodal",
    "drifting",
    "page_fault_bound",
    "oversubscribed",
    "power_capped",
    "swapped",
    "sustained",
    "memory_grows",
    "launch_bound",
    "mostly_rejected",
]
"""As CSV and JSON write them."""
MOST_REJECTED = 0.5
"""A larger share of rejected slices is told."""


class FlagKind(NamedTuple):
    """When a flag is raised, and how a note says it."""

    phrase: str
    """After the contender's name and before the operating points."""
    holds: Callable[[Figures], bool]
    detail: Callable[[Figures], str] = lambda _: ""
    """What is said of one operating point, in parentheses."""
    topic: str = ""
    """Of the note, where it differs from the name of the flag."""


def _kib(size: float) -> str:
    return f"{significant(size / 1024, 2)} KiB"


FLAGS: dict[Flag, FlagKind] = {
    "not_steady": FlagKind(
        "had not reached a steady state when its warm-up was cut off", lambda figures: figures.not_steady
    ),
    "bimodal": FlagKind(
        "has two speeds",
        lambda figures: figures.bimodal,
        lambda figures: " and ".join(map(duration, figures.modes_ns or ())),
    ),
    "drifting": FlagKind(
        "drifted while it was measured",
        lambda figures: figures.drifting,
        lambda figures: percent(figures.drift or 0.0),
        topic="drift",
    ),
    "page_fault_bound": FlagKind(
        "spends more than a tenth of its processor time in the kernel, on page faults,",
        lambda figures: figures.page_fault_bound,
        lambda figures: f"{significant(figures.minor_faults_per_call or 0.0)} a call",
    ),
    "oversubscribed": FlagKind(
        "uses more threads than there are cores",
        lambda figures: figures.oversubscribed,
        lambda figures: str(figures.active_threads),
    ),
    "power_capped": FlagKind("is held back by the GPU's power limit", lambda figures: figures.power_capped),
    "swapped": FlagKind(
        "read pages from disk or went into swap while it was tried, so that its figures are suspect,",
        lambda figures: figures.swapped,
    ),
    "sustained": FlagKind(
        "has another throughput in the long run than in short slices, which replaces it,",
        lambda figures: figures.short is not None,
        lambda figures: (
            f"{significant(figures.sustained or 0.0)} instead of {significant(figures.short or 0.0)} samples/s"
        ),
    ),
    "memory_grows": FlagKind(
        "takes more memory with every call",
        lambda figures: figures.memory_growth is not None,
        lambda figures: f"memory grows by {_kib(figures.memory_growth or 0.0)} a call",
    ),
    "launch_bound": FlagKind(
        "is held back by the host, which takes as long to enqueue", lambda figures: figures.launch_bound
    ),
    "mostly_rejected": FlagKind(
        "lost more than half of its slices to disturbances, so that its figures rest on few,",
        lambda figures: figures.rejected > MOST_REJECTED,
        lambda figures: f"{percent(figures.rejected)} of them",
    ),
}
"""In the order in which they are told."""


def flags_of(figures: Figures) -> tuple[Flag, ...]:
    """Return the flags that hold."""
    return tuple(flag for flag, kind in FLAGS.items() if kind.holds(figures))
