"""A backend that does to a model what the model's name says; loaded by its file."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, ClassVar

from infer_compare.backends import UnsupportedModel, load_onnx
from infer_compare.planted.wrapped import WrappedSession
from infer_compare_reference import ReferenceBackend

if TYPE_CHECKING:
    from infer_compare.backends import Device, ModelSource


class Wrong(WrappedSession):
    """Adds a half to every output."""

    def fetch(self, staged: Any) -> Any:
        """Wrong by a half."""
        return [one + one.dtype.type(0.5) for one in super().fetch(staged)]


class Moody(ReferenceBackend):
    """Sound for a model of any other name."""

    name: ClassVar[str] = "moody"

    def load(self, model: ModelSource) -> Any:
        """Does what the name says."""
        sys.stdout.write(f"loading {model.name}\n")
        sys.stdout.flush()
        if model.name == "crashes":
            os.kill(os.getpid(), signal.SIGKILL)
        if model.name == "hangs":
            time.sleep(1000)
        if model.name == "raises":
            raise ZeroDivisionError("a day off")
        if model.name == "refused":
            raise UnsupportedModel("The operator Add is not supported.")
        return model.name, super().load(model)

    def to_device(self, loaded: Any, device: Device) -> Any:
        """Wrong for models called so."""
        name, model = loaded
        session = super().to_device(model, device)
        return Wrong(session) if name == "wrong" else session


class Ill(Moody):
    """Ends its process as soon as it is used."""

    name: ClassVar[str] = "ill"

    def version(self) -> str:
        """Never says it."""
        raise SystemExit("no licence")


class Narrow(ReferenceBackend):
    """Knows three operators, of which it computes `Neg` wrong."""

    name: ClassVar[str] = "narrow"

    def load(self, model: ModelSource) -> Any:
        """Refuses all models with other operators."""
        operators = {node.op_type for node in load_onnx(model.path).graph.node}
        if unknown := sorted(operators - {"Abs", "Neg", "Relu"}):
            raise UnsupportedModel(f"The operator {unknown[0]} is not supported.")
        return operators, super().load(model)

    def to_device(self, loaded: Any, device: Device) -> Any:
        """Wrong for models with `Neg`."""
        operators, model = loaded
        session = super().to_device(model, device)
        return Wrong(session) if "Neg" in operators else session
