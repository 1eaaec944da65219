"""Residual image classifiers: ResNet (He et al., arXiv 1512.03385) and MobileNetV2 (Sandler et al., arXiv 1801.04381).

The sum of a block and its shortcut would double the variance at every block, and the outputs would depend more on the bias
than on the image; instead each branch ends with a smaller gain, as in trained nets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.models.builder import GraphBuilder
from infer_compare.models.zoo.layers import AFTER_RELU, classify, conv, max_pool

if TYPE_CHECKING:
    import onnx

CLASSES = 1000
BRANCH_GAIN = 0.5

MOBILENET_STAGES = (
    # expansion, channels, repeats, stride
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


SIZE = "size"
"""Names of the height and width of an image if they are free."""


def resnet18(seed: int, *, free: bool = False) -> onnx.ModelProto:
    """Return ResNet-18 for images of 3x96x96, or of any size."""
    return _resnet("resnet18", seed, size=SIZE if free else 96, repeats=(2, 2, 2, 2), bottleneck=False)


def resnet50(seed: int, *, free: bool = False) -> onnx.ModelProto:
    """Return ResNet-50 for images of 3x224x224, or of any size, with the stride in the 3x3 convolution (version 1.5)."""
    return _resnet("resnet50", seed, size=SIZE if free else 224, repeats=(3, 4, 6, 3), bottleneck=True)


def _resnet(name: str, seed: int, *, size: int | str, repeats: tuple[int, ...], bottleneck: bool) -> onnx.ModelProto:
    g = GraphBuilder(name, seed)
    x = g.input("image", "float32", [3, size, size])
    x = max_pool(g, g.node("Relu", conv(g, x, 3, 64, 7, stride=2, gain=1.0)), 3, 2, 1)
    channels = 64
    for stage, count in enumerate(repeats):
        inner = 64 * 2**stage
        outputs = inner * 4 if bottleneck else inner
        for index in range(count):
            stride = 2 if stage > 0 and index == 0 else 1
            branch = _bottleneck(g, x, channels, inner, stride) if bottleneck else _basic(g, x, channels, inner, stride)
            if stride != 1 or channels != outputs:
                x = conv(g, x, channels, outputs, 1, stride=stride, gain=1.0)
            x = g.node("Relu", g.node("Add", x, branch))
            channels = outputs
    g.output(classify(g, x, channels, CLASSES), "logits", [CLASSES])
    return g.build()


def _basic(g: GraphBuilder, x: str, channels: int, inner: int, stride: int) -> str:
    x = g.node("Relu", conv(g, x, channels, inner, 3, stride=stride))
    return conv(g, x, inner, inner, 3, gain=BRANCH_GAIN)


def _bottleneck(g: GraphBuilder, x: str, channels: int, inner: int, stride: int) -> str:
    x = g.node("Relu", conv(g, x, channels, inner, 1))
    x = g.node("Relu", conv(g, x, inner, inner, 3, stride=stride))
    return conv(g, x, inner, inner * 4, 1, gain=BRANCH_GAIN)


def mobilenet_v2(seed: int, *, free: bool = False) -> onnx.ModelProto:
    """Return MobileNetV2 of width 1 for images of 3x224x224, or of any size."""
    g = GraphBuilder("mobilenet_v2", seed)
    bounds = g.scalar(0.0), g.scalar(6.0)

    def relu6(x: str) -> str:
        return g.node("Clip", x, *bounds)

    size = SIZE if free else 224
    x = relu6(conv(g, g.input("image", "float32", [3, size, size]), 3, 32, 3, stride=2, gain=1.0))
    channels = 32
    for expansion, outputs, repeats, first_stride in MOBILENET_STAGES:
        for index in range(repeats):
            stride = first_stride if index == 0 else 1
            inner = channels * expansion
            branch = x if expansion == 1 else relu6(conv(g, x, channels, inner, 1, gain=1.0))
            branch = relu6(conv(g, branch, inner, inner, 3, stride=stride, groups=inner))
            residual = stride == 1 and channels == outputs
            branch = conv(g, branch, inner, outputs, 1, gain=BRANCH_GAIN if residual else AFTER_RELU)
            x = g.node("Add", x, branch) if residual else branch
            channels = outputs
    x = relu6(conv(g, x, channels, 1280, 1, gain=1.0))
    g.output(classify(g, x, 1280, CLASSES), "logits", [CLASSES])
    return g.build()
