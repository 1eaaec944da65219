"""Exceptions of ONNX Runtime, recorded and provoked, and what they mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto, helper

from infer_compare.backends import Classification, FailureKind, ModelError, UnsupportedModel
from infer_compare_onnx.failures import MODULE, classify, explain

if TYPE_CHECKING:
    from collections.abc import Callable

GIB = 2**30


def ort_error(name: str, text: str) -> Exception:
    """An exception as the extension module raises it: a class that derives from `Exception` alone."""
    return type(name, (Exception,), {"__module__": MODULE})(text)


ARENA = (
    "[ONNXRuntimeError] : 1 : FAIL : Non-zero status code returned while running Conv node. Name:'/conv1/Conv' "
    "Status Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::"
    "AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size "
)


@pytest.mark.parametrize(
    "error",
    [
        ort_error("Fail", ARENA + "536870912\n"),
        RuntimeError("Error in execution: " + ARENA + "536870912\n"),
        ort_error("RuntimeException", ARENA + "536870912\n"),
        ort_error("Fail", "Available memory of 104857600 is smaller than requested bytes of 536870912"),
        ort_error("RuntimeException", "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Status Message: std::bad_alloc"),
        ort_error("RuntimeException", "Exception during initialization: std::bad_alloc"),
        ort_error("Fail", "[ONNXRuntimeError] : 1 : FAIL : Load model from net.onnx failed:std::bad_alloc"),
        ort_error("RuntimeException", "CUDA failure 2: out of memory ; GPU=0 ; hostname=h ; expr=cudaMalloc(&p, size)"),
        ort_error("EPFail", "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0 ; expr=cublasCreate(&handle)"),
        ort_error("Fail", "CUDNN failure 4000: CUDNN_STATUS_ALLOC_FAILED ; GPU=0"),
        MemoryError("Unable to allocate 96.0 MiB for an array with shape (25165824,)"),
    ],
)
def test_allocation_failures_mean_out_of_memory(error):
    """By class and text, since the classes say nothing alone."""
    assert classify(error, 16 * GIB) == Classification(FailureKind.OOM)


@pytest.mark.parametrize(
    "error",
    [
        ort_error("Fail", "Status Message: /core/common/safeint.h:17 SafeIntOnOverflow() Integer overflow"),
        RuntimeError("Error in execution: ... Integer overflow, out of memory"),
        ort_error("RuntimeException", "tensor size exceeds int32 index range"),
    ],
)
def test_overflows_are_limits_and_are_looked_for_first(error):
    """A batch that is too large for an index is not too large for the memory."""
    assert classify(error, 16 * GIB).kind is FailureKind.LIMIT


def test_a_request_for_more_than_eight_times_the_memory_is_a_miscomputed_shape():
    """Garbage sizes have been seen; asking for less memory would not help."""
    garbage = ort_error("Fail", ARENA + "4585490524328388608")
    assert classify(garbage, 16 * GIB).kind is FailureKind.NO
    large = ort_error("Fail", ARENA + str(127 * GIB))
    assert classify(large, 16 * GIB).kind is FailureKind.OOM


@pytest.mark.parametrize(
    "error",
    [
        ort_error(
            "InvalidArgument", "Unexpected input data type. Actual: (tensor(double)) , expected: (tensor(float))"
        ),
        ort_error("NotImplemented", "Could not find an implementation for Erf(13) node with name 'e'"),
        ValueError("Required inputs (['x']) are missing from input feed (['y'])."),
        ort_error("InvalidArgument", "the word out of memory in a class that does not carry it"),
        KeyboardInterrupt("out of memory"),
    ],
)
def test_other_errors_are_ordinary(error):
    """Neither memory nor a limit."""
    assert classify(error, 16 * GIB) == Classification(FailureKind.NO)


def test_errors_of_the_device_that_cannot_be_recovered_are_fatal():
    """The CUDA context is lost after an illegal access."""
    error = RuntimeError("Error in execution: CUDA failure 700: an illegal memory access was encountered ; GPU=0")
    assert classify(error) == Classification(FailureKind.NO, fatal=True)


def test_errors_with_several_causes_are_ambiguous():
    """A fresh worker has to repeat them."""
    unsupported = ort_error("Fail", "CUDNN failure 3000: CUDNN_STATUS_NOT_SUPPORTED ; GPU=0")
    assert classify(unsupported) == Classification(FailureKind.AMBIGUOUS)
    handle = ort_error("RuntimeException", "CUBLAS failure 1: CUBLAS_STATUS_NOT_INITIALIZED ; GPU=0")
    assert classify(handle) == Classification(FailureKind.AMBIGUOUS, fatal=True)


def test_the_cause_of_a_wrapped_error_counts():
    """A harness may raise its own error from ONNX Runtime's."""
    outer = LookupError("point failed")
    outer.__cause__ = ort_error("Fail", ARENA + "1024")
    assert classify(outer, 16 * GIB).kind is FailureKind.OOM


def test_a_real_allocation_that_does_not_fit_is_recognised(write_model: Callable, open_session: Callable, backend):
    """ONNX Runtime, with bound outputs, raises a plain RuntimeError."""
    tiles = 4 * 64 * GIB // 16
    source = write_model(
        [helper.make_node("Expand", ["x", "shape"], ["y"])],
        constants={"shape": np.array([tiles, 4], np.int64)},
        output=(TensorProto.FLOAT, ["rows", 4]),
    )
    with open_session(source) as session:
        slot = session.stage([np.zeros((1, 4), np.float32)])
        with pytest.raises(RuntimeError, match="Failed to allocate memory") as caught:
            session.run(slot)
        assert classify(caught.value, 64 * GIB) == Classification(FailureKind.OOM)
        assert backend.classify(MemoryError()) == Classification(FailureKind.OOM)


def test_a_real_overflow_of_the_element_count_is_a_limit(write_model: Callable, open_session: Callable, backend):
    """The size of the output does not fit 64 bits."""
    source = write_model(
        [helper.make_node("Expand", ["x", "shape"], ["y"])],
        constants={"shape": np.array([2**62, 4], np.int64)},
        output=(TensorProto.FLOAT, ["rows", 4]),
    )
    with open_session(source) as session:
        slot = session.stage([np.zeros((1, 4), np.float32)])
        with pytest.raises(RuntimeError) as caught:
            session.run(slot)
    assert backend.classify(caught.value).kind is FailureKind.LIMIT


@pytest.mark.parametrize(
    ("name", "text", "kind", "sentence"),
    [
        (
            "NoSuchFile",
            "[ONNXRuntimeError] : 3 : NO_SUCHFILE : Load model from net.onnx failed:File doesn't exist",
            ModelError,
            "There is no model file net.onnx.",
        ),
        (
            "InvalidArgument",
            (
                "[ONNXRuntimeError] : 2 : INVALID_ARGUMENT : Load model from net.onnx failed:No graph was found in the "
                "protobuf."
            ),
            ModelError,
            "net.onnx is not an ONNX file, or it is cut short.",
        ),
        (
            "Fail",
            (
                "[ONNXRuntimeError] : 1 : FAIL : External data path validation failed for initializer: w0. Error: External "
                'data path escapes model directory. External data path: "../secret"'
            ),
            ModelError,
            (
                "The external data of net.onnx cannot be read: External data path validation failed for initializer: w0. "
                'Error: External data path escapes model directory. External data path: "../secret".'
            ),
        ),
        (
            "Fail",
            (
                "[ONNXRuntimeError] : 1 : FAIL : Load model from net.onnx failed:/onnxruntime_src/onnxruntime/core/graph/"
                "model.cc:256 onnxruntime::Model::Model(onnx::ModelProto&&, const logging::Logger&) Unsupported model IR "
                "version: 99, max supported IR version: 13\n"
            ),
            UnsupportedModel,
            "ONNX Runtime does not support net.onnx: Unsupported model IR version: 99, max supported IR version: 13.",
        ),
    ],
)
def test_refused_models_are_explained_in_one_sentence(name, text, kind, sentence):
    """Without error numbers, prefixes and places in ONNX Runtime's sources."""
    explained = explain(ort_error(name, text), Path("net.onnx"))
    assert type(explained) is kind
    assert str(explained) == sentence


def test_memory_failures_and_foreign_errors_are_not_explained_away():
    """They stay what they are, so that they can be classified."""
    assert explain(ort_error("Fail", "Load model from net.onnx failed:std::bad_alloc"), Path("net.onnx")) is None
    assert explain(RuntimeError("anything"), Path("net.onnx")) is None
    assert explain(ort_error("RuntimeException", "some engine failure"), Path("net.onnx")) is None
