"""ResNet-50, MobileNetV2, ViT-Ti/16 and BERT-Small as Keras models, in TensorFlow's own layout.

Batch normalisation is folded into the convolutions, as in the built-in models; weights are Keras's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import layers

from infer_compare.models.zoo.residual import MOBILENET_STAGES
from infer_compare.models.zoo.transformers import VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Tensor = Any


def conv(x: Tensor, channels: int, kernel: int, stride: int = 1, activation: str | None = None) -> Tensor:
    """A convolution that pads alike on all sides, as in the other frameworks."""
    if kernel > 1 and stride > 1:
        x = layers.ZeroPadding2D(kernel // 2)(x)
    padding = "same" if stride == 1 else "valid"
    return layers.Conv2D(channels, kernel, stride, padding, activation=activation)(x)


def resnet50() -> keras.Model:
    """ResNet-50, version 1.5."""
    image = keras.Input((224, 224, 3))
    x = layers.ZeroPadding2D(1)(conv(image, 64, 7, 2, "relu"))
    x = layers.MaxPooling2D(3, 2)(x)
    for stage, count in enumerate((3, 4, 6, 3)):
        inner = 64 * 2**stage
        for index in range(count):
            stride = 2 if stage > 0 and index == 0 else 1
            branch = conv(conv(x, inner, 1, 1, "relu"), inner, 3, stride, "relu")
            branch = conv(branch, 4 * inner, 1)
            shortcut = x if index > 0 else conv(x, 4 * inner, 1, stride)
            x = layers.ReLU()(layers.Add()([shortcut, branch]))
    return keras.Model(image, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x)))


def mobilenet_v2() -> keras.Model:
    """MobileNetV2 of width 1."""
    image = keras.Input((224, 224, 3))
    x = conv(image, 32, 3, 2, "relu6")
    channels = 32
    for expansion, outputs, repeats, first_stride in MOBILENET_STAGES:
        for index in range(repeats):
            stride = first_stride if index == 0 else 1
            branch = x if expansion == 1 else conv(x, channels * expansion, 1, 1, "relu6")
            if stride == 2:
                branch = layers.ZeroPadding2D(1)(branch)
            padding = "same" if stride == 1 else "valid"
            branch = layers.DepthwiseConv2D(3, stride, padding, activation="relu6")(branch)
            branch = conv(branch, outputs, 1)
            x = layers.Add()([x, branch]) if stride == 1 and channels == outputs else branch
            channels = outputs
    x = conv(x, 1280, 1, 1, "relu6")
    return keras.Model(image, layers.Dense(1000)(layers.GlobalAveragePooling2D()(x)))


class Positions(layers.Layer):
    """Adds a learnt vector to every position."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Makes the vectors."""
        self.vectors = self.add_weight(shape=shape[1:], initializer="random_normal")

    def call(self, x: Tensor) -> Tensor:
        """`[batch, sequence, width]` to the same."""
        return x + self.vectors


def attention(x: Tensor, width: int, heads: int, mask: Tensor = None) -> Tensor:
    """Self-attention with several heads, by Keras's own layer."""
    return layers.MultiHeadAttention(heads, width // heads)(x, x, attention_mask=mask)


def feed_forward(x: Tensor, width: int) -> Tensor:
    """Two projections with a GELU between them."""
    return layers.Dense(width)(layers.Dense(4 * width, activation="gelu")(x))


def vit_tiny() -> keras.Model:
    """ViT-Ti/16 with the mean over the patches."""
    image = keras.Input((224, 224, 3))
    x = Positions()(layers.Reshape((196, 192))(layers.Conv2D(192, 16, 16)(image)))
    for _ in range(12):
        x = layers.Add()([x, attention(layers.LayerNormalization(epsilon=1e-6)(x), 192, 3)])
        x = layers.Add()([x, feed_forward(layers.LayerNormalization(epsilon=1e-6)(x), 192)])
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization(epsilon=1e-6)(x))
    return keras.Model(image, layers.Dense(1000)(x))


def bert_small() -> keras.Model:
    """BERT-Small."""
    ids, visible = keras.Input((128,), dtype="int64"), keras.Input((128,), dtype="int64")
    mask = layers.Reshape((1, 128))(visible)
    x = Positions()(layers.Embedding(VOCABULARY, 512)(ids))
    x = layers.LayerNormalization(epsilon=1e-12)(x)
    for _ in range(4):
        x = layers.LayerNormalization(epsilon=1e-12)(layers.Add()([x, attention(x, 512, 8, mask)]))
        x = layers.LayerNormalization(epsilon=1e-12)(layers.Add()([x, feed_forward(x, 512)]))
    return keras.Model([ids, visible], [x, layers.Dense(512, activation="tanh")(x[:, 0])])


MODELS: Mapping[str, Callable[[], keras.Model]] = {
    "resnet50": resnet50,
    "mobilenet_v2": mobilenet_v2,
    "vit_tiny": vit_tiny,
    "bert_small": bert_small,
}
"""By the names of the built-in models that they are the equals of."""
