"""Takes a network that was written in torch to a file that every backend can run: a small MobileNet.

    python examples/export_mobilenet.py mobilenet.onnx
    infer-compare run mobilenet.onnx --backends torch,onnx

What matters is the dynamic first axis: without it, the file holds one batch size, and there is nothing to compare.
"""

from __future__ import annotations

import sys

import torch
from torch import nn


class Separable(nn.Sequential):
    """A depthwise convolution and a pointwise one, as MobileNet is made of."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Channels in, channels out, and the stride of the depthwise part."""
        super().__init__(
            nn.Conv2d(inputs, inputs, 3, stride, padding=1, groups=inputs, bias=False),
            nn.BatchNorm2d(inputs),
            nn.ReLU6(),
            nn.Conv2d(inputs, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU6(),
        )


class MobileNet(nn.Module):
    """Images of 3 x 64 x 64 to ten scores."""

    def __init__(self) -> None:
        """Weights are random, and the same in every run."""
        super().__init__()
        torch.manual_seed(0)
        shapes = [(16, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2)]
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, padding=1, bias=False), nn.BatchNorm2d(16), nn.Hardswish())
        self.features = nn.Sequential(*(Separable(*shape) for shape in shapes))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(256, 10))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # Untrained as it is, its scores should depend on the image: outputs that hardly vary prove no agreement.
                nn.init.kaiming_normal_(module.weight)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the scores [batch, 10] of images in float32 of shape [batch, 3, 64, 64]."""
        features = self.features(self.stem(image))
        return self.classifier(features.mean(dim=(2, 3)))


def export(path: str) -> None:
    """Write the network to an ONNX file with a free batch axis."""
    model = MobileNet().eval()
    # An example of two: torch takes an axis of one for a constant.
    example = torch.zeros(2, 3, 64, 64)
    torch.onnx.export(
        model,
        (example,),
        path,
        dynamo=True,
        input_names=["image"],
        output_names=["scores"],
        dynamic_shapes={"image": {0: torch.export.Dim("batch")}},
        external_data=False,
    )


if __name__ == "__main__":
    export(sys.argv[1] if len(sys.argv) > 1 else "mobilenet.onnx")
