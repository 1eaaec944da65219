"""What a plugin implements, and every type that a hook names."""

from infer_compare.interfaces.backend import Backend, Session
from infer_compare.interfaces.hooks import GROUP, PROJECT, BuiltinModel, Converter, Reporter, hookimpl, hookspec
from infer_compare.interfaces.values import (
    API_VERSION,
    Capabilities,
    Classification,
    Device,
    FailureKind,
    Machine,
    MemoryReading,
    ModelDescription,
    ModelSource,
    ModelSpec,
    OperatingPoint,
    Options,
    Provenance,
    Settings,
    TensorSpec,
)

__all__ = [
    "API_VERSION",
    "GROUP",
    "PROJECT",
    "Backend",
    "BuiltinModel",
    "Capabilities",
    "Classification",
    "Converter",
    "Device",
    "FailureKind",
    "Machine",
    "MemoryReading",
    "ModelDescription",
    "ModelSource",
    "ModelSpec",
    "OperatingPoint",
    "Options",
    "Provenance",
    "Reporter",
    "Session",
    "Settings",
    "TensorSpec",
    "hookimpl",
    "hookspec",
]
