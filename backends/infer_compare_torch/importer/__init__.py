"""ONNX models as torch modules.

The graph is walked once. What comes out is a `torch.fx.GraphModule` whose `forward` is a list of calls of
torch's own functions, with the weights as parameters and sizes as Python numbers: nothing of ONNX is left in
a run, and `torch.compile` and `torch.export` take it as they take any module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import fx
from torch.nn import functional

from infer_compare_torch.importer.assembly import assemble
from infer_compare_torch.importer.reading import read

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import onnx

    from infer_compare.backends import TensorSpec


@dataclass(frozen=True, slots=True)
class Imported:
    """A module with its inputs and outputs."""

    module: fx.GraphModule
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]

    @property
    def attentions(self) -> int:
        """How often torch's function for attention stands in the module."""
        graphs = (module.graph for module in self.module.modules() if isinstance(module, fx.GraphModule))
        return sum(node.target is functional.scaled_dot_product_attention for graph in graphs for node in graph.nodes)


def import_model(model: onnx.ModelProto | Path, known: Sequence[TensorSpec] = ()) -> Imported:
    """Return an ONNX model as a module, in evaluation mode and on the CPU.

    Args:
        model: the model or its file.
        known: sizes of the inputs' free axes, for a file; see `open_onnx`.

    Raises:
        ModelError: the file cannot be read.
        UnsupportedModel: an operator has no import; it is named with its node and opset.
    """
    graph, inferred = read(model, known)
    return Imported(assemble(graph, inferred), graph.inputs, graph.outputs)


def import_onnx(path: Path) -> fx.GraphModule:
    """Return the module of an ONNX file; errors as `import_model`."""
    return import_model(path).module


__all__ = ["Imported", "import_model", "import_onnx"]
