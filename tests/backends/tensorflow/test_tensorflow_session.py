"""A session on the processor: what goes in, what comes out, what is told of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from infer_compare.backends import Device, OperatingPoint, TensorSpec, UnsupportedModel
from infer_compare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends import ModelSource
    from infer_compare_tensorflow import TensorFlowBackend
    from infer_compare_tensorflow.session import TensorFlowSession

    Open = Callable[..., TensorFlowSession]
    Write = Callable[..., ModelSource]


def rows(batch: int, seed: int = 0) -> np.ndarray:
    """Random inputs for the small models."""
    return np.random.default_rng(seed).standard_normal((batch, 4), np.float32)


def test_a_staged_batch_runs_and_its_outputs_are_fetched(double: ModelSource, open_session: Open) -> None:
    """Stage, run, synchronize, fetch give the model's function at every batch size, from one session."""
    with open_session(double) as session:
        for batch in (1, 3, 8, 3):
            slot = session.stage([rows(batch)])
            session.run(slot)
            session.synchronize()
            (y,) = session.fetch(slot)
            assert np.array_equal(y, 2 * rows(batch))
            assert y.flags.owndata


def test_fetched_outputs_stay_what_they_were_when_the_slot_runs_again(double: ModelSource, open_session: Open) -> None:
    """The arrays are copies and may be written to."""
    with open_session(double) as session:
        slot = session.stage([rows(2)])
        session.run(slot)
        (before,) = session.fetch(slot)
        session.run(session.stage([rows(2, seed=1)], into=slot))
        (after,) = session.fetch(slot)
        before += 1
        assert np.array_equal(session.fetch(slot)[0], after)
    assert np.array_equal(before, 2 * rows(2) + 1)
    assert np.array_equal(after, 2 * rows(2, seed=1))


def test_an_output_that_is_the_input_is_a_copy_of_it(write_model: Write, open_session: Open) -> None:
    """Nobody who writes to what came out changes what is staged."""
    source = write_model("(float[batch,4] x) => (float[batch,4] y) { y = Identity(x) }")
    with open_session(source) as session:
        x = rows(2)
        slot = session.stage([x])
        session.run(slot)
        (y,) = session.fetch(slot)
        y[:] = 0
        session.run(slot)
        assert np.array_equal(session.fetch(slot)[0], rows(2))
    assert np.array_equal(x, rows(2))


def test_a_released_slot_holds_no_output(double: ModelSource, open_session: Open) -> None:
    """Its memory is free for others."""
    with open_session(double) as session:
        slot = session.stage([rows(2)])
        session.run(slot)
        session.release(slot)
        assert session.fetch(slot) == []


def test_a_staged_batch_does_not_follow_the_array_it_came_from(double: ModelSource, open_session: Open) -> None:
    """Staging copies, as a device does; a mapped or strided array is taken like any other."""
    array = rows(64)
    with open_session(double) as session:
        slot = session.stage([array])
        strided = session.stage([array[::2]])
        array[:] = 0
        session.run(slot)
        session.run(strided)
        assert np.array_equal(session.fetch(slot)[0], 2 * rows(64))
        assert np.array_equal(session.fetch(strided)[0], 2 * rows(64)[::2])


@pytest.mark.parametrize("symbol", ["batch", "N"])
def test_the_first_axis_is_called_batch_however_the_file_calls_it(
    write_model: Write, open_session: Open, symbol: str
) -> None:
    """Files name their axes as they like."""
    source = write_model(f"(float[{symbol},4] x) => (float[{symbol},4] y) {{ y = Relu(x) }}")
    with open_session(source) as session:
        assert session.inputs == (TensorSpec("x", "float32", ("batch", 4)),)
        assert session.outputs == (TensorSpec("y", "float32", ("batch", 4)),)


@pytest.mark.parametrize(
    "batch",
    [
        [np.zeros((2, 5), np.float32)],
        [np.zeros((2, 4, 1), np.float32)],
        [np.zeros((2, 4), np.float64)],
        [np.zeros((2, 4), np.float32)] * 2,
        [],
    ],
    ids=["size", "rank", "dtype", "too many", "none"],
)
def test_a_batch_that_does_not_fit_the_inputs_is_refused_when_it_is_staged(
    double: ModelSource, open_session: Open, batch: list[np.ndarray]
) -> None:
    """The way in which the function is called compares nothing, so the session does."""
    with (
        open_session(double) as session,
        pytest.raises(InputError, match=r"float32\[batch, 4\]|takes 1 inputs|'batch'"),
    ):
        session.stage(batch)


def test_a_graph_is_traced_once_for_all_batch_sizes(double: ModelSource, open_session: Open) -> None:
    """The batch axis is free, so that no batch size pays for a trace."""
    with open_session(double) as session:
        for batch in (1, 2, 7):
            session.prepare(OperatingPoint(batch))
            session.run(session.stage([rows(batch)]))
            assert session.compilations() == 1


def test_xla_compiles_once_for_every_shape_and_computes_the_same(write_model: Write, open_session: Open) -> None:
    """Each batch size is compiled when it is prepared, and a repeated one is not compiled anew."""
    source = write_model("(float[batch,4] x) => (float[batch,4] y) { h = Mul(x, x) y = Softmax(h) }")
    with open_session(source, jit_compile=True) as session, open_session(source) as graph:
        assert session.effective["execution"] == "xla"
        assert graph.effective["execution"] == "graph"
        for batch, compilations in ((2, 2), (3, 3), (2, 3)):
            session.prepare(OperatingPoint(batch))
            assert session.compilations() == compilations
            slot, other = session.stage([rows(batch)]), graph.stage([rows(batch)])
            session.run(slot)
            graph.run(other)
            np.testing.assert_allclose(session.fetch(slot)[0], graph.fetch(other)[0], rtol=1e-6)
        assert session.compilations() == 3


@pytest.mark.parametrize(("call", "binds"), [("function", True), ("direct", False)])
def test_a_model_is_called_through_its_function_unless_direct_calls_are_asked_for(
    double: ModelSource, open_session: Open, call: str, binds: bool
) -> None:
    """A function binds its arguments in Python, in every call; a direct call runs the same graph without that."""
    files: set[str] = set()
    with open_session(double, call=call) as session:
        assert session.effective["call"] == call
        slot = session.stage([rows(2)])
        session.run(slot)
        sys.setprofile(lambda frame, *_: files.add(frame.f_code.co_filename))
        try:
            session.run(slot)
        finally:
            sys.setprofile(None)
        assert np.array_equal(session.fetch(slot)[0], 2 * rows(2))
    assert any(one.endswith("concrete_function.py") for one in files) == binds


def test_what_xla_compiled_is_really_an_xla_program(write_model: Write, open_session: Open) -> None:
    """A call that forgot the option would run as a graph and look the same.

    A direct call does not see the mark on the function that it calls; there the mark is inside.
    """
    source = write_model("(float[batch,4] x) => (float[batch,4] y) { h = Mul(x, x) y = Softmax(h) }")
    with open_session(source, jit_compile=True) as session:
        assert session._concrete.function_def.attr["_XlaMustCompile"].b
    with open_session(source, jit_compile=True, call="direct") as session:
        library = session._concrete.graph.as_graph_def().library.function
    inside = [node for function in library for node in function.node_def]
    assert any(one.attr["_XlaMustCompile"].b for one in (*inside, *library))


def test_a_model_with_a_free_axis_that_the_point_does_not_name_is_prepared_by_nothing(
    write_model: Write, open_session: Open
) -> None:
    """Its size is not known, so the first real batch comes first."""
    source = write_model("(float[batch,seq] x) => (float[batch,seq] y) { y = Relu(x) }")
    with open_session(source, jit_compile=True) as session:
        session.prepare(OperatingPoint(2))
        assert session.compilations() == 1
        session.prepare(OperatingPoint(2, (("seq", 5),)))
        assert session.compilations() == 2


def test_what_is_effective_is_read_back_from_tensorflow(double: ModelSource, open_session: Open) -> None:
    """Threads, device and precision are those that run."""
    with open_session(double) as session:
        effective = session.effective
    assert effective["device"] == "/CPU:0"
    assert (effective["threads"], effective["inter_op_threads"]) == ("1", "1")
    assert effective["precision"] == "float32"
    assert effective["onednn"] in {"on", "off"}


@pytest.mark.parametrize(("onnx_type", "dtype"), [("float16", np.float16), ("double", np.float64)])
def test_the_precision_is_that_of_the_model(
    write_model: Write, open_session: Open, onnx_type: str, dtype: type[np.floating]
) -> None:
    """Outputs come back in the model's own dtype."""
    source = write_model(f"({onnx_type}[batch,4] x) => ({onnx_type}[batch,4] y) {{ y = Add(x, x) }}")
    with open_session(source) as session:
        assert session.effective["precision"] == np.dtype(dtype).name
        slot = session.stage([rows(2).astype(dtype)])
        session.run(slot)
        (y,) = session.fetch(slot)
    assert y.dtype == dtype
    assert np.array_equal(y, 2 * rows(2).astype(dtype))


def test_the_peak_of_memory_follows_the_batch_and_is_reset(write_model: Write, open_session: Open) -> None:
    """The allocator of oneDNN counts on the processor; without it there is no reading."""
    source = write_model("(float[batch,4] x) => (float[batch,4] y) { h = Exp(x) y = Add(h, x) }")
    with open_session(source) as session:
        if session.effective["onednn"] == "off":
            assert session.peak_memory() is None
            return
        peaks = []
        for batch in (1 << 20, 1 << 10):
            session.reset_peak_memory()
            slot = session.stage([np.ones((batch, 4), np.float32)])
            session.run(slot)
            session.release(slot)
            reading = session.peak_memory()
            assert reading is not None
            assert reading.allocated is not None
            peaks.append(reading.allocated)
    # The sum may be written over the exponential, so that one array of that size is what is sure to be there.
    assert peaks[0] >= (1 << 20) * 4 * 4
    assert peaks[1] < peaks[0]


@pytest.mark.gpu
def test_a_cuda_session_runs_on_the_device_and_not_on_the_processor(
    double: ModelSource, backend: TensorFlowBackend
) -> None:
    """Inputs and outputs stay on the device between stage and fetch."""
    devices = [device for device in backend.devices() if device.kind == "cuda"]
    if not devices:
        pytest.skip("TensorFlow sees no CUDA device")
    with backend.to_device(backend.load(double), devices[0]) as session:
        slot = session.stage([rows(3)])
        session.run(slot)
        session.synchronize()
        assert all("GPU:0" in tensor.device for tensor in (*slot.arguments, *slot.outputs))
        assert np.array_equal(session.fetch(slot)[0], 2 * rows(3))
        assert session.effective["device"] == "/GPU:0"
        assert session.peak_memory() is not None


def test_closing_twice_is_fine_and_a_closed_session_does_not_run(double: ModelSource, open_session: Open) -> None:
    """A session is a context manager that may be closed before."""
    session = open_session(double)
    slot = session.stage([rows(1)])
    session.close()
    session.close()
    with pytest.raises(RuntimeError, match="closed"):
        session.run(slot)
    with pytest.raises(RuntimeError, match="closed"):
        session.stage([rows(1)])


def test_a_model_over_several_inputs_takes_and_gives_them_in_its_own_order(
    write_model: Write, open_session: Open
) -> None:
    """A batch is a sequence in the order of `inputs`; an output may be there twice."""
    source = write_model(
        "(float[batch,4] a, float[batch,4] b) => (float[batch,4] difference, float[batch,4] sum) "
        "{ sum = Add(a, b) difference = Sub(a, b) }"
    )
    with open_session(source) as session:
        slot = session.stage([rows(2), rows(2, seed=1)])
        session.run(slot)
        difference, total = session.fetch(slot)
    assert [spec.name for spec in session.outputs] == ["difference", "sum"]
    assert np.array_equal(difference, rows(2) - rows(2, seed=1))
    assert np.array_equal(total, rows(2) + rows(2, seed=1))


SKIPPED = """(float[N,2,height,width] x) => (float[N,2,height,width] y) {
    half = MaxPool<kernel_shape = [2, 2], strides = [2, 2], ceil_mode = 1>(x)
    n = Shape<end = 2>(half) hw = Shape<start = 2>(x) size = Concat<axis = 0>(n, hw)
    back = Resize<mode = "linear", coordinate_transformation_mode = "align_corners">(half, , , size) y = Add(back, x) }"""
"""A resize to the size of a skip connection, as in a U-Net with free height and width."""


def check_against_reference(session: TensorFlowSession, source: ModelSource, *shapes: tuple[int, ...]) -> None:
    """Run random inputs of these shapes, and compare the outputs with those of ONNX's own evaluator."""
    evaluator = ReferenceEvaluator(str(source.path))
    for shape in shapes:
        x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
        slot = session.stage([x])
        session.run(slot)
        np.testing.assert_allclose(session.fetch(slot)[0], evaluator.run(None, {"x": x})[0], rtol=1e-4, atol=1e-5)


def test_sizes_that_were_given_to_free_axes_are_known_while_a_model_is_traced(
    backend: TensorFlowBackend, write_model: Callable[..., ModelSource]
) -> None:
    """The batch alone stays free: one graph."""
    known = (TensorSpec("x", "float32", ("batch", 2, 7, 5)),)
    source = msgspec.structs.replace(write_model(SKIPPED), inputs=known)
    with backend.to_device(backend.load(source), Device("cpu")) as session:
        check_against_reference(session, source, (1, 2, 7, 5), (3, 2, 7, 5))
        assert session.compilations() == 1


@pytest.mark.parametrize("options", [{}, {"call": "direct"}, {"jit_compile": True}])
def test_a_model_that_cannot_be_traced_with_free_axes_gets_a_graph_for_each_of_their_sizes(
    open_session: Callable[..., TensorFlowSession], write_model: Callable[..., ModelSource], options: dict[str, Any]
) -> None:
    """All batch sizes of one height and width share it, and a slot may go from one to another."""
    source = write_model(SKIPPED)
    with open_session(source, **options) as session:
        assert session.compilations() == 0
        assert session.effective["graphs"] == "one for each size"
        session.prepare(OperatingPoint(2, (("height", 7), ("width", 5))))
        check_against_reference(session, source, (2, 2, 7, 5), (3, 2, 7, 5), (3, 2, 4, 6), (1, 2, 7, 5))
        slot = session.stage([np.ones((1, 2, 7, 5), np.float32)])
        session.run(slot)
        session.run(session.stage([np.ones((1, 2, 4, 6), np.float32)], slot))
        assert session.fetch(slot)[0].shape == (1, 2, 4, 6)
        assert session.compilations() == (2 if "jit_compile" not in options else session.compilations())


def test_a_graph_that_cannot_be_made_for_any_size_is_refused_where_it_is_prepared(
    open_session: Callable[..., TensorFlowSession], write_model: Callable[..., ModelSource]
) -> None:
    """With the operator named."""
    source = write_model('(float[batch,w] x, float[2] s) => (float[batch,v] y) { y = Resize<mode = "linear">(x, , s) }')
    with open_session(source) as session, pytest.raises(UnsupportedModel, match=r"Resize.*constant list of scales"):
        session.prepare(OperatingPoint(1, (("w", 4),)))
