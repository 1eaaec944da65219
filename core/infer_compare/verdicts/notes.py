"""What a reader should know before trusting the figures, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infer_compare.results import Note
from infer_compare.stats.wording import count, duration, listing, percent, significant
from infer_compare.verdicts.cautions import rows_notes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from infer_compare.results import Point, Run
    from infer_compare.verdicts.figures import Figures


def derive_notes(run: Run, points: Iterable[Point], figures: Sequence[Figures]) -> tuple[Note, ...]:
    """The notes that the run itself recorded, then those that follow from its records and figures."""
    derived = (
        *_damage(run),
        *_ending(run),
        *_conditions(run),
        *_models(run),
        *rows_notes(run),
        *_budgets(run, points),
        *_flags(run.labels, figures),
        *_verdicts(run),
    )
    return (*run.notes, *derived)


def _damage(run: Run) -> Iterable[Note]:
    if run.damage:
        text = f"the run file is damaged: {'; '.join(run.damage)}; what these lines held is not in this report"
        yield Note(topic="damaged", text=text)


def _ending(run: Run) -> Iterable[Note]:
    if run.closing is None:
        yield Note(topic="interrupted", text="the run was interrupted; this is what it had recorded until then")
    elif run.closing.state != "complete":
        why = f": {run.closing.reason}" if run.closing.reason else ""
        yield Note(topic=run.closing.state, text=f"the run was {run.closing.state} before its end{why}")


def _conditions(run: Run) -> Iterable[Note]:
    if not run.header.environment.schedstat:
        yield Note(
            topic="contention",
            text="this platform does not tell how long threads waited for a processor, so that other processes may "
            "have slowed a contender unseen",
        )


def _models(run: Run) -> Iterable[Note]:
    for label in run.labels:
        start = run.start(label)
        if start is not None and start.provenance == "imported":
            yield Note(
                topic="imported",
                text=f"the model of {label} is our rendering of the graph; its speed is not quite that of a native one",
            )


def _budgets(run: Run, points: Iterable[Point]) -> Iterable[Note]:
    threads = run.header.plan.threads
    excess: dict[str, list[str]] = {}
    for one in points:
        if one.excess_cores is not None:
            excess.setdefault(one.contender, []).append(f"{one.point} ({significant(one.excess_cores, 2)} cores)")
    for label, where in excess.items():
        text = (
            f"{label} exceeds its budget of {count(threads, 'thread')} at {listing(where)}: these points are not ranked, and a "
            "quieter machine would not change that"
        )
        yield Note(topic="threads", text=text)


def _verdicts(run: Run) -> Iterable[Note]:
    if len(run.labels) > 1:
        yield Note(
            topic="unadjusted",
            text="verdicts at single operating points are adjusted for the number of points, and not for that of "
            "contenders; those of best against best are, by Holm's method",
        )


def _kib(size: float) -> str:
    return f"{significant(size / 1024, 2)} KiB"


class _Flag(NamedTuple):
    topic: str
    phrase: str
    holds: Callable[[Figures], bool]
    detail: Callable[[Figures], str] = lambda _: ""


_FLAGS = (
    _Flag("not_steady", "had not reached a steady state when its warm-up was cut off", lambda one: one.not_steady),
    _Flag(
        "bimodal",
        "has two speeds",
        lambda one: one.bimodal,
        lambda one: f" ({' and '.join(map(duration, one.modes_ns or ()))})",
    ),
    _Flag(
        "drift",
        "drifted while it was measured",
        lambda one: one.drifting,
        lambda one: f" ({percent(one.drift or 0.0)})",
    ),
    _Flag(
        "page_fault_bound",
        "spends more than a tenth of its processor time in the kernel, on page faults,",
        lambda one: one.page_fault_bound,
        lambda one: f" ({significant(one.minor_faults_per_call or 0.0)} a call)",
    ),
    _Flag(
        "memory_grows",
        "takes more memory with every call",
        lambda one: one.memory_growth is not None,
        lambda one: f" (memory grows by {_kib(one.memory_growth or 0.0)} a call)",
    ),
    _Flag("launch_bound", "is held back by the host, which takes as long to enqueue", lambda one: one.launch_bound),
    _Flag("power_capped", "is held back by the GPU's power limit", lambda one: one.power_capped),
    _Flag(
        "swapped",
        "read pages from disk or went into swap while it was tried, so that its figures are suspect,",
        lambda one: one.swapped,
    ),
    _Flag(
        "sustained",
        "has another throughput in the long run than in short slices, which replaces it,",
        lambda one: one.short is not None,
        lambda one: f" ({significant(one.sustained or 0.0)} instead of {significant(one.short or 0.0)} samples/s)",
    ),
    _Flag(
        "oversubscribed",
        "uses more threads than there are cores",
        lambda one: one.oversubscribed,
        lambda one: f" ({one.active_threads})",
    ),
)


def _flags(labels: Iterable[str], figures: Sequence[Figures]) -> Iterable[Note]:
    for label in labels:
        for flag in _FLAGS:
            flagged = [one for one in figures if one.contender == label and flag.holds(one)]
            if flagged:
                where = listing([f"{one.point}{flag.detail(one)}" for one in flagged])
                yield Note(topic=flag.topic, text=f"{label} {flag.phrase} at {where}")
