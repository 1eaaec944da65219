"""Finding the data set of a run, if its options name one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.models.dataset import is_callable, read_dataset
from infer_compare.models.specs import BATCH
from infer_compare.paths import exists

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.models.dataset import Dataset
    from infer_compare.models.resolved_model import ResolvedModel
    from infer_compare.plugins import DatasetEntry
    from infer_compare.preparation.context import PreparationContext


def find_dataset(context: PreparationContext, model: ResolvedModel, sizes: Sequence[int]) -> Dataset | None:
    """Return the named data set, prepared for the model; None if none is named.

    Args:
        context: of the run.
        model: of the run.
        sizes: the requested batch sizes.

    Raises:
        UsageError: the scope needs a data set and none is named, or a batch is larger than the data set.
        InputError: the data set cannot be read, or does not fit the model.
    """
    options = context.options
    if options.data is None:
        if options.scope == "dataset":
            raise UsageError("--scope dataset times passes over a data set; name one with --data.")
        return None
    if options.scope == "dataset" and options.latency_bound_ns is not None:
        raise UsageError(
            "--latency-bound is about single calls, and --scope dataset times whole passes; leave one out."
        )
    if not options.data:
        raise UsageError(
            "--data is empty; name a .npz file, a folder of .npy files, module:function, or a data set of a plugin."
        )
    place = Path(options.data)
    # A file takes precedence over a plugin's data set of the same name.
    brought = None if exists(place) else _brought(context, options.data)
    if brought is not None or is_callable(options.data):
        place = context.scratch / "collected"
        context.model_worker.collect(options.data, place, brought)
    dataset = read_dataset(options.data, place, model.inputs, context.scratch / "dataset")
    too_large = [size for size in sizes if size > dataset.rows]
    other = next((spec for spec in model.inputs if spec.shape[:1] != (BATCH,)), None)
    if options.scope == "dataset" and other is not None:
        raise UsageError(
            f"--scope dataset needs the batch as the first axis of every input, and {other.name!r} is "
            f"[{', '.join(map(str, other.shape))}]; use the scope device or host."
        )
    if options.scope == "dataset" and too_large:
        raise UsageError(
            f"The data set {options.data} has {dataset.rows} samples, fewer than a batch of {too_large[0]}; "
            "leave out larger batch sizes."
        )
    return dataset


def _brought(context: PreparationContext, name: str) -> DatasetEntry | None:
    """Return the data set of that name from a plugin; None if there is none."""
    return next((entry for entry in context.plugins.datasets if entry.dataset.name == name), None)
