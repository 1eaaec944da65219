"""The meaning of OpenVINO's exceptions. OpenVINO is not imported.

All of them are plain `RuntimeError`s; only the text tells them apart.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infer_compare.backends import (
    Classification,
    FailureKind,
    ModelError,
    UnsupportedModel,
    chain,
    classify_common,
    text_of,
)

if TYPE_CHECKING:
    from pathlib import Path

_OOM = re.compile(r"failed to allocate \d+ bytes of memory|could not allocate|out_of_memory|out of memory")
_PLACE = re.compile(r"^(Exception from \S+:$|Check '.*' failed at |FrontEnd API failed with |Summary:$)")
_UNSUPPORTED = ("no conversion rule found", "conversion is failed for", "unsupported operation", "not supported")


def classify(error: BaseException) -> Classification:
    """Return what an exception means."""
    common = classify_common(error)
    if common.kind is not FailureKind.NO or not isinstance(error, Exception):
        return common
    for cause in chain(error):
        if isinstance(cause, RuntimeError) and _OOM.search(text_of(cause)):
            return Classification(FailureKind.OOM)
    return Classification(FailureKind.NO)


def explain(error: RuntimeError, path: Path) -> ModelError | None:
    """Return the sentence for an error with which OpenVINO refused a model; None if memory did not suffice."""
    if classify(error).kind is not FailureKind.NO:
        return None
    said = _said(error)
    if any(part in text_of(error) for part in _UNSUPPORTED):
        return UnsupportedModel(f"OpenVINO does not support {path}: {said}")
    return ModelError(f"OpenVINO refuses {path}: {said}")


def _said(error: RuntimeError) -> str:
    """Return the message without the places in OpenVINO's sources, as one sentence."""
    lines = [line.strip(" -") for line in str(error).splitlines()]
    text = " ".join(line for line in lines if line and not _PLACE.match(line))
    return text if text.endswith(".") else f"{text or type(error).__name__}."
