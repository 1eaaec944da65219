"""A convolutional network in float32, and the same one quantized to int8 by torchao, for PyTorch.

    pip install --no-deps torchao==0.18.0
    infer-compare check int8_torch.py:make -b torch -b torch:label=int8 --model int8=int8_torch.py:int8
    infer-compare run int8_torch.py:make -b torch -b torch:compile=true,label=int8 --model int8=int8_torch.py:int8 --timeout 5m

Only the compiled network computes in int8: `torch.compile` replaces the quantized layers by the int8 kernels of the processor. Without
it the rounding is imitated in float32, which shows the output error and is slow.
"""

from __future__ import annotations

import torch
from torch import nn

from infer_compare import ModelSpec

INPUTS = ["image:f32[batch,3,32,32]=normal(0,1)"]
CALIBRATION_ROWS = 64


def network() -> nn.Module:
    """Return the network; the seed is that of the run, so every process makes the same weights."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(64, 64, 3, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(64 * 8 * 8, 10),
    ).eval()  # fmt: skip


def make() -> ModelSpec:
    """Return the network in float32."""
    return ModelSpec(network(), inputs=INPUTS)


def int8() -> ModelSpec:
    """Return the network in int8: exported, calibrated with rows like those that it will see, and converted."""
    from torch._inductor import config
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
    from torchao.quantization.pt2e.quantizer.x86_inductor_quantizer import (
        X86InductorQuantizer,
        get_default_x86_inductor_quantization_config,
    )

    # Weights become constants of the compiled program: without this it has no int8 kernels.
    config.freezing = True
    module = network()
    rows = torch.randn(CALIBRATION_ROWS, 3, 32, 32)
    exported = torch.export.export(module, (rows,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},)).module()
    quantizer = X86InductorQuantizer().set_global(get_default_x86_inductor_quantization_config())
    prepared = prepare_pt2e(exported, quantizer)
    prepared(rows)
    return ModelSpec(convert_pt2e(prepared), inputs=INPUTS)
