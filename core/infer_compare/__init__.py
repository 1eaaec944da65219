"""Which inference framework, with which options, at which batch size, on this machine?

What a plugin needs is imported from here. Nothing here imports a framework, nor numpy.
"""

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
    "Reporter",
    "Session",
    "Settings",
    "TensorSpec",
    "UnsupportedModel",
    "UntrustedModel",
    "__version__",
    "hookimpl",
]
