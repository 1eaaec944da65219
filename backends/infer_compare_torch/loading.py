"""Loading: a model of any supported format as a module in host memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.backends import UnsupportedModel, name_batch
from infer_compare_torch.loaded import LoadedModel

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.backends import ModelDescription, ModelSource


def describe(model: ModelSource, folder: Path, seed: int) -> ModelDescription:
    """Describe a model that only torch can read; see `Backend.describe`.

    Raises:
        UnsupportedModel: another format, or a callable that makes something else than a torch model.
        ModelError: the model cannot be made or read, or its inputs are not known.
        UntrustedModel: the file may execute code when loaded.
    """
    # `programs` brings torch's compiler along, which takes seconds.
    match model.format:
        case "callable":
            from infer_compare_torch import factories

            return factories.describe(model, folder, seed)
        case "pt2":
            from infer_compare_torch import programs

            return programs.describe(model)
        case _:
            raise UnsupportedModel(f"The torch backend cannot describe a model of the format {model.format}.")


def load(model: ModelSource, seed: int) -> LoadedModel:
    """Return a model as a module.

    Raises:
        UnsupportedModel: another format, or an operator without an import.
        ModelError: it cannot be made or read.
        UntrustedModel: the file may execute code when loaded.
    """
    match model.format:
        case "onnx":
            from infer_compare_torch.importer import import_model

            imported = import_model(model.path, model.inputs)
            inputs, outputs = name_batch(imported.inputs, imported.outputs)
            return LoadedModel(imported.module, inputs, outputs, attentions=imported.attentions)
        case "nn.Module":
            from infer_compare_torch import factories

            return factories.load(model, seed)
        case "pt2":
            from infer_compare_torch import programs

            return programs.load(model)
        case _:
            raise UnsupportedModel(
                f"The torch backend reads .pt2 and ONNX files and modules that a function makes, not models of the format "
                f"{model.format}; torch.onnx.export(..., dynamo=True) writes an ONNX file."
            )
