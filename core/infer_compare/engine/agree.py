"""The phase that compares what the contenders computed, before anything is timed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.engine.member import Member, Setback
from infer_compare.engine.outputs import SINGLE_ROWS, BrokenOutput, Outputs
from infer_compare.interfaces import OperatingPoint
from infer_compare.models.agreement import compare, sample_rows, tolerance
from infer_compare.results import Agreement
from infer_compare.worker.protocol import Explore, Explored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from infer_compare.engine.contenders import Route
    from infer_compare.engine.events import Observer
    from infer_compare.engine.member import Terms
    from infer_compare.engine.pool import InputPool
    from infer_compare.results import AgreementVerdict, Run

ORACLE_BATCHES = (1, 3)
"""Batch sizes at which the slow reference is asked when no contender runs the model natively."""
UNLIKE_ALONE = "a row of a batch differs from the same row run alone"


def ask_oracle(
    route: Route, terms: Terms, pool: InputPool, folder: Path, sizes: Sequence[int], observer: Observer
) -> Outputs | None:
    """What the reference implementation computes, or None where it cannot run the model."""
    folder.mkdir(parents=True, exist_ok=True)
    outputs = Outputs(folder)
    observer.starting("agree", route.label)
    with Member(route, terms) as member:
        try:
            member.start(0, pool, timing=False)
            for row in range(SINGLE_ROWS):
                request = Explore(point=OperatingPoint(1), calls=1, outputs=str(folder), rows=(0,), first_row=row)
                outputs.accept(request, member.ask(request, Explored, phase="agree"))
            for size in sizes:
                request = Explore(point=OperatingPoint(size), calls=1, outputs=str(folder), rows=sample_rows(size))
                outputs.accept(request, member.ask(request, Explored, phase="agree"))
        except (Setback, BrokenOutput) as refusal:
            reason = refusal.outcome if isinstance(refusal, Setback) else refusal
            observer.note("agreement", f"the reference could not be asked: {reason}")
            return None
    return outputs


def agree(
    run: Run,
    points: Mapping[str, Sequence[OperatingPoint]],
    outputs: Mapping[str, Outputs],
    *,
    judge: str,
    oracle: Outputs | None,
) -> list[Agreement]:
    """Compares every contender with the reference at every operating point that it runs.

    Args:
        run: as it stands, for names, effective precisions and the user's tolerance.
        points: the operating points of each contender.
        outputs: what each contender computed.
        judge: the contender whose outputs are the reference.
        oracle: what the reference implementation computed, where it was asked.
    """
    court = _Court(run, judge, outputs[judge], oracle)
    return [court.verdict(label, outputs[label], point) for label, its in points.items() for point in its]


class _Court:
    """The reference, and the rule by which outputs are compared with it."""

    def __init__(self, run: Run, judge: str, judged: Outputs, oracle: Outputs | None) -> None:
        self._run = run
        self._judge = judge
        self._judged = judged
        self._rows = _rows(judged)
        self._oracle = oracle
        self._names = [spec.name for spec in run.header.model.outputs]

    def verdict(self, label: str, outputs: Outputs, point: OperatingPoint) -> Agreement:
        source, reference = self._reference(label, point)
        rtol = self._run.header.plan.rtol or _tolerance(self._run, label, self._judge)
        if rtol is None:
            reason = f"nothing says how far {_precision(self._run, label)} may differ; say so with --rtol"
            return Agreement(
                contender=label, reference=source, point=point, verdict="inconclusive", reason=reason, rtol=0.0
            )
        if size := outputs.too_large(point.batch):
            reason = f"its outputs have {size / 2**30:.1f} GiB, too much to be compared in the memory of this machine"
            return Agreement(
                contender=label, reference=source, point=point, verdict="inconclusive", reason=reason, rtol=rtol
            )
        try:
            mine = outputs.of(point.batch) or []
            consistent = _consistent(mine, outputs.rows(), point.batch, rtol)
        except BrokenOutput as broken:
            return Agreement(
                contender=label, reference=source, point=point, verdict="differs", reason=str(broken), rtol=rtol
            )
        if reference is None:
            return self._alone(label, point, rtol, consistent)
        verdict, reason, comparisons = compare(
            reference,
            mine,
            self._names,
            rtol=rtol,
            precision=_coarser(self._run, label, self._judge),
            others=self._rows if self._rows is not None and len(self._rows) == len(reference) else None,
            input_name=next((one.name for one in self._run.header.model.inputs), "NAME"),
        )
        if consistent is False and verdict != "differs":
            verdict, reason = "differs", UNLIKE_ALONE
        return Agreement(
            contender=label,
            reference=source,
            point=point,
            verdict=verdict,
            reason=reason,
            rtol=rtol,
            outputs=comparisons,
            row_consistent=consistent,
        )

    def _reference(self, label: str, point: OperatingPoint) -> tuple[str, list[NDArray[Any]] | None]:
        """Whose outputs are the reference at a point, and these outputs."""
        if self._oracle is not None and (label == self._judge or point.batch in ORACLE_BATCHES):
            asked = _of(self._oracle, point.batch)
            if asked is not None:
                return "reference", asked
        return self._judge, _of(self._judged, point.batch)

    def _alone(self, label: str, point: OperatingPoint, rtol: float, consistent: bool | None) -> Agreement:
        """Where the reference did not run: rows that agree alone must come out the same in this batch."""
        verdicts: dict[bool | None, AgreementVerdict] = {True: "agrees", False: "differs", None: "inconclusive"}
        reasons = {True: "", False: UNLIKE_ALONE, None: "the reference did not run this batch size"}
        return Agreement(
            contender=label,
            reference=label,
            point=point,
            verdict=verdicts[consistent],
            reason=reasons[consistent],
            rtol=rtol,
            row_consistent=consistent,
        )


def _of(outputs: Outputs, batch: int) -> list[NDArray[Any]] | None:
    """The reference's outputs; None where there are none that can be read."""
    try:
        return outputs.of(batch)
    except BrokenOutput:
        return None


def _rows(outputs: Outputs) -> list[NDArray[Any]] | None:
    """The reference's first rows, each run alone; None where there are none that can be read."""
    try:
        return outputs.rows()
    except BrokenOutput:
        return None


def _tolerance(run: Run, label: str, judge: str) -> float | None:
    """The tolerance for two contenders' effective precisions, or None where there is none for one of them."""
    try:
        return tolerance(_precision(run, label), _precision(run, judge))
    except ValueError:
        return None


def _precision(run: Run, label: str) -> str:
    """The precision that is effective in a contender."""
    start = run.start(label)
    return (start.effective if start else {}).get("precision", "float32")


def _coarser(run: Run, label: str, judge: str) -> str:
    """The coarser precision of two contenders; that of most models where one is unknown and a tolerance was given."""
    try:
        return max((_precision(run, one) for one in (label, judge)), key=tolerance)
    except ValueError:
        return "float32"


def _consistent(batch: list[NDArray[Any]], singles: list[NDArray[Any]] | None, size: int, rtol: float) -> bool | None:
    """Whether the first rows of a batch equal the same rows run alone; None where that cannot be told."""
    if singles is None or len(singles) != len(batch):
        return None
    import numpy as np

    # The rows written for a batch are a sample: only those that were also run alone can be compared.
    written = sample_rows(size)
    shared = [(place, row) for place, row in enumerate(written) if row < SINGLE_ROWS]
    for together, alone in zip(batch, singles, strict=True):
        if together.ndim == 0 or together.shape[1:] != alone.shape[1:] or len(together) != len(written):
            return False
        if not np.issubdtype(together.dtype, np.number):
            continue
        scale = float(np.max(np.abs(alone.astype(np.float64)), initial=0.0))
        for place, row in shared:
            difference = np.abs(together[place].astype(np.float64) - alone[row].astype(np.float64))
            if float(np.max(difference, initial=0.0)) > rtol * scale:
                return False
    return True
