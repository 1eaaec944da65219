"""The thread budget: told as the framework says it, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.environment.threads import usable_cores
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from infer_compare.testing.conformance.child import Threads
    from infer_compare.testing.conformance.subject import Subject

SLACK = 0.3
"""Of a core; the framework's bookkeeping."""


@check("threads", slow=True)
def check_thread_budget_is_told(subject: Subject) -> None:
    """`effective` tells the number of threads that the framework says it uses, and it is the budget."""
    for budget in (1, 2):
        told = _observe(subject, budget).told
        if told is None:
            raise Violation(
                "`effective` tells no `threads`; tell what the framework says after the budget was applied."
            )
        if not told.isdecimal():
            raise NotApplicable(f"the backend takes no thread budget: it says {told!r}")
        if int(told) != budget:
            raise Violation(
                f"With a budget of {budget}, `effective` tells {told} threads; apply `self.settings.threads` before the "
                "framework starts its threads."
            )


@check("threads", slow=True)
def check_thread_budget_is_kept(subject: Subject) -> None:
    """With a budget of one thread, no more than one computes at a time."""
    if usable_cores() < 2:
        raise NotApplicable("needs two cores")
    seen = _observe(subject, 1)
    if seen.told is not None and not seen.told.isdecimal():
        raise NotApplicable(f"the backend takes no thread budget: it says {seen.told!r}")
    if seen.busy > 1 + SLACK:
        raise Violation(
            f"With a budget of one thread, {seen.busy:.1f} cores are busy at a time; apply `self.settings.threads` to every "
            "pool of the framework and of its libraries."
        )


def _observe(subject: Subject, budget: int) -> Threads:
    device = subject.device
    if device.kind != "cpu":
        raise NotApplicable("the work is not done by the processor")
    example = subject.example("heavy")
    with subject.session(example):
        pass
    return subject.threads(example, budget)
