"""Checks of a data set: its arrays, and that a seed reproduces them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from infer_compare.plugins.registration import Unfit, read_dataset
from infer_compare.testing.checking import Check, PluginReport, run_checks
from infer_compare.testing.conformance.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from infer_compare.interfaces import BuiltinDataset

    Arrays = Mapping[str, NDArray[Any]]


def check_dataset(dataset: BuiltinDataset) -> PluginReport:
    """Check a data set by loading it three times in this process.

    Args:
        dataset: as the hook returns it.
    """
    checks = _DatasetChecks(dataset)
    return run_checks(
        "dataset",
        str(dataset.name),
        (
            Check("declared", "name and summary are there", checks.declared),
            Check("arrays", "it returns an array of numbers, or arrays by the names of inputs", checks.arrays),
            Check("rows", "all arrays have the same number of rows, at least one", checks.rows),
            Check("finite", "there is no NaN and no infinity in it", checks.finite),
            Check("repeatable", "the same seed makes the same rows", checks.repeatable),
            Check("any_seed", "another seed makes rows of the same shapes and types", checks.any_seed),
            Check("slices", "rows can be cut into batches", checks.slices),
        ),
    )


class _DatasetChecks:
    def __init__(self, dataset: BuiltinDataset) -> None:
        self._dataset = dataset

    def declared(self) -> None:
        try:
            read_dataset(self._dataset, ())
        except Unfit as unfit:
            raise Violation(f"{unfit}.") from None
        if not self._dataset.summary.strip():
            raise Violation("`summary` is empty; say in one line what the rows are.")

    def arrays(self) -> None:
        for name, array in self._made.items():
            if not isinstance(name, str):
                raise Violation(f"it has the key {name!r}; keys are the names of the model's inputs.")
            if array.dtype.kind not in "fiub" or array.ndim == 0:
                raise Violation(f"{name!r} is {array.dtype} with {array.ndim} axes; return numbers, one row a sample.")

    def rows(self) -> None:
        counts = {name: len(array) for name, array in self._made.items()}
        if not counts or min(counts.values()) == 0 or len(set(counts.values())) != 1:
            raise Violation(f"the numbers of rows are {counts or 'none'}; every array needs the same, at least 1.")

    def finite(self) -> None:
        import numpy as np

        for name, array in self._made.items():
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise Violation(f"{name!r} holds NaN or infinity; what a model makes of that cannot be compared.")

    def repeatable(self) -> None:
        import numpy as np

        again = self._load(0)
        for name, array in self._made.items():
            if name not in again or not np.array_equal(array, again[name]):
                raise Violation(
                    f"{name!r} was another one when it was loaded again with the seed 0; draw from the seed alone."
                )

    def any_seed(self) -> None:
        def form(arrays: Arrays) -> dict[str, object]:
            return {name: (array.shape[1:], array.dtype) for name, array in arrays.items()}

        if form(self._load(1)) != form(self._made):
            raise Violation("shapes, types or names depend on the seed; only values may.")

    def slices(self) -> None:
        for name, array in self._made.items():
            half = len(array) // 2
            parts = array[:half], array[half:]
            if sum(map(len, parts)) != len(array):
                raise Violation(f"{name!r} cannot be cut along its first axis.")

    @cached_property
    def _made(self) -> Arrays:
        return self._load(0)

    def _load(self, seed: int) -> Arrays:
        import numpy as np

        made = self._dataset.load(seed)
        arrays = made if isinstance(made, dict) else {"data": made}
        return {name: np.asarray(value) for name, value in arrays.items()}
