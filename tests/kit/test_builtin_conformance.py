"""The built-in backends keep the promises that are asked of everybody's."""

from __future__ import annotations

import pytest

from infer_compare.testing.conformance import BackendConformance

TORCH_OOM = (
    RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried to"),
    RuntimeError("CUDA out of memory. Tried to allocate 2.00 MiB (GPU 0; 8.00 GiB total capacity)"),
)
TORCH_LIMITS = (RuntimeError("Expected canUse32BitIndexMath(input) to be true, but got false."),)
ONNX_OOM = (
    RuntimeError(
        "Error in execution: Non-zero status code returned while running Conv node. Name:'/conv1/Conv' Status Message: "
        "bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to "
        "allocate memory for requested buffer of size 536870912"
    ),
)
ONNX_LIMITS = (RuntimeError("Error in execution: SafeIntOnOverflow() Integer overflow"),)
TENSORFLOW_OOM = (
    type("ResourceExhaustedError", (Exception,), {"__module__": "tensorflow.python.framework.errors_impl"})(
        "OOM when allocating tensor with shape[2097152,1048576] and type float on /job:localhost/replica:0/task:0/device:"
        "CPU:0 by allocator mklcpu"
    ),
)


class TestReference(BackendConformance):
    """Against itself, which asks only whether it is steady."""

    backend = "reference"
    slow = False


class TestOnnx(BackendConformance):
    """ONNX Runtime."""

    backend = "onnx"
    slow = False
    oom_errors = ONNX_OOM
    limit_errors = ONNX_LIMITS


class TestTorch(BackendConformance):
    """PyTorch."""

    backend = "torch"
    slow = False
    oom_errors = TORCH_OOM
    limit_errors = TORCH_LIMITS


class TestTensorFlow(BackendConformance):
    """TensorFlow."""

    backend = "tensorflow"
    slow = False
    oom_errors = TENSORFLOW_OOM


@pytest.mark.slow
class TestSlowlyReference(TestReference):
    """Memory and threads."""

    slow = True


@pytest.mark.slow
class TestSlowlyOnnx(TestOnnx):
    """Memory and threads."""

    slow = True


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
class TestSlowlyTorch(TestTorch):
    """Memory and threads."""

    slow = True


@pytest.mark.slow
class TestSlowlyTensorFlow(TestTensorFlow):
    """Memory and threads."""

    slow = True
