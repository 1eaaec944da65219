"""Exceptions of torch, provoked and recorded, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infer_compare.backends import Classification, FailureKind
from infer_compare_torch.failures import classify

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from collections.abc import Callable

OOM = Classification(FailureKind.OOM)
ORDINARY = Classification(FailureKind.NO)

CUDA_HINTS = (
    "\nCUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below might be "
    "incorrect.\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1\n"
)


@pytest.mark.parametrize(
    "provoke",
    [
        lambda: torch.empty(1 << 50),
        lambda: torch.zeros(1).expand(1 << 48).contiguous(),
        lambda: torch.nn.functional.conv2d(torch.zeros(1).expand(1 << 24, 3, 512, 512), torch.zeros(64, 3, 3, 3)),
    ],
    ids=["empty", "copy", "convolution"],
)
def test_a_real_allocation_that_does_not_fit_is_out_of_memory(provoke: Callable[[], object]) -> None:
    """On the processor it is a plain RuntimeError, known by its text alone."""
    with pytest.raises(RuntimeError, match="DefaultCPUAllocator: can't allocate memory") as caught:
        provoke()
    assert type(caught.value) is RuntimeError
    assert classify(caught.value) == OOM


@pytest.mark.parametrize(
    "provoke",
    [
        lambda: torch.empty(1 << 62, dtype=torch.float64),
        lambda: torch.multinomial(torch.ones(1).expand((1 << 24) + 1), 1),
    ],
    ids=["storage", "categories"],
)
def test_a_real_limit_is_not_taken_for_memory(provoke: Callable[[], object]) -> None:
    """A size that no index reaches would not fit into any memory."""
    with pytest.raises(RuntimeError) as caught:
        provoke()
    assert classify(caught.value) == Classification(FailureKind.LIMIT)


def test_a_real_mistake_is_an_ordinary_error() -> None:
    """Neither memory nor a limit."""
    with pytest.raises(RuntimeError, match="cannot be multiplied") as caught:
        torch.zeros(2, 3) @ torch.zeros(2, 3)
    assert classify(caught.value) == ORDINARY


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 139.81 GiB of which 11.3 GiB is free."
        ),
        torch.cuda.OutOfMemoryError("HIP out of memory. Tried to allocate 2.00 GiB."),
        torch.OutOfMemoryError("Allocation on device "),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 MiB (GPU 0; 8.00 GiB total capacity)"),
        RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB, other allocations: 1.00 GB)"),
        RuntimeError("Invalid buffer size: 24.00 GB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:80] data. DefaultCPUAllocator: not enough memory: you tried to"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
        RuntimeError("std::bad_alloc"),
        MemoryError("Unable to allocate 96.0 MiB for an array with shape (25165824,)"),
    ],
    ids=lambda error: str(error)[:40],
)
def test_allocation_failures_mean_out_of_memory(error: Exception) -> None:
    """By class where torch has one, else by text, of devices and of their libraries."""
    assert classify(error).kind is FailureKind.OOM


def test_out_of_memory_told_by_the_driver_is_memory_and_fatal() -> None:
    """Outside torch's allocator the context is in an unknown state afterwards."""
    error = torch.AcceleratorError("CUDA error: out of memory" + CUDA_HINTS)
    assert classify(error) == Classification(FailureKind.OOM, fatal=True)


def test_out_of_memory_of_the_allocator_leaves_the_process_usable() -> None:
    """It frees its caches and goes on."""
    assert classify(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")) == OOM


def test_an_assertion_inside_the_allocator_is_memory_and_fatal() -> None:
    """Seen under heavy pressure."""
    error = RuntimeError('!handles_.at(i) INTERNAL ASSERT FAILED at "../c10/cuda/CUDACachingAllocator.cpp":396')
    assert classify(error) == Classification(FailureKind.OOM, fatal=True)


@pytest.mark.parametrize(
    "text",
    [
        "Expected canUse32BitIndexMath(input) && canUse32BitIndexMath(output) to be true, but got false.",
        "input tensor must fit into 32-bit index math",
        "upsample_nearest2d only supports output tensors with less than INT_MAX elements, out of memory",
        "Expected output.numel() <= std::numeric_limits<int32_t>::max() to be true, but got false.",
        "nonzero is not supported for tensors with more than INT_MAX elements",
        "value too large to fit into a MKL_INT",
    ],
)
def test_index_limits_are_looked_for_before_memory(text: str) -> None:
    """A batch too large for an index says nothing about the memory."""
    assert classify(RuntimeError(text)) == Classification(FailureKind.LIMIT)


def test_a_grid_that_the_device_does_not_take_is_a_limit() -> None:
    """The kernel was never launched, though the class is that of fatal errors."""
    error = torch.AcceleratorError("CUDA error: invalid configuration argument" + CUDA_HINTS)
    assert classify(error).kind is FailureKind.LIMIT


@pytest.mark.parametrize(
    ("text", "fatal"),
    [
        ("could not create a primitive", True),
        ("could not create a memory object", True),
        (
            "cuDNN error: CUDNN_STATUS_NOT_SUPPORTED. This error may appear if you passed in a non-contiguous input.",
            False,
        ),
        ("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`", True),
        ("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED", True),
    ],
)
def test_errors_with_several_causes_are_ambiguous(text: str, fatal: bool) -> None:
    """A fresh worker has to repeat them; oneDNN's stay in the process for ever."""
    assert classify(RuntimeError(text)) == Classification(FailureKind.AMBIGUOUS, fatal)


@pytest.mark.parametrize(
    "text",
    [
        "CUDA error: an illegal memory access was encountered",
        "CUDA error: device-side assert triggered",
        "CUDA error: unspecified launch failure",
        "CUDA error: misaligned address",
    ],
)
@pytest.mark.parametrize("cls", [RuntimeError, torch.AcceleratorError])
def test_errors_that_end_the_device_context_are_fatal(cls: type[Exception], text: str) -> None:
    """They are the program's faults, and the process cannot be used any more."""
    assert classify(cls(text + CUDA_HINTS)) == Classification(FailureKind.NO, fatal=True)


@pytest.mark.parametrize("cls", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_never_out_of_memory(cls: type[BaseException]) -> None:
    """Whatever its text says, and whatever was being handled."""
    assert classify(cls("CUDA out of memory")) == ORDINARY
    error = cls()
    error.__context__ = torch.OutOfMemoryError("CUDA out of memory")
    assert classify(error).kind is FailureKind.NO


def test_the_words_in_another_class_mean_nothing() -> None:
    """A text is looked for in the class that torch raises only."""
    assert classify(ValueError("the report says: CUDA out of memory")) == ORDINARY


def test_the_cause_of_a_wrapped_error_counts() -> None:
    """The compiler raises its own error from the one of the operator."""
    outer = LookupError("point failed")
    outer.__cause__ = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1024 bytes.")
    assert classify(outer) == OOM
