"""The built-in models: what they are, that they are repeatable, and that their outputs depend on their inputs."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator

from infer_compare.models.agreement import compare, tolerance
from infer_compare.models.builder import OPSET
from infer_compare.models.builtin import builtin_models
from infer_compare.models.description import describe, measured
from infer_compare.models.input_rows import write_pool
from infer_compare.models.inputs import resolve_inputs
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.spread import spread
from infer_compare.request.options import DEFAULT_MODEL

if TYPE_CHECKING:
    from infer_compare.models.input_plan import InputPlan

NAMES = tuple(builtin_models())
SMALL = ("mlp", "cnn", "lstm")
LARGE = tuple(name for name in NAMES if name not in SMALL)
LARGE_SLOWLY = [pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name for name in NAMES]


@cache
def built(name: str) -> onnx.ModelProto:
    """A model of seed 0, made once."""
    return builtin_models()[name].build(0)


def plans(model: onnx.ModelProto) -> tuple[InputPlan, ...]:
    """How its inputs are made when nobody says anything of them."""
    return resolve_inputs(read_specs(model)[0], [], {entry.key: entry.value for entry in model.metadata_props})


def feeds(model: onnx.ModelProto, batch: int, folder) -> dict[str, Any]:
    """Inputs by name."""
    paths = write_pool(plans(model), batch, 3, folder)
    return {spec.name: np.load(path) for spec, path in zip(read_specs(model)[0], paths, strict=True)}


def run_ort(model: onnx.ModelProto, inputs: dict[str, Any]) -> list[Any]:
    """Outputs by ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"], enable_fallback=False
    )
    return list(session.run(None, inputs))


@pytest.mark.parametrize("name", LARGE_SLOWLY)
def test_what_is_listed_of_a_model_is_what_its_graph_says(name: str) -> None:
    """The table is there so that listing builds nothing."""
    model = builtin_models()[name]
    assert describe(model) == measured(model)


def test_describing_the_built_in_models_builds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take seconds and half a gigabyte."""
    monkeypatch.setattr("infer_compare.models.description.build_model", None)
    assert [describe(model).name for model in builtin_models().values()] == list(NAMES)


def test_listing_the_models_loads_neither_onnx_nor_numpy():
    """`infer-compare models` is quick."""
    code = (
        "import sys\nfrom infer_compare.models.builtin import builtin_models\nassert builtin_models()\n"
        "print([name for name in ('onnx', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_models_are_those_that_are_promised():
    """Names that people type, the default among them."""
    assert set(NAMES) == {"mlp", "cnn", "lstm", "resnet18", "resnet50", "mobilenet_v2", "vit_tiny", "bert_small"}
    assert DEFAULT_MODEL in builtin_models()
    assert all(model.name == name and model.summary for name, model in builtin_models().items())


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_valid_onnx_with_a_free_batch_axis(name):
    """Every input and output begins with it, and every operator is of one operator set."""
    model = built(name)
    onnx.checker.check_model(model, full_check=name in SMALL)
    inputs, outputs = read_specs(model)
    assert all(spec.shape[0] == "batch" for spec in (*inputs, *outputs))
    assert all(isinstance(size, int) for spec in (*inputs, *outputs) for size in spec.shape[1:])
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]


@pytest.mark.parametrize("name", NAMES)
def test_inputs_are_generated_without_a_guess(name):
    """Integer inputs say their range in the file."""
    assert all(not plan.warning for plan in plans(built(name)))


@pytest.mark.parametrize("name", SMALL)
def test_a_seed_always_makes_the_same_weights(name):
    """And another seed makes others."""
    build = builtin_models()[name].build
    first, again, other = (build(seed).SerializeToString(deterministic=True) for seed in (0, 0, 1))
    assert first == again
    assert first != other


@pytest.mark.parametrize("name", LARGE_SLOWLY)
def test_outputs_depend_on_the_inputs(name, tmp_path):
    """The spread is large enough to compare contenders in TF32, not only in float32."""
    model = built(name)
    for output in run_ort(model, feeds(model, 4, tmp_path)):
        assert np.isfinite(output).all()
        assert spread(output) > 10 * tolerance("tf32")


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", SMALL)
def test_outputs_depend_on_the_inputs_for_other_seeds_too(name, seed, tmp_path):
    """It is the initialisation, not the luck of a seed."""
    model = builtin_models()[name].build(seed)
    (output,) = run_ort(model, feeds(model, 4, tmp_path))
    assert spread(output) > 0.1


@pytest.mark.parametrize("name", LARGE_SLOWLY)
def test_onnx_runtime_agrees_with_the_reference_at_one_row_and_at_three(name, tmp_path):
    """Two implementations that share no code compute the same function."""
    model = built(name)
    inputs = feeds(model, 3, tmp_path)
    names = [spec.name for spec in read_specs(model)[1]]
    reference = ReferenceEvaluator(model)
    expected = reference.run(None, inputs)
    together = compare(expected, run_ort(model, inputs), names, rtol=tolerance("float32"))
    assert together.verdict == "agrees", together.reason
    first = {key: value[:1] for key, value in inputs.items()}
    alone = compare(reference.run(None, first), run_ort(model, first), names, rtol=1e-4, others=expected)
    assert alone.verdict == "agrees", alone.reason


@pytest.mark.parametrize("name", LARGE_SLOWLY)
def test_a_row_of_a_batch_equals_the_row_alone(name, tmp_path):
    """No batch size is baked into a reshape."""
    model = built(name)
    inputs = feeds(model, 3, tmp_path)
    together = run_ort(model, inputs)
    alone = run_ort(model, {key: value[2:] for key, value in inputs.items()})
    for many, one in zip(together, alone, strict=True):
        assert np.max(np.abs(many[2:] - one)) <= 1e-4 * np.max(np.abs(one))
