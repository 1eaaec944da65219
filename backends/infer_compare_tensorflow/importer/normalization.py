"""Normalisation layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.known import known_size
from infer_compare_tensorflow.importer.layouts import channels_last
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import ChannelsLast, Value, shape_of, tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.backends.onnx_graphs import Node


@operator("BatchNormalization", 7, 9, 14, 15, layouts=True)
def batch_normalization(node: Node, data: Value, scale: Value, offset: Value, mean: Value, variance: Value) -> Value:
    """Return `(x - mean) / sqrt(variance + epsilon) * scale + offset` per channel, with stored statistics."""
    if node.attributes.get("training_mode", 0) or len([name for name in node.outputs if name]) > 1:
        raise UnsupportedModel(f"ONNX operator {node} is in training mode; export the model for inference.")
    if node.opset < 9 and not node.attributes.get("spatial", 1):
        raise UnsupportedModel(
            f"ONNX operator {node} has statistics per element (spatial=0), which cannot be imported."
        )
    epsilon = node.attributes.get("epsilon", 1e-5)
    x = channels_last(data)
    statistics = [tensor(statistic) for statistic in (scale, offset, mean, variance)]
    # The fused kernel is what TensorFlow merges into the convolution before it.
    if len(x.shape) == 4 and all(value.dtype == tf.float32 for value in (x, *statistics)):
        gamma, beta, mu, sigma = statistics
        fused = tf.raw_ops.FusedBatchNormV3(
            x=x, scale=gamma, offset=beta, mean=mu, variance=sigma, epsilon=epsilon, is_training=False
        )
        return ChannelsLast(fused.y)
    wide = [tf.cast(statistic, _wide(x.dtype)) for statistic in statistics]
    factor = wide[0] / tf.sqrt(wide[3] + tf.cast(epsilon, wide[3].dtype))
    shift = wide[1] - wide[2] * factor
    return ChannelsLast(tf.cast(tf.cast(x, factor.dtype) * factor + shift, x.dtype))


def _wide(dtype: tf.DType) -> tf.DType:
    """Return the type in which statistics are computed: at least single precision."""
    return tf.float32 if dtype.size < 4 else dtype


def standardized(x: tf.Tensor, axes: Sequence[int], epsilon: float) -> tf.Tensor:
    """Return `(x - mean) / sqrt(variance + epsilon)` over some axes."""
    mean, variance = tf.nn.moments(x, list(axes), keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + tf.cast(epsilon, x.dtype))


@operator("LayerNormalization", 17)
def layer_normalization(node: Node, data: Value, scale: Value, offset: Value = None) -> Value:
    """Return the value standardised over the axes from `axis` on, then scaled and shifted.

    Statistics are computed in single precision.
    """
    x = tensor(data)
    rank = len(x.shape)
    axes = list(range(node.attributes.get("axis", -1) % rank, rank))
    stash = tf.cast(x, _wide(x.dtype))
    epsilon = tf.cast(node.attributes.get("epsilon", 1e-5), stash.dtype)
    mean, variance = tf.nn.moments(stash, axes, keepdims=True)
    inverse = tf.math.rsqrt(variance + epsilon)
    result = tf.cast((stash - mean) * inverse, x.dtype) * tensor(scale)
    if offset is not None:
        result += tensor(offset)
    return [result, mean, inverse][: len(node.outputs)]


@operator("RMSNormalization", 23)
def rms_normalization(node: Node, data: Value, scale: Value) -> Value:
    """Return `x / sqrt(mean(x^2) + epsilon) * scale` over the axes from `axis` on."""
    x = tensor(data)
    rank = len(x.shape)
    axes = list(range(node.attributes.get("axis", -1) % rank, rank))
    stash = tf.cast(x, _wide(x.dtype))
    square = tf.reduce_mean(tf.square(stash), axes, keepdims=True)
    inverse = tf.math.rsqrt(square + tf.cast(node.attributes.get("epsilon", 1e-5), stash.dtype))
    return tf.cast(stash * inverse, x.dtype) * tensor(scale)


@operator("InstanceNormalization", 6, 22, layouts=True)
def instance_normalization(node: Node, data: Value, scale: Value, offset: Value) -> Value:
    """Return the value standardised over the spatial axes of each sample and channel, then scaled and shifted."""
    x = channels_last(data)
    result = standardized(x, range(1, len(x.shape) - 1), node.attributes.get("epsilon", 1e-5))
    return ChannelsLast(result * tensor(scale) + tensor(offset))


@operator("GroupNormalization", 18, 21, layouts=True)
def group_normalization(node: Node, data: Value, scale: Value, offset: Value) -> Value:
    """Return the value standardised over groups of channels and their spatial axes, then scaled and shifted.

    Scale and offset have an entry per group up to version 18, and per channel since 21.
    """
    groups = node.attributes["num_groups"]
    channels = known_size(node, data, 1)
    x = channels_last(data)
    sizes = shape_of(x)
    apart = tf.reshape(x, [*sizes[:-1], groups, channels // groups])
    rank = len(apart.shape)
    stash = tf.cast(apart, _wide(x.dtype))
    normal = standardized(stash, [*range(1, rank - 2), rank - 1], node.attributes.get("epsilon", 1e-5))
    factor, shift = (tf.cast(tensor(factor), stash.dtype) for factor in (scale, offset))
    if node.opset < 21:
        result = tf.reshape(normal * factor[:, None] + shift[:, None], sizes)
    else:
        result = tf.reshape(normal, sizes) * factor + shift
    return ChannelsLast(tf.cast(result, x.dtype))


@operator("LRN", 1, 13, layouts=True)
def local_response_normalization(node: Node, data: Value) -> Value:
    """Return `x / (bias + alpha / size * s)^beta` with the sum `s` of the squares of neighbouring channels."""
    size = node.attributes["size"]
    alpha, beta = node.attributes.get("alpha", 1e-4), node.attributes.get("beta", 0.75)
    x = channels_last(data)
    before, after = (size - 1) // 2, size - 1 - (size - 1) // 2
    rank = len(x.shape)
    squares = tf.pad(tf.square(x), [(0, 0)] * (rank - 1) + [(before, after)])
    channels = known_size(node, data, 1)
    total = tf.add_n([squares[..., start : start + channels] for start in range(size)])
    bias = node.attributes.get("bias", 1.0)
    return ChannelsLast(x / tf.pow(bias + alpha / size * total, beta))


@operator("LpNormalization", 1, 22, layouts=True)
def lp_normalization(node: Node, data: Value) -> Value:
    """Return `x` divided by its 1-norm or 2-norm along an axis; 0 if the norm is 0."""
    x, axis = (
        (data.last, data.axis(node.attributes.get("axis", -1)))
        if isinstance(data, ChannelsLast)
        else (
            tensor(data),
            node.attributes.get("axis", -1),
        )
    )
    norm = tf.norm(x, ord=node.attributes.get("p", 2), axis=axis, keepdims=True)
    result = tf.math.divide_no_nan(x, norm)
    return ChannelsLast(result) if isinstance(data, ChannelsLast) else result


@operator("MeanVarianceNormalization", 9, 13)
def mean_variance_normalization(node: Node, data: Value) -> Value:
    """Return `(x - mean) / (standard deviation + 1e-9)` over some axes."""
    x = tensor(data)
    axes = list(node.attributes.get("axes", (0, 2, 3)))
    mean, variance = tf.nn.moments(x, axes, keepdims=True)
    return (x - mean) / (tf.sqrt(variance) + tf.cast(np.float64(1e-9), x.dtype))
