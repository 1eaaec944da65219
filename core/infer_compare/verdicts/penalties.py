"""Measured differences in speed between imported and native models.

The figures come from `benchmarks/importers.py`, which runs both in one process: the largest difference among the models of a
kind, in either direction. An imported model may be slower, or faster, as when TensorFlow folds constants that a native model
holds in variables. Neither is a difference between frameworks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.results import ModelKind

PENALTIES: dict[str, dict[ModelKind, float]] = {
    "torch": {"convolution": 0.043, "attention": 0.005},
    "tensorflow": {"convolution": 0.067, "attention": 0.023},
}
"""Relative differences by backend and kind of model."""


def penalty(backend: str, kind: ModelKind) -> float:
    """Return by how much, relatively, the speed of an imported model may differ from that of a native one.

    For kinds that were not measured it is the largest figure of the backend; for importers that were not measured, such as
    those of third parties, the largest of all.

    Args:
        backend: whose importer rebuilt the model.
        kind: of the model.
    """
    known = PENALTIES.get(backend)
    if known is None:
        return max(penalty(measured, kind) for measured in PENALTIES)
    return known.get(kind, max(known.values()))
