"""The meaning of TensorFlow's exceptions, from class names and texts; TensorFlow is not imported.

TensorFlow reports exhausted memory in several shapes: `ResourceExhaustedError` (which also covers queues and
quotas), `InternalError` with a CUDA or cuBLAS status in its text, and a `TypeError` whose cause is numpy's
`MemoryError` when a host array is bound to a function. On the CPU a convolution that cannot allocate ends the
process by a signal instead, which only the parent can see.
"""

from __future__ import annotations

from infer_compare.backends import Classification, FailureKind, chain, class_names, is_host_oom, is_limit, text_of

ERRORS = "tensorflow.python.framework.errors_impl."

OVERFLOW_TEXTS = ("would have more than 2**63 - 1 elements", "encountered overflow when multiplying")
"""Messages about a tensor with too many elements to count (lower case)."""

OOM_TEXTS = ("oom when allocating", "resource_exhausted: out of memory")
"""Messages of TensorFlow's allocators and of XLA, with any class (lower case)."""

DEVICE_OOM_TEXTS = ("cuda_error_out_of_memory", "cublas_status_alloc_failed", "cudnn_status_alloc_failed")
"""Messages of the CUDA libraries when the device's memory does not suffice (lower case)."""

AMBIGUOUS_TEXTS = (
    "could not create a primitive",
    "failed to get convolution algorithm",
    "no algorithm worked",
    "cublas_status_not_initialized",
    "cudnn_status_not_initialized",
    "cudnn_status_not_supported",
)
"""Messages for lack of memory and for other causes (lower case)."""

FATAL_TEXTS = (
    "_status_not_initialized",
    "cuda_error_illegal_address",
    "cuda_error_launch_failed",
    "cuda_error_assert",
    "device-side assert",
    "failed to get convolution algorithm",
)
"""After these the process cannot use its device any more (lower case)."""


def classify(error: BaseException) -> Classification:
    """Read an exception and its chain: limits first, then memory, then what may be either.

    The result is `no` for everything else. It is `fatal` when the device cannot be used any more by this process.
    """
    if not isinstance(error, Exception):
        return Classification(FailureKind.NO)
    errors = list(chain(error))
    texts = [text_of(error) for error in errors]
    fatal = any(part in text for text in texts for part in FATAL_TEXTS)
    if any(is_limit(error) for error in errors) or any(part in text for text in texts for part in OVERFLOW_TEXTS):
        return Classification(FailureKind.LIMIT, fatal)
    if any(_is_oom(error, text) for error, text in zip(errors, texts, strict=True)):
        return Classification(FailureKind.OOM, fatal)
    if any(part in text for text in texts for part in AMBIGUOUS_TEXTS):
        return Classification(FailureKind.AMBIGUOUS, fatal)
    return Classification(FailureKind.NO, fatal)


def _is_oom(error: BaseException, text: str) -> bool:
    if is_host_oom(error) or any(part in text for part in (*OOM_TEXTS, *DEVICE_OOM_TEXTS)):
        return True
    # The class is also raised for full queues and exceeded quotas.
    exhausted = f"{ERRORS}ResourceExhaustedError" in class_names(error)
    return exhausted and ("oom" in text or "out of memory" in text or "allocat" in text)
