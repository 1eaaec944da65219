"""Comparisons of contenders' outputs, in pairs and with themselves, each made at most once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from infer_compare.models.agreement import TOLERANCES, compare, tolerance
from infer_compare.models.inputs import other_input
from infer_compare.phases.coupling import Exactness, rows_of
from infer_compare.phases.outputs import BrokenOutput
from infer_compare.phases.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from infer_compare.interfaces import OperatingPoint, Provenance
    from infer_compare.models.agreement import Comparison
    from infer_compare.phases.coupling import Rows
    from infer_compare.phases.outputs import Outputs
    from infer_compare.results import Run

    Arrays = Sequence[NDArray[Any]]

EVALUATOR = "reference evaluator"
"""The name of the reference evaluator in records, if it is not one of the contenders."""


class Candidate(NamedTuple):
    """A contender with its outputs."""

    backend: str
    provenance: Provenance
    outputs: Outputs
    evaluates: bool = False
    """Whether it is the reference evaluator, with the model of the run."""


class Candidates:
    """The contenders whose outputs are compared, and the reference evaluator."""

    def __init__(self, run: Run, candidates: Mapping[str, Candidate], *, quantized: Callable[[], bool]) -> None:
        """Compares nothing yet.

        Args:
            run: so far, for names, effective precisions and the user's tolerance.
            candidates: the contenders by label.
            quantized: returns whether the model computes in eight-bit integers.
        """
        self._run = run
        self._candidates = candidates
        self._quantized = quantized
        self._names = [spec.name for spec in run.header.model.outputs]
        self._other_input = other_input(run.header.model.inputs)
        self._known: dict[tuple[str, str, OperatingPoint], Comparison] = {}
        self.evaluated: Outputs | None = None
        """The outputs of the reference evaluator; None if it was not asked or cannot run the model."""
        self.native = any(candidate.provenance == "native" for candidate in candidates.values())
        """Whether any contender runs the model natively."""
        self.coarse = bool(candidates) and all(not self.precise(label) for label in candidates)
        """Whether all contenders have less than single precision."""
        self.evaluating = frozenset(label for label, candidate in candidates.items() if candidate.evaluates)
        """The contenders that are the reference evaluator themselves."""

    def __len__(self) -> int:
        """Return the number of contenders."""
        return len(self._candidates)

    def outputs(self, label: str) -> Outputs:
        """Return the outputs of a contender, or those of the evaluator."""
        if label == EVALUATOR and label not in self._candidates:
            assert self.evaluated is not None
            return self.evaluated
        return self._candidates[label].outputs

    def evaluated_at(self, point: OperatingPoint) -> bool:
        """Return whether the outputs of the evaluator at a point are known."""
        return self.evaluated is not None and batch_outputs(self.evaluated, point) is not None

    def standing(self, label: str) -> Standing:
        """Return the properties that decide how much weight a contender's outputs have."""
        candidate = self._candidates[label]
        return Standing(label, candidate.backend, candidate.provenance, tolerance(self._known_precision(label)))

    def precise(self, label: str) -> bool:
        """Return whether a contender has at least single precision, so that it can be a reference for all others."""
        return tolerance(self._known_precision(label)) <= TOLERANCES["float32"]

    def differ(self, reference: str, label: str, point: OperatingPoint) -> bool:
        """Return whether a contender differs from a reference at a point."""
        return self.compare(reference, label, point).verdict == "differs"

    def compare(self, reference: str, label: str, point: OperatingPoint) -> Comparison:
        """Return the comparison of a contender with a reference: another contender, or the evaluator."""
        key = (reference, label, point)
        if key not in self._known:
            self._known[key] = self._compare(reference, label, point)
        return self._known[key]

    def _compare(self, reference: str, label: str, point: OperatingPoint) -> Comparison:
        left, right = self.outputs(reference), self.outputs(label)
        singles = single_rows(left, point), single_rows(right, point)
        first, second = batch_outputs(left, point) or [], batch_outputs(right, point) or []
        places: Sequence[int | None]
        if point.batch == 1 and singles[0] is not None and singles[1] is not None:
            # There are several rows that were each run alone, which show more than a single row.
            first, second = singles[0], singles[1]
            others = None
            places = [0 if axis is None else axis for axis in left.axes()]
        else:
            others = singles[0] if singles[0] is not None and len(singles[0]) == len(first) else None
            places = _axes(left, first)
        return compare(
            first,
            second,
            self._names,
            rtol=self.pair_tolerance(reference, label),
            precision=max(self._known_precision(reference), self._known_precision(label), key=tolerance),
            axes=places,
            others=others,
            other_input=self._other_input,
        )

    def random(self, label: str, point: OperatingPoint) -> bool:
        """Return whether the same batch gave different outputs, beyond the tolerance, when it was run again."""
        outputs = self._candidates[label].outputs
        first, second = outputs.of(point), outputs.again(point)
        if first is None or second is None:
            return False
        comparison = compare(
            first,
            second,
            self._names,
            rtol=self.tolerance(label) or 0.0,
            precision=self._known_precision(label),
            axes=_axes(outputs, first),
        )
        return comparison.verdict == "differs"

    def rows(self, label: str, point: OperatingPoint) -> Rows | None:
        """Return whether the first rows of a batch equal the same rows run alone; None if that is not known."""
        outputs = self._candidates[label].outputs
        if point.batch == 1:
            return "alike" if single_rows(outputs, point) is not None else None
        batch = batch_outputs(outputs, point)
        if batch is None:
            return None
        return rows_of(
            batch,
            single_rows(outputs, point),
            outputs.axes(),
            point.batch,
            Exactness(self.tolerance(label) or 0.0, self._known_precision(label), self._quantized),
        )

    def tolerance(self, label: str) -> float | None:
        """Return the tolerance for a contender; None if none was given and there is none for its precision."""
        try:
            return self._run.header.options.rtol or tolerance(self.precision(label))
        except ValueError:
            return None

    def pair_tolerance(self, reference: str, label: str) -> float:
        """Return the tolerance for two contenders, or a contender and the evaluator: the larger of theirs."""
        return max(self.tolerance(label) or 0.0 for label in (reference, label) if label in self._candidates)

    def precision(self, label: str) -> str:
        """Return the precision that is effective in a contender."""
        start = self._run.start(label)
        return (start.effective if start else {}).get("precision", "float32")

    def _known_precision(self, label: str) -> str:
        """Return the precision of a contender, or `float32` if it is not a known one."""
        if label not in self._candidates:
            return "float64"
        precision = self.precision(label)
        try:
            tolerance(precision)
        except ValueError:
            return "float32"
        return precision


def batch_outputs(outputs: Outputs, point: OperatingPoint) -> Arrays | None:
    """Return the outputs of a point; None if there are none or they cannot be read."""
    try:
        return outputs.of(point)
    except BrokenOutput:
        return None


def single_rows(outputs: Outputs, point: OperatingPoint) -> Arrays | None:
    """Return the outputs of the first rows of a point, each run alone; None if there are none or they cannot be read."""
    try:
        return outputs.rows(point)
    except BrokenOutput:
        return None


def _axes(outputs: Outputs, arrays: Arrays) -> list[int | None]:
    """Return the batch axis of each array."""
    axes = list(outputs.axes())
    return [axes[index] if index < len(axes) else 0 for index in range(len(arrays))]
