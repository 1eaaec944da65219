"""The phase that compares the outputs of the contenders, before anything is timed."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from infer_compare.phases.agreement import agreements
from infer_compare.phases.candidates import Candidate
from infer_compare.phases.coupling import is_quantized
from infer_compare.phases.evaluator import evaluate
from infer_compare.phases.odd_ones import odd_ones
from infer_compare.request.contenders import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.context import RunContext


def agree(context: RunContext, points: Mapping[str, Sequence[OperatingPoint]]) -> None:
    """Compare the outputs of all contenders, and store the results.

    Args:
        context: of the run, explored.
        points: the operating points of each contender.
    """
    candidates = {label: _candidate(context, label) for label in points}
    known = {(agreement.contender, agreement.point) for agreement in context.run.agreements}
    compared = agreements(
        context.run,
        points,
        candidates,
        evaluate=partial(evaluate, context),
        quantized=cache(partial(_is_quantized, context)),
    )
    for agreement in compared:
        if (agreement.contender, agreement.point) in known:
            continue
        context.journal.add(agreement)
        if agreement.verdict == "differs":
            itself = agreement.contender == agreement.reference
            other = "itself" if itself else agreement.reference
            ranked = context.run.differs(agreement.contender) is None
            context.observer.note(
                "agreement",
                f"{agreement.contender} differs from {other} at {agreement.point}: {agreement.reason}; "
                + ("--allow-error ranks it all the same" if ranked else "it is not ranked"),
            )
    for text in odd_ones(context.run, candidates):
        context.tell("agreement", text)


def _candidate(context: RunContext, label: str) -> Candidate:
    route = context.routes[label]
    spec = route.contender.spec
    return Candidate(
        spec.backend,
        route.model.provenance,
        context.outputs(label),
        evaluates=spec.backend == REFERENCE and spec.model is None,
    )


def _is_quantized(context: RunContext) -> bool:
    routes = context.routes.values()
    return any(is_quantized(route.model.path) for route in routes if route.model.format == "onnx")
