"""Inputs, outputs and sizes of the built-in models, for listing them without building; tests compare them with the graphs."""

from __future__ import annotations

from typing import NamedTuple


class Size(NamedTuple):
    """Inputs, outputs and size of a built-in model."""

    inputs: tuple[str, ...]
    """Inputs and outputs have the form of `--input`."""
    outputs: tuple[str, ...]
    parameters: int
    flops_per_sample: int


_CLASSES = ("logits:f32[batch,1000]",)
_TEN = ("logits:f32[batch,10]",)
_IMAGE = ("image:f32[batch,3,224,224]",)

SIZES: dict[str, Size] = {
    "mlp": Size(("features:f32[batch,64]",), _TEN, 26_122, 51_712),
    "cnn": Size(("image:f32[batch,3,32,32]",), _TEN, 356_810, 21_170_688),
    "lstm": Size(("sequence:f32[batch,32,64]",), _TEN, 232_714, 14_682_624),
    "resnet18": Size(("image:f32[batch,3,96,96]",), _CLASSES, 11_684_712, 667_230_208),
    "resnet50": Size(_IMAGE, _CLASSES, 25_530_472, 8_178_368_512),
    "mobilenet_v2": Size(_IMAGE, _CLASSES, 3_487_816, 601_548_544),
    "vit_tiny": Size(_IMAGE, _CLASSES, 5_717_032, 2_493_127_680),
    "bert_small": Size(
        ("input_ids:i64[batch,128]", "attention_mask:i64[batch,128]"),
        ("last_hidden_state:f32[batch,128,512]", "pooler_output:f32[batch,512]"),
        28_566_016,
        3_355_967_488,
    ),
}
"""The sizes by the names of the models."""
