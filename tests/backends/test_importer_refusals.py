"""What an importer refuses, it refuses in one sentence that names the node or value and says what to do."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper

from infer_compare.errors import ModelError
from infer_compare.interfaces import Device, ModelSource
from infer_compare.testing.coverage.node_cases import node_cases
from infer_compare.testing.coverage.trial import processor_backend

from .onnx_graphs import model_of

if TYPE_CHECKING:
    from collections.abc import Iterator

SENTENCE = re.compile(r"[^\n]+; [^\n]+\.")
NAMED = re.compile(
    r"ONNX operator \S+ \(node '[^']+', opset \d+\)|'[^']*' is |input '|constant '|uses opset|its output '"
)
RAW = re.compile(r"\bError\b|Traceback|object at 0x|<class|\{\{|DT_|Tensor\(|TensorProto|NoneType|argument")
"""What only those who wrote a framework or this program understand."""

FRAMEWORKS = [pytest.param("torch", id="torch"), pytest.param("tensorflow", id="tensorflow")]

BOGUS: dict[int, Any] = {
    AttributeProto.STRING: "bogus",
    AttributeProto.INT: -99,
    AttributeProto.INTS: [99],
    AttributeProto.FLOAT: float("nan"),
}

PARTS = {"torch": 48, "tensorflow": 96}
"""Of so many ways to break a node one is tried: tracing takes its time."""

KINDS = (TensorProto.STRING, TensorProto.FLOAT8E4M3FN, TensorProto.COMPLEX64, TensorProto.BOOL, TensorProto.FLOAT16, 77)


def refusal(framework: str, model: ModelProto, folder: Any) -> str | None:
    """What a backend says of a model when it does not take it."""
    pytest.importorskip(framework)
    path = folder / "net.onnx"
    path.write_bytes(model.SerializeToString())
    backend = processor_backend(framework)
    try:
        loaded = backend.load(ModelSource(format="onnx", location=str(path), name="net"))
        backend.to_device(loaded, Device("cpu")).close()
    except ModelError as error:
        return str(error).replace(str(path), "net.onnx")
    return None


def problem_of(sentence: str | None) -> str:
    """What is wrong with a refusal, or nothing."""
    if sentence is None:
        return ""
    if not SENTENCE.fullmatch(sentence):
        return f"not a sentence with a remedy: {sentence}"
    if not NAMED.search(sentence):
        return f"names nothing: {sentence}"
    return f"shows what is inside: {sentence}" if RAW.search(sentence) else ""


BROKEN = {
    "shapes that do not fit": (
        13,
        """(float[N,3] x) => (float[N,3] y) <float[2] s = {1.,2.}, float[3] t = {1.,2.,3.}> {
        c = Add(s, t) y = Add(x, c) }""",
    ),
    "an unknown coordinate transformation": (
        13,
        """(float[N,1,4] x) => (float[N,1,8] y) <float[3] s = {1.,1.,2.}> {
        y = Resize<coordinate_transformation_mode = "bogus">(x, , s) }""",
    ),
    "an operator that nobody imports": (17, "(float[N,3] x) => (float[N,3] y) { y = MelWeightMatrix(x, x, x, x, x) }"),
    "a version from long ago": (1, "(float[N,3] x) => (float[N,3] y) { y = Abs(x) }"),
    "a constant without a value": (13, "(float[N,3] x) => (float[N,3] y) { c = Constant() y = Add(x, c) }"),
    "text": (13, "(string[N,3] x) => (string[N,3] y) { y = Identity(x) }"),
    "a recurrent layer with an unknown activation": (
        14,
        """(float[5,N,2] x) => (float[5,1,N,3] y) <float[1,3,2] w = {1.,1.,1.,1.,1.,1.},
        float[1,3,3] r = {1.,1.,1.,1.,1.,1.,1.,1.,1.}> { y = RNN<hidden_size = 3, activations = ["bogus"]>(x, w, r) }""",
    ),
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("name", BROKEN)
def test_a_refusal_is_one_sentence_with_the_node_and_what_to_do(name, framework, tmp_path):
    """Whatever the framework raised."""
    sentence = refusal(framework, model_of(*BROKEN[name]), tmp_path)
    assert sentence is not None
    assert problem_of(sentence) == ""


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_node_that_cannot_be_built_is_shown_with_its_inputs(framework, tmp_path):
    """The shapes are what people look for."""
    sentence = refusal(framework, model_of(*BROKEN["shapes that do not fit"]), tmp_path)
    assert sentence is not None
    assert "ONNX operator Add (node 'c', opset 13) cannot be built with" in sentence
    assert "from float32[2] and float32[3] (" in sentence


def broken(model: ModelProto, inputs: Any) -> Iterator[tuple[str, ModelProto]]:
    """The model broken in every way that a converter or a hand could break its node."""

    def copy() -> ModelProto:
        made = ModelProto()
        made.CopyFrom(model)
        return made

    node = model.graph.node[0]
    for index in range(len(node.input)):
        for name in ("", "nowhere"):
            changed = copy()
            changed.graph.node[0].input[index] = name
            yield f"input {index} is {name!r}", changed
    changed = copy()
    changed.graph.node[0].input.append(model.graph.input[0].name if model.graph.input else "x")
    yield "one input more", changed
    for index, attribute in enumerate(node.attribute):
        changed = copy()
        del changed.graph.node[0].attribute[index]
        yield f"no {attribute.name}", changed
        for value in (BOGUS.get(attribute.type), 3 if attribute.type == AttributeProto.STRING else "text"):
            if value is not None:
                changed = copy()
                changed.graph.node[0].attribute[index].CopyFrom(helper.make_attribute(attribute.name, value))
                yield f"{attribute.name} is {value!r}", changed
    for index, value_info in enumerate(model.graph.input):
        if not value_info.type.HasField("tensor_type"):
            continue
        for kind in KINDS:
            changed = copy()
            changed.graph.input[index].type.tensor_type.elem_type = kind
            yield f"input {index} of kind {kind}", changed
        yield from _shaped(copy, index)
    for opset in (1, 999):
        changed = copy()
        changed.opset_import[0].version = opset
        yield f"opset {opset}", changed
    changed = copy()
    for value_info, value in zip(list(changed.graph.input)[1:], inputs[1:], strict=False):
        if isinstance(value, np.ndarray):
            changed.graph.input.remove(value_info)
            empty = numpy_helper.from_array(np.zeros(0, value.dtype), value_info.name)
            changed.graph.initializer.append(empty)
    yield "empty constants", changed


def _shaped(copy: Any, index: int) -> Iterator[tuple[str, ModelProto]]:
    changed = copy()
    changed.graph.input[index].type.tensor_type.shape.dim.add().dim_value = 2
    yield f"input {index} with one axis more", changed
    changed = copy()
    del changed.graph.input[index].type.tensor_type.shape.dim[:]
    yield f"input {index} is a scalar", changed
    changed = copy()
    for axis in changed.graph.input[index].type.tensor_type.shape.dim:
        axis.Clear()
    yield f"input {index} with free axes", changed
    changed = copy()
    changed.graph.input[index].type.tensor_type.ClearField("shape")
    yield f"input {index} of an unknown rank", changed


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_however_a_node_of_any_operator_is_broken_the_refusal_is_one_sentence(framework, tmp_path):
    """One case for each operator and set of attributes, and of each a part of the ways to break it."""
    cases = {
        (case.model.graph.node[0].op_type, tuple(one.name for one in case.model.graph.node[0].attribute)): case
        for case in node_cases(numeric=False)
        if len(case.model.graph.node) == 1
    }
    problems, refused = {}, 0
    for (op_type, attributes), case in cases.items():
        for way, model in broken(case.model, case.inputs):
            key = f"{op_type}{attributes}: {way}"
            if zlib.crc32(key.encode()) % PARTS[framework] == 0:
                sentence = refusal(framework, model, tmp_path)
                refused += sentence is not None
                if problem := problem_of(sentence):
                    problems[key] = problem
    assert problems == {}
    assert refused > 30
