"""Checks of the thread budget: reported as the framework states it, and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.environment.threads import usable_cores
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import DeclaredGap, NotApplicable, Violation

if TYPE_CHECKING:
    from infer_compare.testing.conformance.models import Example
    from infer_compare.testing.conformance.subject import Subject


@check("threads", slow=True)
def check_thread_budget_is_told(subject: Subject) -> None:
    """`effective` tells the number of threads that the framework says it uses, and it is the budget."""
    example = _model(subject)
    for budget, told in ((1, subject.threads(example).told), (2, subject.told_threads(example, 1))):
        if told is None:
            raise Violation(
                "`effective` has no `threads`; report what the framework says after the budget was applied."
            )
        if not told.isdecimal():
            raise DeclaredGap(_declared(told), "no number of threads is reported")
        if int(told) != budget:
            raise Violation(
                f"With a budget of {budget}, `effective` reports {told} threads; apply `self.settings.threads` before the "
                "framework starts its threads."
            )


@check("threads", slow=True)
def check_thread_budget_is_of_one_instance(subject: Subject) -> None:
    """With several instances, `effective` tells the same number of threads: the budget is that of each."""
    try:
        example = _model(subject)
    except NotApplicable:
        example = subject.simplest
    alone, beside = (subject.told_threads(example, instances) or "" for instances in (1, 2))
    if not alone.isdecimal():
        raise NotApplicable("no number of threads is reported: see thread_budget_is_told")
    if beside != alone:
        raise Violation(
            f"With two instances `effective` reports {beside} threads, with one {alone}, at the same budget; do not divide "
            "`self.settings.threads` by `self.settings.instances`."
        )


@check("threads", slow=True)
def check_thread_budget_is_kept(subject: Subject) -> None:
    """With a budget of one thread, no more than one computes at a time."""
    if usable_cores() < 2:
        raise NotApplicable("needs two cores")
    threads = subject.threads(_model(subject))
    told, seen = threads.told, threads.seen
    match seen.finding(1):
        case "kept":
            return
        case "impossible":
            raise NotApplicable(
                f"could not tell: the clocks say that {seen.busy:.1f} cores were busy, and the machine has {seen.cores}"
            )
        case "open":
            raise NotApplicable(
                f"could not tell: the machine is too busy to show whether a second thread computes ({seen.busy:.2f} cores "
                "were got); try again when it is quieter"
            )
        case "exceeded":
            used = f"{seen.busy:.1f} cores are busy at a time"
            if seen.wanted is not None and seen.wanted > seen.busy:
                used = f"{seen.wanted:.1f} threads compute or wait for a core at a time"
            if told is not None and not told.isdecimal():
                raise DeclaredGap(_declared(told), f"with a budget of one thread, {used}")
            raise Violation(
                f"With a budget of one thread, {used}; apply `self.settings.threads` to every pool of the framework and "
                "of its libraries."
            )


def _declared(told: str) -> str:
    return f"`effective` says threads: {told}"


def _model(subject: Subject) -> Example:
    """Return a model with much work for the CPU.

    Raises:
        NotApplicable: the backend refuses the model, or does not compute on the CPU of this process.
    """
    if subject.device.kind != "cpu":
        raise NotApplicable("the work is not done by the processor")
    if subject.backend.capabilities.remote:
        raise NotApplicable("the work is done elsewhere, and the thread budget is the client's")
    example = subject.example("heavy")
    with subject.session(example):
        return example
