"""Proves that a batch axis was made free correctly: rows of one batch equal the same rows in batches of the original size."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from infer_compare.errors import InputError
from infer_compare.models.agreement import TOLERANCES
from infer_compare.models.batch_rewrite import Unproved
from infer_compare.models.figures import figures
from infer_compare.models.inputs import resolve_inputs
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.specs import name_batch, precision_of
from infer_compare.models.spread import SPREAD_FACTOR, spread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx
    from numpy.typing import NDArray

    Array = NDArray[Any]

ROWS = 3
"""Number of compared rows."""

RTOL = 1e-5
"""Largest allowed difference, relative to the output's largest value; integers must be equal."""

MOST_FLOPS = 100_000_000_000
MOST_ROWS = 100_000
"""Largest batch in the proof, whatever the operators cost."""
"""Largest total work of a proof, in operations; the evaluator computes about four billion per second on two cores."""


def prove(original: onnx.ModelProto, changed: onnx.ModelProto, fixed: int) -> None:
    """Run both models in the evaluator of the `onnx` package, and compare them row by row.

    Row i of a batch of three different rows must equal the original's output for row i among other rows of its batch size,
    and so must the first row alone.

    Args:
        original: the model in the file, with its weights; its metadata say how inputs are filled.
        changed: the model with a free batch axis.
        fixed: the batch size of the original.

    Raises:
        Unproved: the models differ or cannot be run, outputs hardly depend on the inputs, or the proof would take too long.
    """
    _check_work(changed, fixed)
    rows = _rows(changed)
    before, after = _Evaluated(original, "the model"), _Evaluated(changed, "the rewritten model")
    names = [value.name for value in original.graph.output]
    # Half precision rounds more coarsely than the tolerance.
    precision = precision_of(read_specs(original)[1])
    rtol = TOLERANCES[precision] if precision in {"float16", "bfloat16"} else RTOL
    together = after.run(rows)
    alone = after.run({name: array[:1] for name, array in rows.items()})
    wanted: list[list[Array]] = []
    for row in range(ROWS):
        # The other rows of the batch are different, which exposes a model that mixes rows.
        order = [(row + offset) % ROWS for offset in range(fixed)]
        made = before.run({name: array[order] for name, array in rows.items()})
        wanted.append([array[:1] for array in made])
        for name, whole, ours, single, theirs in zip(names, together, made, alone, wanted[row], strict=True):
            if ours.ndim == 0 or len(ours) != fixed:
                raise Unproved(f"its output {name!r} has no batch axis")
            if whole.shape != (ROWS, *ours.shape[1:]):
                raise Unproved(f"its output {name!r} is then {list(whole.shape)} for {ROWS} rows")
            if not (_same(theirs, whole[row : row + 1], rtol) and (row > 0 or _same(theirs, single, rtol))):
                raise Unproved(f"rows of its output {name!r} then depend on how many there are")
    _check_spread(names, wanted, rtol)


def _check_work(changed: onnx.ModelProto, fixed: int) -> None:
    if fixed > MOST_ROWS:
        raise Unproved(f"checking it needs batches of {fixed} rows; the limit is {MOST_ROWS}")
    flops = figures(changed).flops_per_sample
    if flops is None:
        raise Unproved("the cost of checking it cannot be estimated from its operators")
    work = flops * (ROWS * fixed + ROWS + 1)
    if work > MOST_FLOPS:
        raise Unproved(
            f"the proof would take {work / 1e9:.3g} billion operations, and {MOST_FLOPS / 1e9:.0f} are the limit"
        )


def _rows(changed: onnx.ModelProto) -> Mapping[str, Array]:
    """Return rows for every input, filled as the file's metadata say."""
    import numpy as np

    specs, _ = name_batch(*read_specs(changed))
    metadata = {entry.key: entry.value for entry in changed.metadata_props}
    try:
        plans = resolve_inputs(specs, (), metadata)
    except InputError as error:
        raise Unproved(f"its inputs cannot be made: {str(error).rstrip('.')}") from error
    rows = {}
    for plan in plans:
        assert not hasattr(plan.fill, "path")  # metadata cannot name a file
        rng = np.random.default_rng([0, *plan.name.encode()])
        rows[plan.name] = plan.fill.draw(rng, (ROWS, *plan.sample), plan.dtype)
    return rows


class _Evaluated:
    """A model in the evaluator."""

    def __init__(self, model: onnx.ModelProto, what: str) -> None:
        from onnx.reference import ReferenceEvaluator

        self._what = what
        try:
            self._evaluator: Any = ReferenceEvaluator(model)
        except Exception as error:  # its errors have no common base class
            raise Unproved(f"the reference evaluator cannot take {what} ({_told(error)})") from error

    def run(self, feeds: Mapping[str, Array]) -> list[Array]:
        """Return the outputs."""
        import numpy as np

        (count,) = {len(feed) for feed in feeds.values()}
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                return [np.asarray(output) for output in self._evaluator.run(None, dict(feeds))]
        except Exception as error:  # an operator may raise anything
            rows = "row" if count == 1 else "rows"
            raise Unproved(f"{self._what} fails with {count} {rows} ({_told(error)})") from error


def _told(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _is_float(array: Array) -> bool:
    return array.dtype.kind == "f" or "float" in array.dtype.name


def _same(wanted: Array, got: Array, rtol: float) -> bool:
    import numpy as np

    if wanted.shape != got.shape or wanted.dtype != got.dtype:
        return False
    if not _is_float(wanted):
        return bool(np.array_equal(wanted, got))
    left, right = wanted.astype(np.float64), got.astype(np.float64)
    if not (np.isfinite(left).all() and np.isfinite(right).all()):
        return False
    return float(np.max(np.abs(left - right), initial=0)) <= rtol * float(np.max(np.abs(left), initial=0))


def _check_spread(names: Sequence[str], wanted: Sequence[Sequence[Array]], rtol: float) -> None:
    """Raise `Unproved` if an output hardly differs between rows, which would prove nothing."""
    import numpy as np

    for index, name in enumerate(names):
        rows = np.concatenate([arrays[index] for arrays in wanted])
        depends = spread(rows) > SPREAD_FACTOR * rtol if _is_float(rows) else bool((rows != rows[:1]).any())
        if not depends:
            raise Unproved(f"its output {name!r} hardly depends on the inputs, so nothing can be checked")
