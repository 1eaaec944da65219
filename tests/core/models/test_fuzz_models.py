"""Model files, whatever they hold, are read or refused in one sentence before anything is computed with them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import onnx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from onnx import helper

from infer_compare.errors import ModelError, UsageError
from infer_compare.models.given import parse_input
from infer_compare.models.inputs import resolve_inputs
from infer_compare.models.source import resolve_model

if TYPE_CHECKING:
    from infer_compare.models.resolved_model import ResolvedModel

LARGEST = 2**63 - 1


def model(name: str = "x", shape=("b", 4), kind: int = 1, opset: int = 17, nodes=None, initializers=()) -> bytes:
    """A file with one input and one output of the same kind and shape."""
    node = [helper.make_node("Relu", [name], ["y"])] if nodes is None else nodes
    graph = helper.make_graph(
        node,
        "g",
        [helper.make_tensor_value_info(name, kind, shape)],
        [helper.make_tensor_value_info("y", kind, shape)],
        list(initializers),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)]).SerializeToString()


def external(**entries: str) -> bytes:
    """A model whose weights lie elsewhere."""
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[4], data_location=1)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    return model(nodes=[helper.make_node("Add", ["x", "w"], ["y"])], initializers=[tensor])


def read(folder, content: bytes) -> ResolvedModel | str:
    """The model with its inputs resolved, or the sentence that refuses it."""
    path = folder / "net.onnx"
    path.write_bytes(content)
    started = time.perf_counter()
    try:
        found = resolve_model(str(path), seed=0, folder=folder / "made", models={})
        resolve_inputs(found.inputs, (), found.metadata)
    except UsageError as error:
        return str(error)
    finally:
        assert time.perf_counter() - started < 20
    return found


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (model(shape=("b", 2**62)), "has an axis of 4611686018427387904"),
        (model(shape=(2**62, 4)), "has an axis of 4611686018427387904"),
        (model(shape=(LARGEST, 4)), "has an axis of"),
        (model(shape=(2**31, 4)), "checking it needs batches of 2147483648 rows"),
        (model(shape=("b", *[2**20] * 6)), "takes more than 1 TiB"),
        (model(shape=("b", *[1] * 100)), "has 101 axes"),
        (model(kind=99), "is of the element type 99"),
        (model(kind=-1), "is of the element type -1"),
        (model(name="qqqq").replace(b"qqqq", b"\xff\xfe\xff\xfe"), "a name in it is not UTF-8"),
        (b"", "is empty"),
        (b"hello world\n" * 50, "is not an ONNX file"),
        (model()[:40], "is not"),
        (external(location="../w.bin"), "external data"),
        (external(location="/etc/passwd"), "external data"),
        (external(location="w.bin"), "external data"),
        (external(location="x" * 300), "external data"),
        (external(location="net.onnx", offset="9" * 400), "external data"),
        (external(location="net.onnx", offset="100000"), "external data"),
    ],
    ids=range(18),
)
def test_a_header_that_nothing_can_be_done_with_is_refused(tmp_path, content, words):
    """Sizes, types, names and places that no model has."""
    assert words in str(read(tmp_path, content))


SIZES = st.integers(-(2**63), LARGEST) | st.integers(1, 9) | st.sampled_from([2**31, 2**32, 2**62, 0]) | st.just("b")


@settings(max_examples=30, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.lists(SIZES, max_size=5),
    kind=st.integers(-(2**31), 2**31 - 1) | st.integers(0, 30),
    opset=st.integers(-(2**63), LARGEST) | st.integers(1, 25),
    name=st.text(max_size=8),
)
@example(shape=["b", 4], kind=1, opset=17, name="x")
def test_any_header_is_read_or_refused(tmp_path, shape, kind, opset, name):
    """In one sentence."""
    read(tmp_path, model(name.encode(errors="replace").decode(), shape, kind, opset))


@pytest.mark.slow
@settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 200), byte=st.integers(0, 255), cut=st.integers(0, 200))
def test_a_damaged_file_is_read_or_refused(tmp_path, place, byte, cut):
    """A byte changed, or the end missing."""
    content = bytearray(model(shape=("b", 4)))
    content[place % len(content)] = byte
    read(tmp_path, bytes(content))
    read(tmp_path, bytes(content[: cut % len(content)]))


@settings(max_examples=100, deadline=None, database=None)
@given(
    st.text(max_size=40) | st.from_regex(r"x:f32\[batch(,[0-9٣]{1,25}){0,3}\](=(normal|randint)\([0-9e.,-]{0,9}\))?")
)
@example("x:f32[batch," + "9" * 400 + "]")
@example("x=randint(0," + "9" * 5000 + ")")
@example("x=normal(0,1e400)")
@example("x:f32[" + "[" * 5000)
def test_any_text_of_an_input_is_understood_or_refused(text):
    """In one sentence, with the sizes bounded."""
    try:
        found = parse_input(text)
    except UsageError as error:
        assert str(error)  # noqa: PT017 - both ways are right
        return
    assert all(isinstance(size, str) or size <= 2**40 for size in found.shape or ())


def test_a_fill_beyond_the_dtype_is_refused():
    """Infinite inputs would be measured."""
    from infer_compare.interfaces import TensorSpec

    specs = {one: TensorSpec("x", one, ("batch", 2)) for one in ("float16", "float32", "float64")}
    for fill, dtype in (
        ("normal(0,1e5)", "float16"),
        ("normal(1e38,1e38)", "float32"),
        ("uniform(-1e308,1e308)", "float64"),
        ("randint(0,100000)", "float16"),
        (f"randint(-1,{2**64})", "float64"),
    ):
        with pytest.raises(UsageError, match="does not fit: "):
            resolve_inputs([specs[dtype]], [f"x={fill}"], {})
    assert resolve_inputs([specs["float16"]], ["x=normal(0,100)"], {})


def test_a_name_too_long_for_a_file_is_no_model(tmp_path):
    """Whatever it ends in."""
    for name in ("x" * 300, "x" * 300 + ".onnx", "a/" * 3000):
        with pytest.raises(ModelError, match="There is no model"):
            resolve_model(name, seed=0, folder=tmp_path, models={})
