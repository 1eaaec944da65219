"""Classifies exceptions of ONNX Runtime, without importing it.

Its classes derive only from `Exception`, and a run with bound inputs and outputs raises a plain `RuntimeError` with the same
text, so out of memory is recognised by class *and* text.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from infer_compare.backends import (
    Classification,
    FailureKind,
    ModelError,
    UnsupportedModel,
    chain,
    class_names,
    classify_common,
    text_of,
)

if TYPE_CHECKING:
    from pathlib import Path

MODULE = "onnxruntime.capi.onnxruntime_pybind11_state"
CARRIERS = frozenset(
    {
        f"{MODULE}.Fail",
        f"{MODULE}.RuntimeException",
        f"{MODULE}.EPFail",
        "builtins.RuntimeError",
    }
)
"""Classes of observed allocation failures."""

OOM_TEXTS = (
    "failed to allocate memory for requested buffer",
    "is smaller than requested bytes",
    "cuda failure 2:",
    "cuda error 2:",
    "out of memory",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "cudamalloc",
)
FATAL_TEXTS = (
    "cuda failure 700:",  # illegal memory access
    "cuda failure 710:",  # device-side assertion
    "cuda failure 719:",  # unspecified launch failure
    "illegal memory access",
    "device-side assert",
    "unspecified launch failure",
)
"""Errors after which the CUDA context, and hence the process, is unusable."""
AMBIGUOUS_TEXTS = ("cudnn_status_not_supported",)
AMBIGUOUS_FATAL_TEXTS = ("cublas_status_not_initialized", "cudnn_status_not_initialized")
"""Messages with several possible causes, memory pressure among them."""

GARBAGE_FACTOR = 8
"""A request for more than this multiple of the physical memory comes from a miscomputed shape."""

_REQUEST = re.compile(r"requested (?:buffer of size|bytes of) (\d+)")


def classify(error: BaseException, physical_bytes: int | None = None) -> Classification:
    """Classify an exception; `physical_bytes` is the machine's memory, by default that of this machine."""
    common = classify_common(error)
    if common.kind is not FailureKind.NO:
        return common
    for cause in chain(error):
        if class_names(cause).isdisjoint(CARRIERS):
            continue
        text = text_of(cause)
        if any(part in text for part in FATAL_TEXTS):
            return Classification(FailureKind.NO, fatal=True)
        if any(part in text for part in OOM_TEXTS):
            return Classification(FailureKind.NO if _is_garbage(text, physical_bytes) else FailureKind.OOM)
        if any(part in text for part in AMBIGUOUS_FATAL_TEXTS):
            return Classification(FailureKind.AMBIGUOUS, fatal=True)
        if any(part in text for part in AMBIGUOUS_TEXTS):
            return Classification(FailureKind.AMBIGUOUS)
    return Classification(FailureKind.NO)


def _is_garbage(text: str, physical_bytes: int | None) -> bool:
    request = _REQUEST.search(text)
    if request is None:
        return False
    if physical_bytes is None:
        physical_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(request[1]) > GARBAGE_FACTOR * physical_bytes


_UNSUPPORTED_TEXTS = (
    "no op registered for",
    "is not a registered function/op",
    "unsupported model ir version",
    "onnx runtime only *guarantees* support",
)
_PREFIX = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (?:Load model from .*? failed:)?")
_SOURCE_PLACE = re.compile(r"/onnxruntime_src/\S+:\d+ .*?\) (?=[A-Z])")


def explain(error: BaseException, path: Path) -> ModelError | None:
    """Return the error about the model with which ONNX Runtime failed to create a session; None for other errors."""
    if type(error).__module__ != MODULE or classify(error).kind is not FailureKind.NO:
        return None
    kind = type(error).__name__
    text = text_of(error)
    said = _said(error)
    if kind == "NoSuchFile":
        return ModelError(f"There is no model file {path}.")
    if kind == "InvalidProtobuf" or "no graph was found" in text:
        return ModelError(f"{path} is not an ONNX file, or it is cut short.")
    if "external data" in text:
        return ModelError(f"The external data of {path} cannot be read: {said}")
    if kind == "NotImplemented":
        return UnsupportedModel(f"ONNX Runtime has no kernel for a node of {path}: {said}")
    if any(part in text for part in _UNSUPPORTED_TEXTS):
        return UnsupportedModel(f"ONNX Runtime does not support {path}: {said}")
    if kind in {"Fail", "InvalidArgument", "InvalidGraph", "NotImplemented"}:
        return ModelError(f"ONNX Runtime refuses {path}: {said}")
    return None


def _said(error: BaseException) -> str:
    """Return the message as one sentence, without error numbers and source locations."""
    text = _SOURCE_PLACE.sub("", _PREFIX.sub("", str(error))).strip()
    line = " ".join(text.splitlines()[0].split()) if text else type(error).__name__
    return line if line.endswith(".") else f"{line}."
