"""The plugin interface: the classes that plugins implement, and all types that hooks use."""

from infer_compare.interfaces.backend import Backend
from infer_compare.interfaces.hooks import (
    GROUP,
    PROJECT,
    BuiltinDataset,
    BuiltinModel,
    Converter,
    Reporter,
    hookimpl,
    hookspec,
)
from infer_compare.interfaces.metrics import Meter, Metric, MetricInfo, MetricUnavailable
from infer_compare.interfaces.models import (
    ModelDescription,
    ModelSource,
    ModelSpec,
    Provenance,
    TensorSpec,
    VariantPlan,
)
from infer_compare.interfaces.session import Session
from infer_compare.interfaces.values import (
    API_VERSION,
    Capabilities,
    Classification,
    Device,
    FailureKind,
    Machine,
    MemoryReading,
    OperatingPoint,
    Options,
    Settings,
)

__all__ = [
    "API_VERSION",
    "GROUP",
    "PROJECT",
    "Backend",
    "BuiltinDataset",
    "BuiltinModel",
    "Capabilities",
    "Classification",
    "Converter",
    "Device",
    "FailureKind",
    "Machine",
    "MemoryReading",
    "Meter",
    "Metric",
    "MetricInfo",
    "MetricUnavailable",
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
    "VariantPlan",
    "hookimpl",
    "hookspec",
]
