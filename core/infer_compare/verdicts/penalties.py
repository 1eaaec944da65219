"""How far the speed of a model that an importer rendered is from that of a native one, as measured.

The figures are those of `benchmarks/importers.py`, imported against native in one process: the largest difference, in
either direction, among the models of a kind. An import may be slower, or faster, as where TensorFlow folds constants that
a native model holds in variables: neither is a difference between frameworks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.results import ModelKind

PENALTIES: dict[str, dict[ModelKind, float]] = {
    "torch": {"convolution": 0.043, "attention": 0.005},
    "tensorflow": {"convolution": 0.067, "attention": 0.023},
}
"""By backend and kind of model: relative."""


def penalty(backend: str, kind: ModelKind) -> float:
    """Return by how much the speed of an imported model may differ from a native one's.

    A kind that was not measured has the largest figure of its backend; an importer that was never measured, such as that
    of a third party, has the largest of all importers.

    Args:
        backend: the one whose importer rendered the model.
        kind: of the model.
    """
    known = PENALTIES.get(backend)
    if known is None:
        return max(penalty(measured, kind) for measured in PENALTIES)
    return known.get(kind, max(known.values()))
