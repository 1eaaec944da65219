"""Exceptions of TensorFlow, recorded and provoked, and what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from infer_compare.backends import Classification, FailureKind
from infer_compare_tensorflow.failures import ERRORS, classify

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends import ModelSource
    from infer_compare_tensorflow import TensorFlowBackend
    from infer_compare_tensorflow.session import TensorFlowSession

    Open = Callable[..., TensorFlowSession]
    Write = Callable[..., ModelSource]


def tf_error(name: str, text: str) -> Exception:
    """An exception as TensorFlow raises it: a class of its own that derives from `Exception`."""
    error: Exception = type(name, (Exception,), {"__module__": ERRORS.removesuffix(".")})(text)
    return error


def bound(cause: BaseException) -> TypeError:
    """What `tf.function` makes of an error while it copies its arguments."""
    error = TypeError("Binding inputs to tf.function failed due to `...`. Received args: (array([0., 0., 0.]),)")
    error.__context__ = cause
    return error


GRAPH = (
    "Graph execution error:\n\nDetected at node Fill defined at (most recent call last):\n<stack traces unavailable>\n"
)
WHERE = "on /job:localhost/replica:0/task:0/device:{}:0 by allocator {}"


@pytest.mark.parametrize(
    "error",
    [
        # Recorded on the processor.
        tf_error(
            "ResourceExhaustedError",
            GRAPH + "OOM when allocating tensor with shape[2097152,1048576] and type float "
            f"{WHERE.format('CPU', 'mklcpu')}\n\t [[{{{{node Fill}}}}]]\nHint: If you want to see a list of allocated "
            "tensors when OOM happens, add report_tensor_allocations_upon_oom to RunOptions",
        ),
        tf_error(
            "ResourceExhaustedError",
            "{{function_node __wrapped__BroadcastTo_device_/job:localhost/replica:0/task:0/device:CPU:0}} OOM when "
            f"allocating tensor with shape[1048576,1048576] and type float {WHERE.format('CPU', 'mklcpu')} "
            "[Op:BroadcastTo]",
        ),
        MemoryError("Unable to allocate 4.00 TiB for an array with shape (1099511627776,) and data type float32"),
        bound(MemoryError("Unable to allocate 4.00 TiB for an array with shape (1099511627776,)")),
        # As TensorFlow's sources write them for a device.
        tf_error(
            "ResourceExhaustedError",
            f"OOM when allocating tensor with shape[64,3] and type float {WHERE.format('GPU', 'GPU_0_bfc')} [Op:Add]",
        ),
        tf_error(
            "ResourceExhaustedError", "Out of memory while trying to allocate 68719476736 bytes. [Op:__inference_f_1]"
        ),
        tf_error("InternalError", "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 1024 bytes"),
        tf_error("InternalError", "Failed to allocate memory: CUDA_ERROR_OUT_OF_MEMORY: out of memory"),
        tf_error("InternalError", "failed to create cublas handle: CUBLAS_STATUS_ALLOC_FAILED"),
    ],
)
def test_allocation_failures_mean_out_of_memory(error: Exception) -> None:
    """By class and text, since neither says enough alone."""
    assert classify(error) == Classification(FailureKind.OOM)


@pytest.mark.parametrize(
    "error",
    [
        tf_error(
            "InvalidArgumentError",
            GRAPH + "Shape [2147483647,2147483647,2147483647] would have more than 2**63 - 1 elements\n\t "
            "[[{{node Fill}}]] [Op:__inference_fill_7]",
        ),
        tf_error(
            "InvalidArgumentError", "Encountered overflow when multiplying 4294967296 with 4294967296, result: -1"
        ),
        tf_error("ResourceExhaustedError", "OOM when allocating: the size is not representable by 32-bit integers"),
    ],
)
def test_overflows_are_limits_and_are_looked_for_first(error: Exception) -> None:
    """A batch that is too large for an index is not too large for the memory."""
    assert classify(error).kind is FailureKind.LIMIT


@pytest.mark.parametrize(
    "error",
    [
        tf_error(
            "InvalidArgumentError",
            GRAPH
            + "Matrix size-incompatible: In[0]: [2,3], In[1]: [2,3]\n\t [[{{node matmul}}]] [Op:__inference_mm_22]",
        ),
        tf_error(
            "InvalidArgumentError",
            "Could not satisfy device specification '/job:localhost/replica:0/task:0/device:GPU:0'. "
            "enable_soft_placement=0. Supported device types [CPU].",
        ),
        tf_error("NotFoundError", "Could not find device for node: {{node MatMul}} = MatMul[T=DT_UINT32]"),
        tf_error("ResourceExhaustedError", "The session handle quota is exceeded."),
        TypeError("Binding inputs to tf.function failed due to `Can not cast`."),
    ],
)
def test_other_errors_are_ordinary(error: Exception) -> None:
    """Neither memory nor a limit; a full queue or quota has the class of exhausted memory and is none."""
    assert classify(error) == Classification(FailureKind.NO)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_never_a_failure_of_the_framework(kind: type[BaseException]) -> None:
    """Whatever it says, and whatever it was raised during."""
    error: Any = kind("out of memory")
    error.__context__ = MemoryError()
    assert classify(error) == Classification(FailureKind.NO)


@pytest.mark.parametrize(
    ("text", "fatal"),
    [
        (
            (
                "Operation received an exception:Status: 1, message: could not create a primitive, in file "
                "tensorflow/core/kernels/mkl/mkl_conv_ops.cc:1149"
            ),
            False,
        ),
        ("CUDNN_STATUS_NOT_SUPPORTED in external/local_xla/xla/stream_executor/cuda/cuda_dnn.cc", False),
        ("Failed to get convolution algorithm. This is probably because cuDNN failed to initialize", True),
        ("failed to create cublas handle: CUBLAS_STATUS_NOT_INITIALIZED", True),
    ],
)
def test_errors_with_several_causes_are_ambiguous(text: str, fatal: bool) -> None:
    """A fresh worker has to repeat them."""
    assert classify(tf_error("AbortedError", text)) == Classification(FailureKind.AMBIGUOUS, fatal)


def test_a_device_that_was_lost_is_fatal() -> None:
    """The context of the device does not recover."""
    error = tf_error("InternalError", "CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered")
    assert classify(error) == Classification(FailureKind.NO, fatal=True)


def test_a_cause_that_names_itself_ends_the_walk() -> None:
    """Chains of exceptions may be circular."""
    first, second = ValueError("one"), tf_error("ResourceExhaustedError", "OOM when allocating tensor")
    first.__cause__, second.__cause__ = second, first
    assert classify(first).kind is FailureKind.OOM


def test_a_real_batch_that_does_not_fit_is_recognised(
    double: ModelSource, open_session: Open, backend: TensorFlowBackend
) -> None:
    """An array of four tebibytes that shares one row is copied in full when it is staged."""
    huge = np.lib.stride_tricks.as_strided(np.zeros((1, 4), np.float32), (1 << 38, 4), (0, 4))
    with open_session(double) as session, pytest.raises(Exception, match="Unable to allocate") as caught:
        session.stage([huge])
    assert backend.classify(caught.value) == Classification(FailureKind.OOM)


def test_a_real_overflow_of_the_element_count_is_a_limit(
    write_model: Write, open_session: Open, backend: TensorFlowBackend
) -> None:
    """The number of elements does not fit 64 bits."""
    source = write_model("(int64[3] sizes) => (float[a,b,c] y) { y = ConstantOfShape(sizes) }")
    with open_session(source) as session:
        slot = session.stage([np.full(3, 2**31 - 1)])
        with pytest.raises(Exception, match=r"2\*\*63") as caught:
            session.run(slot)
    assert backend.classify(caught.value) == Classification(FailureKind.LIMIT)


def test_a_real_error_of_a_node_is_ordinary(write_model: Write, open_session: Open, backend: TensorFlowBackend) -> None:
    """Shapes that contradict each other are known only when the model runs."""
    source = write_model("(float[batch,n] a, float[m,4] b) => (float[batch,4] y) { y = MatMul(a, b) }")
    with open_session(source) as session:
        slot = session.stage([np.zeros((2, 3), np.float32), np.zeros((5, 4), np.float32)])
        with pytest.raises(Exception, match="incompatible") as caught:
            session.run(slot)
    assert backend.classify(caught.value) == Classification(FailureKind.NO)


@pytest.mark.slow
def test_a_real_allocation_that_does_not_fit_is_recognised(
    write_model: Write, open_session: Open, backend: TensorFlowBackend
) -> None:
    """TensorFlow waits ten seconds for memory to come free before it says so; the session can be used afterwards."""
    source = write_model("(int64[2] sizes) => (float[a,b] y) { y = ConstantOfShape(sizes) }")
    with open_session(source) as session:
        slot = session.stage([np.array([1 << 21, 1 << 20])])
        with pytest.raises(Exception, match="OOM when allocating tensor") as caught:
            session.run(slot)
        assert backend.classify(caught.value) == Classification(FailureKind.OOM)
        small = session.stage([np.array([2, 3])])
        session.run(small)
        assert np.array_equal(session.fetch(small)[0], np.zeros((2, 3), np.float32))
