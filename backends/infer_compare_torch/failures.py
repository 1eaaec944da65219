"""The meaning of PyTorch's exceptions, from class names and texts; torch is not imported.

The texts were recorded from torch 2.13 on the CPU, and for devices taken from torch's sources and from
issue trackers. Limits are looked for first, since some of their messages speak of memory too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.backends import Classification, FailureKind, chain, class_names, classify_common, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

OOM_CLASSES = frozenset({"torch.OutOfMemoryError", "torch.cuda.OutOfMemoryError"})

OOM_TEXTS = (
    "out of memory",
    "defaultcpuallocator: can't allocate",
    "defaultcpuallocator: not enough memory",
    "cublas_status_alloc_failed",
    "cudnn_status_alloc_failed",
    "cusparse_status_alloc_failed",
    "cufft_alloc_failed",
    "invalid buffer size: ",
)
"""Parts of messages that count only in a `RuntimeError` (lower case)."""

LIMIT_TEXTS = (
    "number of categories cannot exceed",
    # A grid with more blocks than the device takes; the kernel was never launched.
    "cuda error: invalid configuration argument",
)
"""Limits of torch's own, besides those that `classify_common` knows (lower case)."""

AMBIGUOUS_TEXTS = (
    "could not create a primitive",
    "could not create a memory object",
    "cudnn_status_not_supported",
    "cublas_status_not_initialized",
    "cudnn_status_not_initialized",
)
"""Messages of oneDNN and cuDNN both for lack of memory and for unsupported configurations (lower case)."""

FATAL_CLASSES = frozenset({"torch.AcceleratorError"})

FATAL_TEXTS = (
    # oneDNN's cache of primitives stays broken: batches never tried before fail from then on.
    "could not create a primitive",
    "could not create a memory object",
    "cuda error:",
    "hip error:",
    "cuda driver error:",
    "device not ready",
    "device-side assert",
    "_not_initialized",
)
"""After these the process cannot be used any more (lower case)."""


def classify(error: BaseException) -> Classification:
    """Return what the error means for the operating point, and whether the process can go on."""
    errors = list(chain(error))
    common = classify_common(error)
    fatal = any(_is_fatal(error) for error in errors)
    if common.kind is FailureKind.NO and isinstance(error, Exception):
        return Classification(_kind(errors), fatal)
    return Classification(common.kind, fatal)


def _kind(errors: Sequence[BaseException]) -> FailureKind:
    if any(_says(error, LIMIT_TEXTS) for error in errors):
        return FailureKind.LIMIT
    if any(
        class_names(error) & OOM_CLASSES or _says(error, OOM_TEXTS) or _is_broken_allocator(error) for error in errors
    ):
        return FailureKind.OOM
    if any(_says(error, AMBIGUOUS_TEXTS) for error in errors):
        return FailureKind.AMBIGUOUS
    return FailureKind.NO


def _says(error: BaseException, texts: Sequence[str]) -> bool:
    if not isinstance(error, RuntimeError):
        return False
    text = text_of(error)
    return any(part in text for part in texts)


def _is_broken_allocator(error: BaseException) -> bool:
    """Return an internal assertion of the CUDA allocator, seen under heavy memory pressure."""
    text = text_of(error)
    return "cudacachingallocator.cpp" in text and "internal assert" in text


def _is_fatal(error: BaseException) -> bool:
    return bool(class_names(error) & FATAL_CLASSES) or _says(error, FATAL_TEXTS) or _is_broken_allocator(error)
