"""Agreement between contenders, and the choice of a reference when they disagree.

The order of contenders plays no role. Outputs are compared with each other. If two groups disagree, the reference evaluator
decides; without it, the group whose contenders got the model most directly is right. A tie leaves the question open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.phases.candidates import EVALUATOR, Candidates
from infer_compare.phases.evaluator import EVALUATED_BATCHES, LARGEST_EVALUATED
from infer_compare.phases.outputs import BrokenOutput
from infer_compare.phases.standing import groups, outranking, reference_of
from infer_compare.planner.points import every_point, labels_at
from infer_compare.results import Agreement, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infer_compare.interfaces import OperatingPoint, TensorSpec
    from infer_compare.phases.candidates import Candidate
    from infer_compare.phases.outputs import Outputs
    from infer_compare.phases.standing import Group, Standing
    from infer_compare.planner.points import Points
    from infer_compare.results import Run

RANDOM = "the model is random or keeps state: the same batch run twice gives different outputs"


def agreements(
    run: Run,
    points: Points,
    candidates: Mapping[str, Candidate],
    *,
    evaluate: Callable[[Sequence[OperatingPoint]], Outputs | None],
    quantized: Callable[[], bool] = lambda: False,
) -> list[Agreement]:
    """Compare all contenders with each other at every operating point that they run.

    Args:
        run: so far, for names, effective precisions and the user's tolerance.
        points: the operating points of each contender.
        candidates: the contenders by label.
        evaluate: returns the outputs of the reference evaluator at some points; None if it cannot run the model.
        quantized: returns whether the model computes in eight-bit integers.
    """
    phase = _Phase(run.header.model.outputs, Candidates(run, candidates, quantized=quantized), evaluate)
    verdicts = phase.all({point: labels_at(point, points) for point in every_point(points)})
    return [verdicts[label, point] for label, sizes in points.items() for point in sizes]


class _Phase:
    """Determines the verdicts on all contenders."""

    def __init__(
        self,
        specs: Sequence[TensorSpec],
        candidates: Candidates,
        evaluate: Callable[[Sequence[OperatingPoint]], Outputs | None],
    ) -> None:
        self._specs = specs
        self._candidates = candidates
        self._evaluate = evaluate
        self._agreements: dict[tuple[str, OperatingPoint], Agreement] = {}
        self._right: set[str] = set()
        """Contenders that the evaluator confirmed when others disagreed with them."""

    def all(self, points: Mapping[OperatingPoint, Sequence[str]]) -> dict[tuple[str, OperatingPoint], Agreement]:
        """Return the verdict on every contender at every point."""
        if not self._candidates.native:
            asked = {point.with_batch(size) for point in points for size in EVALUATED_BATCHES}
            self._candidates.evaluated = self._evaluate(sorted(asked))
        parted = {point: self._parted(point, labels) for point, labels in points.items()}
        disputed = [point for point, at_point in parted.items() if len(at_point) > 1]
        unsure = disputed or (sorted(parted)[:1] if self._candidates.coarse else [])
        if self._candidates.native and unsure and not self._candidates.evaluating:
            small = [point for point in unsure if point.batch <= LARGEST_EVALUATED]
            chosen = [point for point in small if point.batch in EVALUATED_BATCHES] or small[:1]
            self._candidates.evaluated = self._evaluate(chosen) if chosen else None
        for point, at_point in parted.items():
            self._confirm(point, at_point)
        for point, at_point in parted.items():
            self._decide(point, at_point)
        return self._agreements

    def _parted(self, point: OperatingPoint, labels: Sequence[str]) -> tuple[Group, ...]:
        """Settle contenders whose outputs cannot be compared, and return the others in groups that agree."""
        able = [label for label in labels if self._readable(label, point)]
        shapes = {label: self._candidates.outputs(label).misshapen(point, self._specs) for label in able}
        if any(not words for words in shapes.values()):
            # Unless all outputs have another shape than declared: then the file declares a wrong one.
            whole = next(label for label in able if not shapes[label])
            for label in able:
                if shapes[label]:
                    self._settle(label, point, "differs", shapes[label], reference=whole)
            able = [label for label in able if not shapes[label]]
        random = [label for label in able if self._candidates.random(label, point)]
        steady = [label for label in able if label not in random]
        for label in random:
            if steady:
                reason = "it is random or keeps state: the same batch run twice gives different outputs"
                self._settle(label, point, "differs", reason, reference=steady[0])
            else:
                self._settle(label, point, "inconclusive", RANDOM)
        standings = [self._candidates.standing(label) for label in steady]
        return groups(standings, lambda reference, label: self._candidates.differ(reference, label, point))

    def _readable(self, label: str, point: OperatingPoint) -> bool:
        """Return whether a contender's outputs can be compared; settle the contender if not."""
        outputs = self._candidates.outputs(label)
        if self._candidates.tolerance(label) is None:
            reason = f"no tolerance is known for {self._candidates.precision(label)}; give one with --rtol"
            self._settle(label, point, "inconclusive", reason)
        elif size := outputs.too_large(point):
            reason = f"its outputs have {size / 2**30:.1f} GiB, too much to be compared in the memory of this machine"
            self._settle(label, point, "inconclusive", reason)
        else:
            try:
                written = outputs.of(point)
                outputs.again(point)
                outputs.rows(point)
            except BrokenOutput as broken:
                self._settle(label, point, "differs", str(broken))
            else:
                if written is not None:
                    return True
                self._settle(label, point, "inconclusive", "it wrote no outputs at this batch size")
        return False

    def _confirm(self, point: OperatingPoint, parted: Sequence[Group]) -> None:
        """Record the group with which the evaluator agrees, if there are several."""
        if len(parted) < 2:
            return
        # If a contender is itself the evaluator, its group counts as confirmed.
        evaluating = [
            group for group in parted if any(standing.label in self._candidates.evaluating for standing in group)
        ]
        if not (evaluating or self._candidates.evaluated_at(point)):
            return
        right = evaluating or [
            group for group in parted if not self._candidates.differ(EVALUATOR, reference_of(group).label, point)
        ]
        finest = min((reference_of(group).tolerance for group in right), default=0.0)
        right = [group for group in right if reference_of(group).tolerance <= finest]
        if len(right) == 1:
            self._right.update(standing.label for standing in right[0])

    def _decide(self, point: OperatingPoint, parted: Sequence[Group]) -> None:
        """Settle the contenders of all groups at a point."""
        asked = self._candidates.evaluated_at(point)
        if asked and (self._candidates.coarse or not self._candidates.native):
            for standing in (standing for group in parted for standing in group):
                self._compared(standing.label, EVALUATOR, point)
            return
        if len(parted) < 2:
            for group in parted:
                self._agreeing(group, point)
            return
        confirmed = [group for group in parted if any(standing.label in self._right for standing in group)]
        right = confirmed[0] if len(confirmed) == 1 else outranking(parted)
        for group in parted:
            if group is right:
                self._agreeing(group, point, accompanied=True)
                continue
            other = right or next(rest for rest in parted if rest is not group)
            reference = reference_of(other).label
            if asked and reference_of(other).tolerance > reference_of(group).tolerance:
                # A contender of lower precision cannot be the reference for a more precise one.
                reference = EVALUATOR
            if right is None:
                ending = f"; it is not known which of {_listed(parted)} is right"
            elif confirmed and reference != EVALUATOR:
                ending = f"; the reference evaluator agrees with {reference}"
            else:
                ending = ""
            for standing in group:
                if right and standing.tolerance > reference_of(right).tolerance and self._like(right, standing, point):
                    self._compared(standing.label, reference_of(right).label, point)
                else:
                    self._compared(standing.label, reference, point, ending=ending, verdict="differs")

    def _like(self, group: Group, standing: Standing, point: OperatingPoint) -> bool:
        """Return whether a contender agrees with the reference of another group."""
        return not self._candidates.differ(reference_of(group).label, standing.label, point)

    def _agreeing(self, group: Group, point: OperatingPoint, *, accompanied: bool = False) -> None:
        """Settle contenders that agree with each other."""
        reference = reference_of(group)
        alone = len(group) == 1 and len(self._candidates) > 1 and not accompanied
        for standing in group:
            if alone and not self._disputes(point, standing.label):
                self._unaccompanied(standing.label, point)
            else:
                self._compared(standing.label, reference.label, point)

    def _disputes(self, point: OperatingPoint, label: str) -> bool:
        """Return whether this contender is the reference for a verdict on another one at a point."""
        return any(
            other != label and at == point and agreement.reference == label
            for (other, at), agreement in self._agreements.items()
        )

    def _unaccompanied(self, label: str, point: OperatingPoint) -> None:
        """Settle a contender without others to compare with: each row of its batch must equal the row run alone."""
        rows = self._candidates.rows(label, point)
        reason = "no other contender ran this batch size"
        if rows != "alike":
            reason += ", and its rows could not be checked" if rows is None else ", and its rows depend on each other"
        self._settle(label, point, "agrees" if rows == "alike" else "inconclusive", reason if rows != "alike" else "")

    def _compared(
        self, label: str, reference: str, point: OperatingPoint, *, ending: str = "", verdict: str | None = None
    ) -> None:
        comparison = self._candidates.compare(reference, label, point)
        rows = self._candidates.rows(label, point)
        # Each comparison is scaled by its reference, so A may differ from B although B does not differ from A.
        reason = comparison.reason if verdict in {None, comparison.verdict} else "its outputs differ"
        self._agreements[label, point] = Agreement(
            contender=label,
            reference=reference,
            point=point,
            verdict=verdict or comparison.verdict,  # type: ignore[arg-type]
            reason=reason + ending,
            rtol=self._candidates.pair_tolerance(label, reference),
            outputs=comparison.outputs,
            error=OutputError.worst(output.error for output in comparison.outputs)
            if reference != label or self._candidates.precise(label)
            else None,
            recognizable=comparison.recognizable,
            row_consistent=None if rows is None else rows == "alike",
            rows_within_precision=rows == "within" if rows in {"within", "beyond"} else None,
        )

    def _settle(
        self, label: str, point: OperatingPoint, verdict: str, reason: str, *, reference: str | None = None
    ) -> None:
        rows = self._candidates.rows(label, point) if verdict == "agrees" else None
        self._agreements[label, point] = Agreement(
            contender=label,
            reference=reference or label,
            point=point,
            verdict=verdict,  # type: ignore[arg-type]
            reason=reason,
            rtol=self._candidates.tolerance(label) or 0.0,
            row_consistent=None if rows is None else rows == "alike",
        )


def _listed(parted: Sequence[Group]) -> str:
    return " and ".join(reference_of(group).label for group in parted)
