"""Fourier transforms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from infer_compare_torch.importer.registry import operator

if TYPE_CHECKING:
    from infer_compare.backends.onnx_graphs import Node
    from infer_compare_torch.importer.builder import Builder
    from infer_compare_torch.importer.values import Value


def to_complex(tensor: torch.Tensor) -> torch.Tensor:
    """Return complex numbers out of a last axis of one (real) or two (real, imaginary) places."""
    if tensor.shape[-1] == 1:
        return torch.complex(tensor[..., 0], torch.zeros_like(tensor[..., 0]))
    return torch.view_as_complex(tensor.contiguous())


def fourier(tensor: torch.Tensor, length: int | None, axis: int, inverse: bool, half: bool) -> torch.Tensor:
    """Return a discrete Fourier transform along an axis; real and imaginary parts are the last axis.

    Args:
        tensor: signals with a last axis of one or two places.
        length: to which the signal is cut or filled with zeros; None for its own.
        axis: of the signal, the last axis counted.
        inverse: whether to transform back.
        half: whether only the first half of the spectrum, which tells the rest of a real signal's, is given.
    """
    axis = axis % tensor.dim()
    signal = to_complex(tensor)
    if inverse and half:
        real: torch.Tensor = torch.fft.irfft(signal, length, axis)
        return real.unsqueeze(-1)
    spectrum = torch.fft.ifft(signal, length, axis) if inverse else torch.fft.fft(signal, length, axis)
    if half:
        spectrum = spectrum.narrow(axis, 0, spectrum.shape[axis] // 2 + 1)
    return torch.view_as_real(spectrum)


@operator("DFT", 17)
def _fourier_along_attribute(builder: Builder, node: Node, value: Value, length: Value | None = None) -> Value:
    inverse, half = bool(node.attributes.get("inverse", 0)), bool(node.attributes.get("onesided", 0))
    number = None if length is None else builder.number(length)
    return builder.emit(fourier, value, number, node.attributes.get("axis", 1), inverse, half)


@operator("DFT", 20, host=True)
def _fourier(
    builder: Builder, node: Node, value: Value, length: Value | None = None, axis: Value | None = None
) -> Value:
    inverse, half = bool(node.attributes.get("inverse", 0)), bool(node.attributes.get("onesided", 0))
    number = None if length is None else builder.number(length)
    along = -2 if axis is None else builder.number(axis)
    return builder.emit(fourier, builder.tensor(value), number, along, inverse, half)


def windowed_fourier(
    tensor: torch.Tensor, step: int, window: torch.Tensor | None, length: int | None, half: bool
) -> torch.Tensor:
    """Return Fourier transforms of windows of a signal: batch, window, frequency, part."""
    signal = to_complex(tensor)
    size = int(length) if length is not None else (len(window) if window is not None else signal.shape[1])
    frames = signal.unfold(1, size, step)
    if window is not None:
        frames = frames * window
    spectrum = torch.fft.fft(frames, dim=2)
    if half:
        spectrum = spectrum[..., : size // 2 + 1]
    return torch.view_as_real(spectrum)


@operator("STFT", 17, host=True)
def _windowed_fourier(
    builder: Builder, node: Node, value: Value, step: Value, window: Value | None = None, length: Value | None = None
) -> Value:
    return builder.emit(
        windowed_fourier,
        builder.tensor(value),
        builder.number(step),
        None if window is None else builder.tensor(window),
        None if length is None else builder.number(length),
        bool(node.attributes.get("onesided", 1)),
    )
