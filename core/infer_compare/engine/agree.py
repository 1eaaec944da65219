"""The phase that compares what the contenders computed, before anything is timed.

No contender is right by its place in the list: outputs are compared with each other, and where two groups disagree the
reference evaluator decides, else how the contenders came by the model. Where that leaves a tie, nobody is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from infer_compare.engine.coupling import rows_of
from infer_compare.engine.evaluator import EVALUATED_BATCHES, LARGEST_EVALUATED
from infer_compare.engine.outputs import BrokenOutput
from infer_compare.engine.standing import Standing, groups, outranking, reference_of
from infer_compare.models.agreement import compare, tolerance
from infer_compare.models.odd_one_out import odd_one_out
from infer_compare.results import Agreement

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from infer_compare.engine.coupling import Rows
    from infer_compare.engine.outputs import Outputs
    from infer_compare.engine.standing import Group
    from infer_compare.interfaces import OperatingPoint, Provenance
    from infer_compare.models.agreement import Comparison
    from infer_compare.results import Run

    Arrays = Sequence[NDArray[Any]]

EVALUATOR = "reference evaluator"
"""How records name the reference evaluator where it is not one of the contenders."""
RANDOM = "the model is random or keeps state: the same batch run twice gives different outputs"


class Candidate(NamedTuple):
    """A contender as the comparison sees it."""

    backend: str
    provenance: Provenance
    outputs: Outputs
    evaluates: bool = False
    """Whether it is the reference evaluator, with the model of the run."""


def agree(
    run: Run,
    points: Mapping[str, Sequence[OperatingPoint]],
    candidates: Mapping[str, Candidate],
    *,
    evaluate: Callable[[Sequence[int]], Outputs | None],
    quantized: Callable[[], bool] = lambda: False,
) -> list[Agreement]:
    """Compare all contenders with each other at every operating point that they run.

    Args:
        run: as it stands, for names, effective precisions and the user's tolerance.
        points: the operating points of each contender.
        candidates: the contenders by label.
        evaluate: asks the reference evaluator at batch sizes; None where it cannot run the model.
        quantized: whether the model computes in eight-bit integers.
    """
    comparison = _Phase(run, candidates, evaluate, quantized=quantized)
    ordered = sorted({point for its in points.values() for point in its})
    found = comparison.all({point: [label for label, its in points.items() if point in its] for point in ordered})
    return [found[label, point] for label, its in points.items() for point in its]


def odd_ones(run: Run, candidates: Mapping[str, Candidate]) -> list[str]:
    """Return a sentence on a contender that agrees, and is much further from the others than these from each other.

    Args:
        run: with the agreements.
        candidates: the contenders by label.
    """
    points = sorted({one.point for one in run.agreements if one.point.batch > 1})
    for point in points[:1]:
        agreeing = [
            one.contender
            for one in run.agreements
            if one.point == point and one.verdict == "agrees" and one.contender in candidates
        ]
        precisions = {label: (start.effective if (start := run.start(label)) else {}) for label in agreeing}
        fine = [label for label in agreeing if precisions[label].get("precision", "float32") == "float32"]
        outputs = {label: arrays for label in fine if (arrays := _of(candidates[label].outputs, point.batch))}
        found = odd_one_out(outputs)
        if found is not None:
            text = (
                f"{found.label} agrees within the tolerance at {point}, but its outputs are {found.distance:.1g} of the "
                f"largest value away from those of the others, which are {found.others:.1g} apart"
            )
            return [text]
    return []


class _Phase:
    """Everything that comparing takes."""

    def __init__(
        self,
        run: Run,
        candidates: Mapping[str, Candidate],
        evaluate: Callable[[Sequence[int]], Outputs | None],
        *,
        quantized: Callable[[], bool],
    ) -> None:
        self._run = run
        self._candidates = candidates
        self._evaluate = evaluate
        self._quantized = quantized
        self._evaluated: Outputs | None = None
        self._specs = run.header.model.outputs
        self._names = [spec.name for spec in self._specs]
        self._input = next((one.name for one in run.header.model.inputs), "NAME")
        self._known: dict[tuple[str, str, int], Comparison] = {}
        self._found: dict[tuple[str, OperatingPoint], Agreement] = {}
        self._right: set[str] = set()
        """Contenders that the evaluator has confirmed where others disagreed with them."""

    def all(self, points: Mapping[OperatingPoint, Sequence[str]]) -> dict[tuple[str, OperatingPoint], Agreement]:
        """Return the verdict on every contender at every point."""
        native = any(one.provenance == "native" for one in self._candidates.values())
        if not native:
            self._evaluated = self._evaluate(EVALUATED_BATCHES)
        parted = {point: self._parted(point, labels) for point, labels in points.items()}
        disputed = [point.batch for point, its in parted.items() if len(its) > 1]
        if native and disputed and not self._own:
            small = [size for size in disputed if size <= LARGEST_EVALUATED]
            sizes = sorted({*EVALUATED_BATCHES} & {*disputed}) or small[:1]
            self._evaluated = self._evaluate(sizes) if sizes else None
        for point, its in parted.items():
            self._confirm(point, its)
        for point, its in parted.items():
            self._decide(point, its)
        return self._found

    def _parted(self, point: OperatingPoint, labels: Sequence[str]) -> tuple[Group, ...]:
        """Return the contenders whose outputs can be compared, by groups that agree; settle the others."""
        able = [label for label in labels if self._readable(label, point)]
        shapes = {label: self._candidates[label].outputs.misshapen(point.batch, self._specs) for label in able}
        if any(not words for words in shapes.values()):
            # Only against one that has the declared shape: a file may declare a wrong one.
            whole = next(label for label in able if not shapes[label])
            for label in able:
                if shapes[label]:
                    self._settle(label, point, "differs", shapes[label], reference=whole)
            able = [label for label in able if not shapes[label]]
        random = [label for label in able if self._random(label, point)]
        steady = [label for label in able if label not in random]
        for label in random:
            if steady:
                reason = "it is random or keeps state: the same batch run twice gives different outputs"
                self._settle(label, point, "differs", reason, reference=steady[0])
            else:
                self._settle(label, point, "inconclusive", RANDOM)
        standings = [self._standing(label) for label in steady]
        return groups(standings, lambda one, other: self._compare(one, other, point.batch).verdict == "differs")

    def _readable(self, label: str, point: OperatingPoint) -> bool:
        """Whether outputs can be compared at all; settles those that cannot."""
        outputs = self._candidates[label].outputs
        if self._rtol(label) is None:
            reason = f"nothing says how far {self._precision(label)} may differ; say so with --rtol"
            self._settle(label, point, "inconclusive", reason)
        elif size := outputs.too_large(point.batch):
            reason = f"its outputs have {size / 2**30:.1f} GiB, too much to be compared in the memory of this machine"
            self._settle(label, point, "inconclusive", reason)
        else:
            try:
                written = outputs.of(point.batch)
                outputs.again(point.batch)
                outputs.rows()
            except BrokenOutput as broken:
                self._settle(label, point, "differs", str(broken))
            else:
                if written is not None:
                    return True
                self._settle(label, point, "inconclusive", "it wrote no outputs at this batch size")
        return False

    def _random(self, label: str, point: OperatingPoint) -> bool:
        """Whether the same batch gave other outputs the second time, beyond the tolerance."""
        outputs = self._candidates[label].outputs
        first, second = outputs.of(point.batch), outputs.again(point.batch)
        if first is None or second is None:
            return False
        found = compare(
            first,
            second,
            self._names,
            rtol=self._rtol(label) or 0.0,
            precision=self._known_precision(label),
            axes=_axes(outputs, first),
        )
        return found.verdict == "differs"

    def _confirm(self, point: OperatingPoint, parted: Sequence[Group]) -> None:
        """Note which of several groups the evaluator agrees with."""
        if len(parted) < 2:
            return
        # A contender that is the evaluator needs no other.
        own = [group for group in parted if any(self._candidates[one.label].evaluates for one in group)]
        if not (own or self._asked(point.batch)):
            return
        right = own or [group for group in parted if not self._refuted(group, point.batch)]
        if len(right) == 1:
            self._right.update(one.label for one in right[0])

    def _asked(self, batch: int) -> bool:
        """Whether there is what the evaluator computes for a batch."""
        return self._evaluated is not None and _of(self._evaluated, batch) is not None

    @property
    def _own(self) -> bool:
        """Whether the evaluator is one of the contenders."""
        return any(one.evaluates for one in self._candidates.values())

    def _refuted(self, group: Group, batch: int) -> bool:
        return self._compare(EVALUATOR, reference_of(group).label, batch).verdict == "differs"

    def _decide(self, point: OperatingPoint, parted: Sequence[Group]) -> None:
        """Settle the contenders of all groups at a point."""
        asked = self._asked(point.batch)
        native = any(one.provenance == "native" for one in self._candidates.values())
        if asked and not native:
            for one in (one for group in parted for one in group):
                self._compared(one.label, EVALUATOR, point)
            return
        if len(parted) < 2:
            for group in parted:
                self._agreeing(group, point)
            return
        confirmed = [group for group in parted if any(one.label in self._right for one in group)]
        right = confirmed[0] if len(confirmed) == 1 else outranking(parted)
        for group in parted:
            if group is right:
                self._agreeing(group, point, accompanied=True)
                continue
            other = right or next(one for one in parted if one is not group)
            reference = reference_of(other).label
            if asked and reference_of(other).tolerance > reference_of(group).tolerance:
                # Nothing of lower precision is the reference for what is more precise.
                reference = EVALUATOR
            if right is None:
                ending = f"; it is not known which of {_listed(parted)} is right"
            elif confirmed and reference != EVALUATOR:
                ending = f"; the reference evaluator agrees with {reference}"
            else:
                ending = ""
            for one in group:
                self._compared(one.label, reference, point, ending=ending, verdict="differs")

    def _agreeing(self, group: Group, point: OperatingPoint, *, accompanied: bool = False) -> None:
        """Settle contenders that agree with each other."""
        reference = reference_of(group)
        alone = len(group) == 1 and len(self._candidates) > 1 and not accompanied
        for one in group:
            if alone and not self._disputes(point, one.label):
                self._unaccompanied(one.label, point)
            else:
                self._compared(one.label, reference.label, point)

    def _disputes(self, point: OperatingPoint, label: str) -> bool:
        """Whether others were compared with this contender at a point, and lost."""
        return any(
            other != label and at == point and one.reference == label for (other, at), one in self._found.items()
        )

    def _unaccompanied(self, label: str, point: OperatingPoint) -> None:
        """Settle a contender that no other can be compared with here: its rows must come out as they do alone."""
        rows = self._rows(label, point)
        reason = "no other contender ran this batch size"
        if rows != "alike":
            reason += ", and its rows could not be checked" if rows is None else ", and its rows depend on each other"
        self._settle(label, point, "agrees" if rows == "alike" else "inconclusive", reason if rows != "alike" else "")

    def _compared(
        self, label: str, reference: str, point: OperatingPoint, *, ending: str = "", verdict: str | None = None
    ) -> None:
        found = self._compare(reference, label, point.batch)
        rows = self._rows(label, point)
        self._found[label, point] = Agreement(
            contender=label,
            reference=reference,
            point=point,
            verdict=verdict or found.verdict,  # type: ignore[arg-type]
            reason=(found.reason or ("its outputs are those of no other group" if ending else "")) + ending,
            rtol=self._pair_rtol(label, reference),
            outputs=found.outputs,
            row_consistent=None if rows is None else rows == "alike",
            rows_within_precision=rows == "within" if rows in {"within", "beyond"} else None,
        )

    def _settle(
        self, label: str, point: OperatingPoint, verdict: str, reason: str, *, reference: str | None = None
    ) -> None:
        rows = self._rows(label, point) if verdict == "agrees" else None
        self._found[label, point] = Agreement(
            contender=label,
            reference=reference or label,
            point=point,
            verdict=verdict,  # type: ignore[arg-type]
            reason=reason,
            rtol=self._rtol(label) or 0.0,
            row_consistent=None if rows is None else rows == "alike",
        )

    def _rows(self, label: str, point: OperatingPoint) -> Rows | None:
        outputs = self._candidates[label].outputs
        if point.batch == 1:
            return "alike" if _singles(outputs) is not None else None
        batch = _of(outputs, point.batch)
        if batch is None:
            return None
        return rows_of(
            batch,
            _singles(outputs),
            outputs.axes(),
            point.batch,
            rtol=self._rtol(label) or 0.0,
            precision=self._known_precision(label),
            quantized=self._quantized,
        )

    def _compare(self, one: str, other: str, batch: int) -> Comparison:
        """Return the comparison of two contenders, of which the first is taken as right, or the evaluator."""
        key = (one, other, batch)
        if key not in self._known:
            left, right = (self._outputs(label) for label in (one, other))
            singles = _singles(left), _singles(right)
            places: Sequence[int | None]
            first, second = _of(left, batch) or [], _of(right, batch) or []
            if batch == 1 and singles[0] is not None and singles[1] is not None:
                # Several rows, each run alone, show more than one.
                first, second = singles[0], singles[1]
                others = None
                places = [0 if axis is None else axis for axis in left.axes()]
            else:
                others = singles[0] if singles[0] is not None and len(singles[0]) == len(first) else None
                places = _axes(left, first)
            self._known[key] = compare(
                first,
                second,
                self._names,
                rtol=self._pair_rtol(one, other),
                precision=max((self._known_precision(label) for label in (one, other)), key=tolerance),
                axes=places,
                others=others,
                input_name=self._input,
            )
        return self._known[key]

    def _outputs(self, label: str) -> Outputs:
        if label == EVALUATOR and label not in self._candidates:
            assert self._evaluated is not None
            return self._evaluated
        return self._candidates[label].outputs

    def _standing(self, label: str) -> Standing:
        candidate = self._candidates[label]
        return Standing(label, candidate.backend, candidate.provenance, tolerance(self._known_precision(label)))

    def _rtol(self, label: str) -> float | None:
        """The tolerance for a contender, or None where there is none for its precision and none was given."""
        try:
            return self._run.header.plan.rtol or tolerance(self._precision(label))
        except ValueError:
            return None

    def _pair_rtol(self, one: str, other: str) -> float:
        return max(self._rtol(label) or 0.0 for label in (one, other) if label in self._candidates)

    def _precision(self, label: str) -> str:
        """The precision that is effective in a contender."""
        start = self._run.start(label)
        return (start.effective if start else {}).get("precision", "float32")

    def _known_precision(self, label: str) -> str:
        """The same, or that of most models where a tolerance was given for one that is unknown."""
        if label not in self._candidates:
            return "float64"
        precision = self._precision(label)
        try:
            tolerance(precision)
        except ValueError:
            return "float32"
        return precision


def _axes(outputs: Outputs, arrays: Arrays) -> list[int | None]:
    """The batch axis of each of these arrays."""
    axes = list(outputs.axes())
    return [axes[index] if index < len(axes) else 0 for index in range(len(arrays))]


def _of(outputs: Outputs, batch: int) -> Arrays | None:
    """The outputs of a batch; None where there are none that can be read."""
    try:
        return outputs.of(batch)
    except BrokenOutput:
        return None


def _singles(outputs: Outputs) -> Arrays | None:
    """The first rows, each run alone; None where there are none that can be read."""
    try:
        return outputs.rows()
    except BrokenOutput:
        return None


def _listed(parted: Sequence[Group]) -> str:
    return " and ".join(reference_of(group).label for group in parted)
