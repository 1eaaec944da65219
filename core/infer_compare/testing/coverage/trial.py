"""Runs a case with a backend: right, refused or wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from infer_compare.errors import UnsupportedModel
from infer_compare.foreign import described, one_line, text_of
from infer_compare.interfaces import Device, ModelSource, OperatingPoint, Settings
from infer_compare.interruption import is_interrupt
from infer_compare.models.agreement import compare, tolerance
from infer_compare.plugins import Plugins, read_options
from infer_compare.scratch import Scratch
from infer_compare.testing.coverage.record import Trial

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.interfaces import Backend, Session
    from infer_compare.interfaces.backend import Array
    from infer_compare.testing.coverage.case import Case


def processor_backend(name: str) -> Backend[Any]:
    """Return an installed backend with its default options and one thread, set up in this process."""
    kind = Plugins.discover().find(name).backend
    backend = kind(Settings(options=read_options(kind, {}), threads=1))
    backend.version()
    return backend


def verdict_on(backend: Backend[Any], case: Case) -> Trial:
    """Run a case, again with constants if it is refused, and return the result."""
    trial = attempt(backend, case)
    if trial.verdict != "refused" or case.kind != "node" or len(case.inputs) < 2 or not case.numeric:
        return trial
    again = attempt(backend, case.with_constants())
    match again.verdict:
        case "refused":
            return trial
        case "right":
            return Trial("constant", trial.message)
        case _:
            return Trial(again.verdict, f"with constants: {again.message}")


def attempt(backend: Backend[Any], case: Case) -> Trial:
    """Run a case, and compare its outputs."""
    with Scratch() as folder:
        try:
            message = compute(backend, case, folder)[1]
        except UnsupportedModel as error:
            return Trial("refused", _without(folder, text_of(error)))
        except BaseException as error:
            # Any exception of the backend is a fault.
            if is_interrupt(error):
                raise
            return Trial("raised", _without(folder, described(error)))
    return Trial("wrong", message) if message else Trial("right", "")


def _without(folder: Path, text: str) -> str:
    """Return a text with the paths of a folder's files shortened to their names, since the folder's name changes."""
    return text.replace(f"{folder}{os.sep}", "")


def compute(backend: Backend[Any], case: Case, folder: Path) -> tuple[list[Array], str]:
    """Return the outputs of a case, and what is wrong with them; empty if nothing is, or the correct outputs are unknown.

    Args:
        backend: the backend.
        case: the case.
        folder: the folder for the model file.

    Raises:
        UnsupportedModel: the backend refuses the model.
    """
    path = folder / "case.onnx"
    path.write_bytes(case.model.SerializeToString())
    native = "onnx" in backend.capabilities.formats
    source = ModelSource(
        format="onnx", location=str(path), name=case.name, provenance="native" if native else "imported"
    )
    with backend.to_device(backend.load(source), _device(backend)) as session:
        # After loading, since the model may be refused for inputs that are not arrays.
        inputs = [as_array(value) for value in case.inputs]
        try:
            session.prepare(OperatingPoint(len(inputs[0]) if inputs and inputs[0].ndim else 1))
        except Exception as error:
            # A node test has no batch axis, and its sizes and divisors must not be the zeros with which a session warms up.
            if case.kind == "model" or isinstance(error, UnsupportedModel):
                raise
        slot = session.stage(inputs)
        session.run(slot)
        session.synchronize()
        outputs = list(session.fetch(slot))
        return outputs, _problem(session, case, outputs) if case.outputs else ""


def _device(backend: Backend[Any]) -> Device:
    """Return the CPU, or the first device of a backend that does not support it."""
    devices = backend.devices()
    return next((device for device in devices if device.kind == "cpu"), devices[0] if devices else Device("cpu"))


def _problem(session: Session[Any], case: Case, outputs: Sequence[Array]) -> str:
    if len(outputs) != len(case.outputs):
        return f"{len(outputs)} outputs instead of {len(case.outputs)}"
    if case.kind == "model":
        precision = session.effective.get("precision", "float32")
        names = [output.name for output in session.outputs]
        return one_line(compare(case.outputs, outputs, names, rtol=tolerance(precision), precision=precision).reason)
    for expected, output in zip(case.outputs, outputs, strict=True):
        message = difference(as_array(expected), output, case.rtol, case.atol)
        if message:
            return message
    return ""


def as_array(value: Any) -> Array:  # noqa: ANN401 - as the `onnx` package gives it
    """Return an input or output of a case, which may be an array, a number or an ONNX tensor, as an array."""
    import numpy as np
    from onnx import TensorProto, numpy_helper

    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.array(value)


def difference(expected: Array, actual: Array, rtol: float, atol: float) -> str:
    """Return what differs; empty if nothing does."""
    import ml_dtypes
    import numpy as np

    if expected.dtype != actual.dtype:
        return f"dtype {actual.dtype} instead of {expected.dtype}"
    if expected.shape != actual.shape:
        return f"shape {actual.shape} instead of {expected.shape}"
    if expected.dtype.kind == "f" or expected.dtype.name == "bfloat16":
        # The error of a small difference of large numbers is limited by the dtype.
        unit = max(1e-6, float(ml_dtypes.finfo(expected.dtype).eps))  # type: ignore[no-untyped-call]
        expected, actual = expected.astype(np.float64), actual.astype(np.float64)
        atol = max(atol, unit * float(np.max(np.abs(expected[np.isfinite(expected)]), initial=0)))
    if not np.allclose(actual, expected, rtol=rtol, atol=atol, equal_nan=True):
        return f"values differ by up to {np.nanmax(np.abs(actual.astype(float) - expected.astype(float))):.3g}"
    return ""
