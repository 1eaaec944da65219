"""The public module for plugin authors: the backend interface, the types that hooks register, and helpers.

Importing it imports no framework, no numpy and no onnx. `infer_compare.backends.onnx_graphs` helps backends that build a
model from an ONNX graph, and `infer_compare.backends.native_models` helps backends that load models of their own framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import (
    BackendUnusable,
    DeviceUnavailable,
    InputError,
    ModelError,
    OptionError,
    UnsupportedModel,
    UntrustedModel,
)
from infer_compare.foreign import described, one_line, shortened
from infer_compare.interfaces import (
    API_VERSION,
    Backend,
    BuiltinDataset,
    BuiltinModel,
    Capabilities,
    Classification,
    Converter,
    Device,
    FailureKind,
    Machine,
    MemoryReading,
    Meter,
    Metric,
    MetricUnavailable,
    ModelDescription,
    ModelSource,
    OperatingPoint,
    Options,
    Session,
    Settings,
    TensorSpec,
    VariantPlan,
)
from infer_compare.interfaces.failures import chain, class_names, classify_common, is_host_oom, is_limit, text_of
from infer_compare.interfaces.session import Array, Batch
from infer_compare.lazy import lazily
from infer_compare.models.arrays import numpy_dtype
from infer_compare.models.onnx_file import load_onnx
from infer_compare.models.specs import BATCH, name_batch, precision_of, unnamed
from infer_compare.models.zeros import zeros_at

if TYPE_CHECKING:
    from infer_compare.environment.gpus import device_memory_fraction
    from infer_compare.models.compiled import compiled_folder

__all__ = [
    "API_VERSION",
    "BATCH",
    "Array",
    "Backend",
    "BackendUnusable",
    "Batch",
    "BuiltinDataset",
    "BuiltinModel",
    "Capabilities",
    "Classification",
    "Converter",
    "Device",
    "DeviceUnavailable",
    "FailureKind",
    "InputError",
    "Machine",
    "MemoryReading",
    "Meter",
    "Metric",
    "MetricUnavailable",
    "ModelDescription",
    "ModelError",
    "ModelSource",
    "OperatingPoint",
    "OptionError",
    "Options",
    "Session",
    "Settings",
    "TensorSpec",
    "UnsupportedModel",
    "UntrustedModel",
    "VariantPlan",
    "chain",
    "class_names",
    "classify_common",
    "compiled_folder",
    "described",
    "device_memory_fraction",
    "is_host_oom",
    "is_limit",
    "load_onnx",
    "name_batch",
    "numpy_dtype",
    "one_line",
    "precision_of",
    "shortened",
    "text_of",
    "unnamed",
    "zeros_at",
]

__getattr__ = lazily(
    __name__,
    {
        "compiled_folder": "infer_compare.models.compiled",
        "device_memory_fraction": "infer_compare.environment.gpus",
    },
)
