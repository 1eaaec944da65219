"""Which inference framework, with which options, at which batch size, on this machine?

What a plugin needs is imported from here, and what a script or a notebook calls: `sweep`, `load`. Nothing here imports a
framework, nor numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import (
    DeviceUnavailable,
    InferCompareError,
    ModelError,
    OptionError,
    UnsupportedModel,
    UntrustedModel,
)
from infer_compare.interfaces import (
    API_VERSION,
    Backend,
    BuiltinModel,
    Capabilities,
    Classification,
    Converter,
    Device,
    FailureKind,
    MemoryReading,
    ModelDescription,
    ModelSource,
    ModelSpec,
    OperatingPoint,
    Options,
    Reporter,
    Session,
    Settings,
    TensorSpec,
    hookimpl,
)
from infer_compare.version import __version__

if TYPE_CHECKING:
    from infer_compare.api.interactive import load, sweep
    from infer_compare.api.result import Result
    from infer_compare.api.rows import PointRow

LAZY = {
    "PointRow": "infer_compare.api.rows",
    "Result": "infer_compare.api.result",
    "load": "infer_compare.api.interactive",
    "sweep": "infer_compare.api.interactive",
}
"""Names that are imported when they are first used, by module: a plugin needs none of them."""

__all__ = [
    "API_VERSION",
    "Backend",
    "BuiltinModel",
    "Capabilities",
    "Classification",
    "Converter",
    "Device",
    "DeviceUnavailable",
    "FailureKind",
    "InferCompareError",
    "MemoryReading",
    "ModelDescription",
    "ModelError",
    "ModelSource",
    "ModelSpec",
    "OperatingPoint",
    "OptionError",
    "Options",
    "PointRow",
    "Reporter",
    "Result",
    "Session",
    "Settings",
    "TensorSpec",
    "UnsupportedModel",
    "UntrustedModel",
    "__version__",
    "hookimpl",
    "load",
    "sweep",
]


def __getattr__(name: str) -> object:
    """Imports what is lazy."""
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(LAZY[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
