"""Notes about flagged points: the words of every entry of `FLAGS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infer_compare.results import Note
from infer_compare.stats.wording import duration, listing, percent, significant
from infer_compare.verdicts.flags import FLAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from infer_compare.verdicts.figures import Figures
    from infer_compare.verdicts.flags import Flag


class FlagWords(NamedTuple):
    """The words of a flag."""

    phrase: str
    """The phrase between the contender's name and the operating points."""
    detail: Callable[[Figures], str] = lambda _: ""
    """The detail of one operating point, in parentheses."""


def _kib(size: float) -> str:
    return f"{significant(size / 1024, 2)} KiB"


FLAG_WORDS: dict[Flag, FlagWords] = {
    "not_steady": FlagWords("was still getting faster or slower when its warm-up ended"),
    "bimodal": FlagWords(
        "has calls that cluster around two durations",
        lambda figures: " and ".join(map(duration, figures.modes_ns or ())),
    ),
    "drift": FlagWords(
        "got steadily slower or faster while it was measured", lambda figures: percent(figures.drift or 0.0)
    ),
    "page_fault_bound": FlagWords(
        "spends more than a tenth of its processor time in the kernel, on page faults,",
        lambda figures: f"{significant(figures.minor_faults_per_call or 0.0)} a call",
    ),
    "oversubscribed": FlagWords("uses more threads than there are cores", lambda figures: str(figures.active_threads)),
    "unbalanced": FlagWords(
        "has instances that are slower than others",
        lambda figures: f"the slowest makes {percent(figures.balance or 0.0)} of the calls of the fastest",
    ),
    "power_capped": FlagWords("is held back by the GPU's power limit"),
    "swapped": FlagWords("read pages from disk or went into swap while it was tried, which makes its figures suspect,"),
    "sustained": FlagWords(
        "has a different throughput in the long run, which is reported,",
        lambda figures: (
            f"{significant(figures.sustained or 0.0)} instead of {significant(figures.short or 0.0)} samples/s"
        ),
    ),
    "memory_grows": FlagWords(
        "takes more memory with every call",
        lambda figures: f"memory grows by {_kib(figures.memory_growth or 0.0)} a call",
    ),
    "launch_bound": FlagWords(
        "is limited by the host, which takes as long to enqueue a batch as the device to run it,"
    ),
    "mostly_rejected": FlagWords(
        "lost more than half of its slices to disturbances, so few are left,",
        lambda figures: f"{percent(figures.rejected)} of them",
    ),
}


def flag_notes(labels: Iterable[str], figures: Sequence[Figures]) -> Iterable[Note]:
    """Yield a note for each contender and flag, with the operating points that have it."""
    for label in labels:
        own = [point for point in figures if point.contender == label]
        for flag, kind in FLAGS.items():
            if flagged := [point for point in own if kind.holds(point)]:
                yield Note(topic=flag, text=f"{label} {flag_words(flag, flagged)}")


def flag_words(flag: Flag, flagged: Sequence[Figures]) -> str:
    """Return the phrase about a flag of some points of one contender, to follow its name."""
    words = FLAG_WORDS[flag]
    details = [(str(point.point), words.detail(point)) for point in flagged]
    where = listing([f"{point} ({detail})" if detail else point for point, detail in details])
    return f"{words.phrase} at {where}"
