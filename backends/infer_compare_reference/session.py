"""A session that runs a model in the evaluator of the `onnx` package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx.reference import ReferenceEvaluator
from threadpoolctl import threadpool_info, threadpool_limits

from infer_compare.backends import Session, TensorSpec, UnsupportedModel, load_onnx, name_batch, precision_of
from infer_compare.backends.onnx_graphs import read_specs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.backends import Array, Batch


_UNKNOWN = re.compile(r"Node type '(?P<operator>\w+)' from domain '(?P<domain>[\w.]*)' is unknown")
"""The evaluator's message about an operator that it lacks."""


@dataclass(slots=True, eq=False)
class Slot:
    """A staged batch by input name, and the outputs of its last run."""

    feeds: dict[str, Any]
    outputs: list[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A model with an implementation for each node."""

    evaluator: Any
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @classmethod
    def read(cls, path: Path) -> Loaded:
        """Return the model in a file.

        Raises:
            UnsupportedModel: a node has no reference implementation.
            ModelError: the file cannot be read.
        """
        model = load_onnx(path)
        try:
            evaluator = ReferenceEvaluator(model)
        except (NotImplementedError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
            if (match := _UNKNOWN.search(reason)) is not None:
                reason = f"it has no operator {'.'.join(filter(None, (match['domain'], match['operator'])))}"
            raise UnsupportedModel(f"The reference evaluator cannot take {path}: {reason}.") from error
        return cls(evaluator, *name_batch(*read_specs(model)))


class ReferenceSession(Session[Slot]):
    """A model evaluated node by node, by numpy."""

    def __init__(self, loaded: Loaded, threads: int) -> None:
        """Store a loaded model, and limit the threads of matrix products in this process."""
        self._evaluator: Any = loaded.evaluator
        threadpool_limits(limits=threads)
        self.inputs = loaded.inputs
        self.outputs = loaded.outputs

    @property
    def effective(self) -> Mapping[str, str]:
        """The threads of numpy's matrix products; everything else runs on one thread."""
        threads = max((pool["num_threads"] for pool in threadpool_info()), default=1)
        return {"threads": str(threads), "precision": precision_of([*self.inputs, *self.outputs])}

    def stage(self, batch: Batch, into: Slot | None = None) -> Slot:
        """Keep the arrays by name."""
        slot = into or Slot({}, [])
        slot.feeds = {spec.name: array for spec, array in zip(self.inputs, batch, strict=True)}
        slot.outputs = []
        return slot

    def run(self, staged: Slot) -> None:
        """Evaluate every node."""
        staged.outputs = self._evaluator.run(None, staged.feeds)

    def synchronize(self) -> None:
        """Do nothing: every call has ended when it returns."""

    def fetch(self, staged: Slot) -> Sequence[Array]:
        """Return copies of the outputs."""
        return [np.array(output) for output in staged.outputs]

    def release(self, staged: Slot) -> None:
        """Drop the arrays."""
        staged.feeds = {}
        staged.outputs = []

    def close(self) -> None:
        """Drop the evaluator with its weights."""
        self._evaluator = None
