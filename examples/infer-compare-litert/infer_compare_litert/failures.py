"""The meaning of LiteRT's exceptions. LiteRT is not imported.

They are plain `RuntimeError`s and `ValueError`s; only the text tells them apart.
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

_OOM = re.compile(r"failed to allocate (memory|\d+ bytes)|could not allocate|out of memory|bad_alloc")
_MAYBE_OOM = re.compile(r"xnnpack delegate failed to (create|reshape|setup|invoke) runtime")
_LIMIT = re.compile(r"overflow|bytesrequired.*exceed")
_UNSUPPORTED = (
    "didn't find op for builtin opcode",
    "unresolved custom op",
    "unsupported data type",
    "unsupported type",
    "not supported",
)
_PLACE = re.compile(r"\S+\.(cc|h):\d+ ?")


def classify(error: BaseException) -> Classification:
    """Return what an exception means."""
    common = classify_common(error)
    if common.kind is not FailureKind.NO or not isinstance(error, Exception):
        return common
    for cause in chain(error):
        if isinstance(cause, RuntimeError | ValueError):
            if _OOM.search(text_of(cause)):
                return Classification(FailureKind.OOM)
            if _MAYBE_OOM.search(text_of(cause)):
                # XNNPACK gives this message for every cause.
                return Classification(FailureKind.AMBIGUOUS)
            if _LIMIT.search(text_of(cause)):
                return Classification(FailureKind.LIMIT)
    return Classification(FailureKind.NO)


def explain(error: Exception, path: Path) -> ModelError | None:
    """Return the sentence for an error with which LiteRT refused a model; None if memory did not suffice."""
    if classify(error).kind is not FailureKind.NO:
        return None
    said = " ".join(_PLACE.sub("", str(error)).split()).rstrip(".") or type(error).__name__
    if any(part in text_of(error) for part in _UNSUPPORTED):
        return UnsupportedModel(f"LiteRT does not support {path}: {said}.")
    return ModelError(f"LiteRT refuses {path}: {said}.")
