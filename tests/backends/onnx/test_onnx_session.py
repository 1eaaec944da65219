"""A session on the processor: what goes in, what comes out, what is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from onnx import TensorProto, helper

from infer_compare.backends import (
    Device,
    ModelError,
    ModelSource,
    OptionError,
    Settings,
    TensorSpec,
    UnsupportedModel,
)
from infer_compare_onnx import OnnxBackend, OnnxOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare_onnx.session import OnnxSession

    Open = Callable[[ModelSource], OnnxSession]
    Write = Callable[..., ModelSource]


def rows(batch: int, seed: int = 0) -> np.ndarray:
    """Random inputs for the small models."""
    return np.random.default_rng(seed).standard_normal((batch, 4), np.float32)


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_a_staged_batch_runs_and_its_outputs_are_fetched(double: ModelSource, open_session: Open, batch: int):
    """Stage, run, synchronize, fetch give the model's function."""
    x = rows(batch)
    with open_session(double) as session:
        slot = session.stage([x])
        session.run(slot)
        session.synchronize()
        (y,) = session.fetch(slot)
    assert np.array_equal(y, x + x)
    assert y.flags.owndata


def test_fetched_outputs_stay_what_they_were_when_the_slot_runs_again(double: ModelSource, open_session: Open):
    """The arrays are copies, although the slot's own outputs are written in place."""
    with open_session(double) as session:
        slot = session.stage([rows(2)])
        session.run(slot)
        (before,) = session.fetch(slot)
        kept = before.copy()
        session.run(session.stage([rows(2, seed=1)], into=slot))
        (after,) = session.fetch(slot)
    assert np.array_equal(before, kept)
    assert not np.array_equal(before, after)


def test_the_staged_array_lives_as_long_as_its_slot(double: ModelSource, open_session: Open):
    """The binding points into the array's memory, so the slot must hold it."""
    with open_session(double) as session:
        slot = session.stage([rows(64)])
        trash = [np.full((64, 4), 7, np.float32) for _ in range(64)]
        session.run(slot)
        assert np.array_equal(session.fetch(slot)[0], 2 * rows(64))
        assert len(trash) == 64


def test_an_output_whose_shape_depends_on_the_data_follows_a_new_batch(write_model: Write, open_session: Open):
    """ONNX Runtime refuses a preallocated output of another shape."""
    source = write_model([helper.make_node("NonZero", ["x"], ["y"])], output=(TensorProto.INT64, [2, "found"]))
    with open_session(source) as session:
        assert session.outputs == (TensorSpec("y", "int64", (2, "found")),)
        slot = session.stage([np.array([[1, 0, 0, 1]], np.float32)])
        session.run(slot)
        assert session.fetch(slot)[0].shape == (2, 2)
        session.run(session.stage([np.ones((1, 4), np.float32)], into=slot))
        assert session.fetch(slot)[0].shape == (2, 4)


@pytest.mark.parametrize("symbol", ["batch", "N", None])
def test_the_first_axis_is_called_batch_however_the_file_calls_it(write_model: Write, open_session: Open, symbol):
    """Files name their axes as they like, or not at all."""
    source = write_model([helper.make_node("Relu", ["x"], ["y"])], batch=symbol)
    with open_session(source) as session:
        assert session.inputs == (TensorSpec("x", "float32", ("batch", 4)),)
        assert session.outputs == (TensorSpec("y", "float32", ("batch", 4)),)


def test_what_is_effective_is_read_back_from_the_session(double: ModelSource):
    """Threads, modes and provider are those that the session has."""
    options = OnnxOptions(graph_optimization="basic", execution_mode="parallel")
    backend = OnnxBackend(Settings(options=options, threads=2))
    with backend.to_device(backend.load(double), Device("cpu")) as session:
        effective = session.effective
    assert effective["provider"] == "CPUExecutionProvider"
    assert effective["threads"] == "2"
    assert effective["inter_op_threads"] == "2"
    assert effective["graph_optimization"] == "basic"
    assert effective["execution_mode"] == "parallel"
    assert effective["precision"] == "float32"
    assert "onnxruntime" in effective["distribution"]


def test_sequential_execution_has_one_thread_between_operators(double: ModelSource):
    """The whole budget is the operators' own."""
    backend = OnnxBackend(Settings(options=OnnxOptions(), threads=2))
    with backend.to_device(backend.load(double), Device("cpu")) as session:
        assert (session.effective["threads"], session.effective["inter_op_threads"]) == ("2", "1")


@pytest.mark.parametrize("level", ["disable", "basic", "extended", "all"])
def test_every_optimisation_level_computes_the_same(write_model: Write, level):
    """The levels differ in speed, not in what is computed."""
    source = write_model(
        [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])],
        constants={"w": np.eye(4, dtype=np.float32)},
    )
    backend = OnnxBackend(Settings(options=OnnxOptions(graph_optimization=level), threads=1))
    with backend.to_device(backend.load(source), Device("cpu")) as session:
        slot = session.stage([rows(3)])
        session.run(slot)
        assert session.effective["graph_optimization"] == level
        assert np.array_equal(session.fetch(slot)[0], np.maximum(rows(3), 0))


def test_a_half_precision_model_is_told_as_such(write_model: Write, open_session: Open):
    """The precision is the model's."""
    source = write_model([helper.make_node("Relu", ["x"], ["y"])], dtype=TensorProto.FLOAT16)
    with open_session(source) as session:
        assert session.effective["precision"] == "float16"
        slot = session.stage([rows(2).astype(np.float16)])
        session.run(slot)
        assert session.fetch(slot)[0].dtype == np.float16


def test_a_tensor_type_without_a_numpy_twin_is_unsupported(write_model: Write, open_session: Open):
    """Texts cannot be handed over."""
    source = write_model([helper.make_node("Identity", ["x"], ["y"])], dtype=TensorProto.STRING)
    with pytest.raises(UnsupportedModel, match=r"input 'x' is a tensor\(string\)"):
        open_session(source)


def test_closing_twice_is_fine_and_a_closed_session_does_not_run(double: ModelSource, open_session: Open):
    """A session is a context manager that may be closed before."""
    session = open_session(double)
    slot = session.stage([rows(1)])
    session.close()
    session.close()
    with pytest.raises(RuntimeError, match="closed"):
        session.run(slot)


def test_a_model_over_several_inputs_takes_them_in_its_own_order(tmp_path, open_session: Open):
    """A batch is a sequence in the order of `inputs`."""
    graph = helper.make_graph(
        [helper.make_node("Sub", ["a", "b"], ["y"])],
        "difference",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 4]) for name in ("a", "b")],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])],
    )
    path = tmp_path / "difference.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    with open_session(ModelSource(format="onnx", location=str(path), name="difference")) as session:
        slot = session.stage([rows(2), rows(2, seed=1)])
        session.run(slot)
        assert np.array_equal(session.fetch(slot)[0], rows(2) - rows(2, seed=1))
        with pytest.raises(ValueError, match="shorter"):
            session.stage([rows(2)])


def test_garbage_is_not_an_onnx_file(tmp_path, open_session: Open):
    """What cannot be parsed is an error of the model."""
    path = tmp_path / "garbage.onnx"
    path.write_bytes(b"this is not a model" * 20)
    with pytest.raises(ModelError, match="not an ONNX file, or it is cut short"):
        open_session(ModelSource(format="onnx", location=str(path), name="garbage"))


def test_an_unknown_operator_is_unsupported_and_named(write_model: Write, open_session: Open):
    """The backend is skipped, and the sentence says why."""
    source = write_model([helper.make_node("Frobnicate", ["x"], ["y"], name="n7")])
    with pytest.raises(UnsupportedModel, match="Frobnicate"):
        open_session(source)
    source = write_model([helper.make_node("Frobnicate", ["x"], ["y"], domain="com.example")], domains=["com.example"])
    with pytest.raises(UnsupportedModel, match=r"com\.example:Frobnicate"):
        open_session(source)


def test_an_operator_without_a_kernel_for_its_type_is_unsupported(write_model: Write, open_session: Open):
    """ONNX Runtime knows the operator, yet not for bfloat16."""
    source = write_model([helper.make_node("Erf", ["x"], ["y"], name="erf")], dtype=TensorProto.BFLOAT16)
    with pytest.raises(UnsupportedModel, match=r"no kernel .*Erf\(13\) node with name 'erf'"):
        open_session(source)


def test_an_opset_of_the_future_is_unsupported(write_model: Write, open_session: Open):
    """The sentence says up to which opset ONNX Runtime goes."""
    with pytest.raises(UnsupportedModel, match=r"Opset 99 .*till opset \d+"):
        open_session(write_model([helper.make_node("Relu", ["x"], ["y"])], opset=99))


def test_a_graph_that_contradicts_itself_is_refused(write_model: Write, open_session: Open):
    """An invalid model is an error of the model, not of the backend."""
    source = write_model([helper.make_node("Add", ["x", "c"], ["y"])], constants={"c": np.ones(5, np.float32)})
    with pytest.raises(ModelError, match=r"refuses .*Incompatible dimensions") as caught:
        open_session(source)
    assert not isinstance(caught.value, UnsupportedModel)


def test_a_wrong_dtype_raises_an_ordinary_error(double: ModelSource, open_session: Open, backend: OnnxBackend):
    """It is neither memory nor a limit."""
    with open_session(double) as session:
        slot = session.stage([rows(2).astype(np.float64)])
        with pytest.raises(RuntimeError, match="Unexpected input data type") as caught:
            session.run(slot)
    assert backend.classify(caught.value).kind == "no"


def test_switches_of_the_session_are_read_back_where_they_are_not_as_usual(double: ModelSource):
    """Nothing is said of those that are as ONNX Runtime has them."""

    def effective(**options: object) -> dict[str, str]:
        settings = Settings(options=OnnxOptions(**options), threads=1)  # type: ignore[arg-type]
        with OnnxBackend(settings).to_device(double.path, Device("cpu")) as session:
            told = session.effective
            return {key: told[key] for key in told if key in {*options, "allow_spinning"}}

    assert effective() == {}
    given = {"arena": False, "memory_pattern": False, "denormal_as_zero": True, "allow_spinning": False}
    assert effective(**given) == {key: str(value).lower() for key, value in given.items()}


def test_idle_threads_do_not_spin_where_instances_ask_for_more_cores_than_there_are(double: ModelSource):
    """Unless it is asked for."""
    many = {"threads": 2, "instances": 4096}
    for asked, spins in ((None, "false"), (True, None)):
        settings = Settings(options=OnnxOptions(allow_spinning=asked), **many)  # type: ignore[arg-type]
        with OnnxBackend(settings).to_device(double.path, Device("cpu")) as session:
            assert session.effective.get("allow_spinning") == spins


def test_options_of_a_provider_are_refused_on_the_processor(double: ModelSource):
    """It has none, and would ignore them."""
    settings = Settings(options=OnnxOptions(provider={"use_tf32": "0"}), threads=1)
    with pytest.raises(OptionError, match=r"provider\.use_tf32 is an option of an accelerator's provider"):
        OnnxBackend(settings).to_device(double.path, Device("cpu"))
