"""The graphs of the benchmark of importers as Keras models, in TensorFlow's own layout.

Batch normalisation is folded into the convolutions, as in the built-in models; weights are Keras's own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import keras
from keras import layers

from infer_compare.models.zoo.residual import MOBILENET_STAGES
from infer_compare.models.zoo.transformers import VOCABULARY
from native.graphs import CONVNEXT_STAGES, DECODERS, ENCODERS, HEADS, LAYERS, WIDTH

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


def attention(x: Tensor, width: int, heads: int, mask: Tensor = None, *, causal: bool = False) -> Tensor:
    """Self-attention with several heads, by Keras's own layer; `causal` hides what comes later."""
    return layers.MultiHeadAttention(heads, width // heads)(x, x, attention_mask=mask, use_causal_mask=causal)


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


def encoded(ids: Tensor, visible: Tensor | None, tokens: int, width: int, heads: int) -> Tensor:
    """Token indices to hidden states, in four layers that are normalised behind their branches."""
    mask = None if visible is None else layers.Reshape((1, tokens))(visible)
    x = Positions()(layers.Embedding(VOCABULARY, width)(ids))
    x = layers.LayerNormalization(epsilon=1e-12)(x)
    for _ in range(LAYERS):
        x = layers.LayerNormalization(epsilon=1e-12)(layers.Add()([x, attention(x, width, heads, mask)]))
        x = layers.LayerNormalization(epsilon=1e-12)(layers.Add()([x, feed_forward(x, width)]))
    return x


def bert_small() -> keras.Model:
    """BERT-Small."""
    ids, visible = keras.Input((128,), dtype="int64"), keras.Input((128,), dtype="int64")
    x = encoded(ids, visible, 128, 512, 8)
    return keras.Model([ids, visible], [x, layers.Dense(512, activation="tanh")(x[:, 0])])


def encoder(tokens: int, *, masked: bool) -> keras.Model:
    """A text encoder, with or without a mask of its inputs."""
    inputs = [keras.Input((tokens,), dtype="int64") for _ in range(1 + masked)]
    return keras.Model(inputs, encoded(inputs[0], inputs[1] if masked else None, tokens, WIDTH, HEADS))


def decoder(tokens: int) -> keras.Model:
    """A text decoder, normalised before its branches."""
    ids = keras.Input((tokens,), dtype="int64")
    x = Positions()(layers.Embedding(VOCABULARY, WIDTH)(ids))
    for _ in range(LAYERS):
        normed = layers.LayerNormalization(epsilon=1e-5)(x)
        x = layers.Add()([x, attention(normed, WIDTH, HEADS, causal=True)])
        x = layers.Add()([x, feed_forward(layers.LayerNormalization(epsilon=1e-5)(x), WIDTH)])
    return keras.Model(ids, layers.LayerNormalization(epsilon=1e-5)(x))


class Scale(layers.Layer):
    """Multiplies every channel by a learnt factor."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Makes the factors."""
        self.gamma = self.add_weight(shape=shape[-1:], initializer="random_normal")

    def call(self, x: Tensor) -> Tensor:
        """`[..., channels]` to the same."""
        return x * self.gamma


def convnext() -> keras.Model:
    """ConvNeXt-Atto."""
    channels = CONVNEXT_STAGES[0][1]
    image = keras.Input((224, 224, 3))
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Conv2D(channels, 4, 4)(image))
    for blocks, outputs in CONVNEXT_STAGES:
        if outputs != channels:
            x = layers.Conv2D(outputs, 2, 2)(layers.LayerNormalization(epsilon=1e-6)(x))
            channels = outputs
        for _ in range(blocks):
            branch = layers.LayerNormalization(epsilon=1e-6)(layers.DepthwiseConv2D(7, padding="same")(x))
            x = layers.Add()([x, Scale()(feed_forward(branch, channels))])
    x = layers.LayerNormalization(epsilon=1e-6)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Dense(1000)(x))


def lstm() -> keras.Model:
    """Two layers of 128 units and a classifier; Keras has one bias for each gate where ONNX has two."""
    sequence = keras.Input((32, 64))
    x = layers.LSTM(128)(layers.LSTM(128, return_sequences=True)(sequence))
    return keras.Model(sequence, layers.Dense(10)(x))


MODELS: Mapping[str, Callable[[], keras.Model]] = {
    "resnet50": resnet50,
    "mobilenet_v2": mobilenet_v2,
    "convnext": convnext,
    "vit_tiny": vit_tiny,
    "bert_small": bert_small,
    **{name: partial(encoder, tokens, masked=masked) for name, (tokens, masked) in ENCODERS.items()},
    **{name: partial(decoder, tokens) for name, tokens in DECODERS.items()},
    "lstm": lstm,
}
"""By the names of the graphs that they are the equals of."""
