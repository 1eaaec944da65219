"""The built-in models, which can be listed without building them.

The small nets run in well under a millisecond. `resnet18` takes images of 96x96 to keep sweeps short; the larger nets take
the images of 224x224 for which they were published.
"""

from __future__ import annotations

import importlib
from functools import partial
from typing import TYPE_CHECKING

from infer_compare.interfaces import BuiltinModel
from infer_compare.models.builtin_sizes import SIZES

if TYPE_CHECKING:
    import onnx

    from infer_compare.models.builtin_sizes import Size


_FAMILIES = {
    "small": {
        "mlp": "perceptron of 64-128-128-10 units",
        "cnn": "three convolutions and two linear layers, images of 3x32x32, ten classes",
        "lstm": "two LSTM layers of 128 units over 32 steps of 64 features, ten classes",
    },
    "residual": {
        "resnet18": "ResNet-18, images of 3x96x96, 1000 classes",
        "resnet50": "ResNet-50 (v1.5), images of 3x224x224, 1000 classes",
        "mobilenet_v2": "MobileNetV2, images of 3x224x224, 1000 classes",
    },
    "transformers": {
        "vit_tiny": "vision transformer Ti/16, images of 3x224x224, 1000 classes",
        "bert_small": "text encoder of 4 layers and 512 units, 128 tokens and a mask, integer inputs",
    },
}

_AXES = {"bert_small": ("seq",), **dict.fromkeys(("resnet18", "resnet50", "mobilenet_v2"), ("size",))}


def builtin_models() -> dict[str, BuiltinModel]:
    """Return the built-in models by name, from small to large."""
    return {
        name: BuiltinModel(name=name, summary=summary, build=partial(_build, family, name), axes=_AXES.get(name, ()))
        for family, models in _FAMILIES.items()
        for name, summary in models.items()
    }


def size_of(model: BuiltinModel) -> Size | None:
    """Return the size of a built-in model without building it; None for a model of another origin."""
    own = isinstance(model.build, partial) and model.build.func is _build
    return SIZES.get(model.name) if own else None


def _build(family: str, name: str, seed: int, free: tuple[str, ...] = ()) -> onnx.ModelProto:
    build = getattr(importlib.import_module(f"infer_compare.models.zoo.{family}"), name)
    model: onnx.ModelProto = build(seed, free=bool(free)) if name in _AXES else build(seed)
    return model
