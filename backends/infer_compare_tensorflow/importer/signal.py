"""Fourier transforms. A last axis of one place holds real numbers, one of two places real and imaginary parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

from infer_compare.backends import UnsupportedModel
from infer_compare_tensorflow.importer.known import ints, sizes_in
from infer_compare_tensorflow.importer.registry import operator
from infer_compare_tensorflow.importer.values import Size, Value, shape_of, tensor

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node


@operator("DFT", 17)
def fourier_17(node: Node, data: Value, length: Value = None) -> Value:
    """Return the Fourier transform along an axis given by an attribute."""
    return _fourier(node, data, length, node.attributes.get("axis", 1))


@operator("DFT", 20)
def fourier_20(node: Node, data: Value, length: Value = None, axis: Value = None) -> Value:
    """Return the Fourier transform along an axis given by an input."""
    return _fourier(node, data, length, -2 if axis is None else ints(node, axis, "axis")[0])


def _complex(node: Node, x: tf.Tensor) -> tf.Tensor:
    if x.dtype not in {tf.float32, tf.float64}:
        raise UnsupportedModel(
            f"ONNX operator {node} transforms {x.dtype.name}, which cannot be imported into TensorFlow."
        )
    real = x[..., 0]
    return tf.complex(real, tf.zeros_like(real) if x.shape[-1] == 1 else x[..., 1])


def _parts(spectrum: tf.Tensor) -> tf.Tensor:
    return tf.stack([tf.math.real(spectrum), tf.math.imag(spectrum)], -1)


def _fourier(node: Node, data: Value, length: Value, axis: int) -> Value:
    """Return a discrete Fourier transform of a signal that is cut or filled with zeros to a length.

    With `onesided`, forwards only the first half of the spectrum comes out, and backwards only that goes in.
    """
    inverse, half = bool(node.attributes.get("inverse", 0)), bool(node.attributes.get("onesided", 0))
    x = tensor(data)
    place = axis % len(x.shape)
    signal = _complex(node, x)
    rank = len(signal.shape)
    order = [axis for axis in range(rank) if axis != place] + [place]
    back = [order.index(axis) for axis in range(rank)]
    signal = tf.transpose(signal, order)
    have = shape_of(signal)[-1]
    (count,) = (None,) if length is None else sizes_in(length) or (None,)
    if inverse and half:
        whole = 2 * (have - 1) if count is None else count
        real = tf.signal.irfft(signal, [whole])
        return tf.expand_dims(tf.transpose(real, back), -1)
    if count is not None:
        signal = _fitted(signal, count, have)
    spectrum = tf.signal.ifft(signal) if inverse else tf.signal.fft(signal)
    if half:
        spectrum = spectrum[..., : (have if count is None else count) // 2 + 1]
    return _parts(tf.transpose(spectrum, back))


def _fitted(signal: tf.Tensor, count: Size, have: Size) -> tf.Tensor:
    """Return the last axis cut or filled with zeros to a count."""
    missing = max(count - have, 0) if isinstance(count, int) and isinstance(have, int) else tf.maximum(count - have, 0)
    filled = tf.pad(signal, [*([(0, 0)] * (len(signal.shape) - 1)), (0, missing)])
    return filled[..., :count]


@operator("STFT", 17)
def windowed_fourier(node: Node, data: Value, step: Value, window: Value = None, length: Value = None) -> Value:
    """Return the Fourier transforms of windows of a signal [N, time, parts], as [N, window, frequency, parts]."""
    signal = _complex(node, tensor(data))
    (stride,) = sizes_in(step) or (1,)
    if length is None:
        size = shape_of(signal)[1] if window is None else shape_of(window)[0]
    else:
        (size,) = sizes_in(length) or (0,)
    # Real and imaginary parts are framed apart: framing knows no complex numbers on every device.
    frames = tf.complex(*(tf.signal.frame(part, size, stride) for part in (tf.math.real(signal), tf.math.imag(signal))))
    if window is not None:
        frames *= tf.cast(tensor(window), frames.dtype)
    spectrum = tf.signal.fft(frames)
    if node.attributes.get("onesided", 1):
        spectrum = spectrum[..., : size // 2 + 1]
    return _parts(spectrum)
