"""Checks of precisions: each declared precision is used and reported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.errors import BackendUnusable, DeviceUnavailable, UnsupportedModel
from infer_compare.models.precision import known
from infer_compare.testing.conformance.computing import compute, disagreement, same
from infer_compare.testing.conformance.models import BUILDERS
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.rounding import FULL, unlike
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.interfaces import Session
    from infer_compare.testing.conformance.models import Example
    from infer_compare.testing.conformance.subject import Subject

ROWS = 16
FEW_ROWS = 8
"""Rows that suffice to recognise a precision; other checks cover larger batches."""


@check("options")
def check_precisions_are_effective(subject: Subject) -> None:
    """A session that is made for a declared precision says that it computes in it."""
    for precision, _, session in _sessions(subject):
        effective = session.effective.get("precision", "")
        try:
            name = known(effective)
        except ValueError:
            name = effective
        if name != precision:
            raise Violation(
                f"Asked for {precision}, `effective` reports the precision {effective!r}; apply `self.settings.precision`, and "
                "report what the framework says, or leave it out of `Capabilities.precisions`."
            )


@check("options")
def check_precisions_agree(subject: Subject) -> None:
    """In each declared precision outputs agree with the reference, within the tolerance of that precision."""
    for precision, example, session in _sessions(subject):
        outputs = compute(session, example.batch(ROWS))
        reason = disagreement(session, example, outputs, example.expected(ROWS), precision)
        if reason:
            raise Violation(f"In {precision}, of the model {example.name} at batch {ROWS}, {reason}.")


@check("options")
def check_precisions_are_computed_in(subject: Subject) -> None:
    """In a declared precision of fewer than 24 bits outputs are not those of float32, nor those rounded at the end."""
    for precision, example, session in _sessions(subject):
        outputs = compute(session, example.batch(ROWS))
        with subject.session(example) as plain:
            full = plain.effective.get("precision") in FULL
            expected = compute(plain, example.batch(ROWS))
        if full and precision not in FULL and same(outputs, expected):
            raise Violation(
                f"In {precision} the outputs of the model {example.name} are those of float32, bit by bit; compute in the "
                "precision of `self.settings.precision`, or leave it out of `Capabilities.precisions`."
            )
        if reason := unlike(precision, outputs, example, ROWS):
            raise Violation(
                f"In {precision} {reason}; compute in the precision of `self.settings.precision`, or leave it out of "
                "`Capabilities.precisions`."
            )


@check("options")
def check_told_precision_is_computed_in(subject: Subject) -> None:
    """Without a precision asked for, errors are as large as the precision that the session reports makes them."""
    example = subject.simplest
    if example.name not in BUILDERS:
        raise NotApplicable("no model of the kit runs, by whose exact outputs errors can be measured")
    with subject.session(example) as session:
        effective = session.effective.get("precision", "")
        outputs = compute(session, example.batch(FEW_ROWS))
    if reason := unlike(effective, outputs, example, FEW_ROWS):
        raise Violation(
            f"`effective` reports {effective}, and {reason}; report the precision that the framework computes in."
        )


def _sessions(subject: Subject) -> Iterator[tuple[str, Example, Session[Any]]]:
    """Yield each declared precision other than float32, with a model that the backend takes in it, and a session of it.

    Raises:
        NotApplicable: there is none.
    """
    declared = [name for name in subject.backend.capabilities.precisions if name != "float32"]
    if not declared:
        raise NotApplicable("no precision but float32 is declared")
    refusals: list[str] = []
    for precision in declared:
        try:
            session = subject.in_precision(subject.simplest, precision)
        except (UnsupportedModel, DeviceUnavailable, BackendUnusable) as error:
            refusals.append(f"{precision}: {error}")
            continue
        yield precision, subject.simplest, session
    if len(refusals) == len(declared):
        raise NotApplicable(f"the backend refuses the model {subject.simplest.name} in {'; '.join(refusals)}")
