"""Modules that a function makes: described once, and the same in every process that loads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest

from infer_compare.backends import Device, ModelError, ModelSource, Settings, TensorSpec, UnsupportedModel
from infer_compare.errors import InputError
from infer_compare.worker.protocol import Describe, Described, Failure, Load, Loaded, Open
from infer_compare.worker.supervisor import Process
from infer_compare_torch import TorchBackend, TorchOptions

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.backends import ModelDescription
    from infer_compare_torch.session import TorchSession

NETS = Path(__file__).with_name("native_nets.py")
ROWS = (TensorSpec("x", "float32", ("batch", 4)),)
WAIT_S = 90.0


def source(name: str, inputs: tuple[TensorSpec, ...] = ()) -> ModelSource:
    """A function as it is typed."""
    return ModelSource(format="callable", location=f"{NETS}:{name}", name=name, inputs=inputs)


@pytest.fixture
def describe(backend: TorchBackend, tmp_path: Path) -> Callable[..., ModelDescription]:
    """Describes a function of the file, with its weights in a folder of the test."""

    def describe_(name: str, inputs: tuple[TensorSpec, ...] = ()) -> ModelDescription:
        return backend.describe(source(name, inputs), tmp_path / "made")

    return describe_


def result_of(session: TorchSession, *batch: np.ndarray) -> list[np.ndarray]:
    """The outputs for a batch, through every step."""
    slot = session.stage(batch)
    session.run(slot)
    return session.fetch(slot)


def test_a_model_spec_tells_inputs_fills_and_outputs(describe) -> None:
    """The batch axis of the outputs is found by running the model on two sizes."""
    told = describe("encoder")
    assert told.source.format == "nn.Module"
    assert told.source.inputs == told.inputs
    assert told.inputs == (
        TensorSpec("ids", "int64", ("batch", 9)),
        TensorSpec("mask", "int64", ("batch", 9)),
    )
    assert told.fills == {"ids": "randint(0,50)", "mask": "ones"}
    assert told.outputs == (TensorSpec("output", "float32", ("batch", 16)),)
    assert told.parameters == 5248
    assert told.files == (str(NETS), told.source.weights)


def test_inputs_that_were_typed_stand_in_for_a_model_spec(describe) -> None:
    """A bare module does not tell what it takes."""
    told = describe("Linear", ROWS)
    assert told.inputs == ROWS
    assert told.outputs == (TensorSpec("output", "float32", ("batch", 3)),)


def test_without_inputs_the_error_shows_how_to_say_them(describe) -> None:
    """Both ways are shown."""
    with pytest.raises(
        ModelError, match=r"Linear, whose inputs are not known; .* --input 'x:f32\[batch,3,224,224\]', or .*ModelSpec"
    ):
        describe("Linear")


def test_two_functions_with_the_same_weights_are_two_models(backend: TorchBackend, tmp_path: Path) -> None:
    """Their conversions are kept apart by what stands in their files."""
    path = tmp_path / "twins.py"
    path.write_text(
        "from torch import nn\n"
        "def plain():\n    return nn.Sequential(nn.Linear(4, 2), nn.ReLU())\n"
        "def smooth():\n    return nn.Sequential(nn.Linear(4, 2), nn.Tanh())\n"
    )
    made = []
    for name in ("plain", "smooth"):
        told = backend.describe(
            ModelSource(format="callable", location=f"{path}:{name}", name=name, inputs=ROWS), tmp_path / name
        )
        made.append([Path(file).read_bytes() for file in told.files])
    assert made[0] != made[1]


def test_structured_outputs_are_named_by_their_keys_in_torchs_order(describe, backend: TorchBackend) -> None:
    """None is left out, as in what is fetched."""
    told = describe("sequences")
    assert [(spec.name, spec.shape) for spec in told.outputs] == [("scores", ("batch", 2)), ("states.0", ("batch", 7))]
    with backend.to_device(backend.load(told.source), Device("cpu")) as session:
        assert tuple(session.outputs) == told.outputs
        shapes = [one.shape for one in result_of(session, np.ones((3, 5, 6), np.float32))]
        assert shapes == [(3, 2), (3, 7)]
    assert [spec.name for spec in describe("Named", ROWS).outputs] == ["first", "second"]


def test_containers_whose_parts_torch_cannot_name_keep_the_names_that_they_have(
    describe, backend: TorchBackend
) -> None:
    """Keys of a dictionary, else places; every output of the library transformers is such a class."""
    told = describe("Unnamed", ROWS)
    assert [spec.name for spec in told.outputs] == ["logits", "hidden.0", "hidden.1.0"]
    with backend.to_device(backend.load(told.source), Device("cpu")) as session:
        logits, *others = result_of(session, np.ones((3, 4), np.float32))
    assert [np.allclose(logits + place, other) for place, other in enumerate(others, 1)] == [True, True]


def test_the_range_of_tokens_is_that_of_the_table_in_which_they_are_looked_up(describe) -> None:
    """No model says it otherwise; of another integer nothing is known."""
    assert describe("words").fills == {"ids": "randint(0,41)"}


def specs(**shapes: tuple[int, ...]) -> tuple[TensorSpec, ...]:
    """Inputs of float32, by name; a free batch axis comes before the sizes."""
    return tuple(TensorSpec(name.replace("__", "."), "float32", ("batch", *sizes)) for name, sizes in shapes.items())


@pytest.mark.parametrize(
    ("name", "inputs", "expected"),
    [
        ("Optional", specs(x=(4,), types=(1,)), lambda x, types: x + 10 * types),
        ("Optional", specs(types=(1,), mask=(1,), x=(4,)), lambda types, mask, x: x * mask + 10 * types),
        ("Optional", specs(scale=(1,), x=(4,)), lambda scale, x: x * scale),
        ("OfDictionary", specs(y=(3,), x=(4,)), lambda y, x: x + y),
        ("OfDictionary", specs(batch__x=(4,), batch__y=(3,)), lambda x, y: x + y),
        ("OfPairs", specs(past__0__0=(3,), past__0__1=(3,), x=(4,)), lambda keys, values, x: x + keys - values),
    ],
)
def test_inputs_are_passed_by_the_names_of_the_parameters(
    describe, backend: TorchBackend, name: str, inputs: tuple[TensorSpec, ...], expected
) -> None:
    """In any order, with gaps, by keyword only, in dictionaries and in lists."""
    told = describe(name, inputs)
    loaded = backend.load(told.source)
    rng = np.random.default_rng(0)
    rows = [rng.random((2, *spec.shape[1:]), np.float32) for spec in inputs]
    weight = loaded.module.weight.detach().numpy()
    products = [row @ weight if spec.shape[1] == 4 else row for spec, row in zip(inputs, rows, strict=True)]
    with backend.to_device(loaded, Device("cpu")) as session:
        (found,) = result_of(session, *rows)
    assert np.allclose(found, expected(*products), atol=1e-5)


def test_an_input_that_the_forward_lacks_is_an_error_that_lists_its_parameters(describe) -> None:
    """Passed by its place it would be taken for something else."""
    with pytest.raises(
        InputError,
        match=r"forward of Optional has no parameter 'type'; it takes x, mask, types, scale \(did you mean 'types'",
    ):
        describe("Optional", specs(x=(4,), type=(1,)))


@pytest.mark.parametrize(
    ("name", "example"),
    [
        ("Encoder", "ids:i64[batch,128]=randint(0,50)"),
        ("Images", "image:f32[batch,3,224,224]"),
        ("Sequences", "x:f32[batch,128,6]"),
    ],
)
def test_the_remedy_for_unknown_inputs_has_the_models_own_name_and_layers(describe, name: str, example: str) -> None:
    """It can be pasted as it is, or nearly so."""
    with pytest.raises(ModelError) as caught:
        describe(name)
    assert f"--input '{example}'" in str(caught.value)
    assert f"ModelSpec(module, inputs=['{example}'])" in str(caught.value)


def test_another_free_axis_is_followed_into_the_outputs(describe) -> None:
    """It keeps its name there."""
    assert describe("lengths").outputs == (TensorSpec("output", "float32", ("batch", "seq", 6)),)


def test_an_output_that_is_no_tensor_is_an_error_that_says_so(describe) -> None:
    """It could be neither fetched nor compared."""
    with pytest.raises(
        ModelError, match=r"^The model returns an object of the class str, which .*; return tensors in tuples"
    ):
        describe("Words", ROWS)


def test_a_model_that_does_not_run_on_its_inputs_is_an_error_with_the_cause(describe) -> None:
    """The shapes that were tried are told."""
    with pytest.raises(
        ModelError, match=r"cannot be run on a batch of 2 with inputs x\[2, 5\] \(RuntimeError: .*shapes"
    ):
        describe("Linear", (TensorSpec("x", "float32", ("batch", 5)),))


def test_weights_are_the_same_in_every_load_though_the_function_draws_others(describe, backend: TorchBackend) -> None:
    """Parameters, running means, and buffers that the state leaves out."""
    told = describe("images")
    assert told.fills == {"image": "uniform(0,1)"}
    rows = np.random.default_rng(0).random((4, 3, 16, 16), np.float32)
    found = []
    for _ in range(2):
        with backend.to_device(backend.load(told.source), Device("cpu")) as session:
            found += result_of(session, rows)
    assert np.array_equal(*found)
    assert not np.array_equal(found[0], found[0][::-1])


def test_a_module_is_put_into_evaluation(describe, backend: TorchBackend) -> None:
    """Batch normalisation uses its running means, so that rows do not depend on one another."""
    module = backend.load(describe("images").source).module
    assert not any(one.training for one in module.modules())


def test_a_module_that_came_out_of_an_export_runs_as_it_was_exported(describe, backend: TorchBackend) -> None:
    """It cannot be put into evaluation; its dropout was left out by the export."""
    told = describe("unlifted")
    rows = np.ones((3, 4), np.float32)
    with backend.to_device(backend.load(told.source), Device("cpu")) as session:
        np.testing.assert_array_equal(result_of(session, rows)[0], result_of(session, rows)[0])


def test_options_work_for_native_modules_and_are_told(describe, traced: None) -> None:
    """Compiled and in the channels-last format, the same numbers come out."""
    told = describe("images")
    rows = np.random.default_rng(0).random((4, 3, 16, 16), np.float32)
    found = {}
    for options in (TorchOptions(), TorchOptions(compile=True), TorchOptions(channels_last=True)):
        backend = TorchBackend(Settings(options=options, threads=1))
        with backend.to_device(backend.load(told.source), Device("cpu")) as session:
            (found[options],) = result_of(session, rows)
            facts = session.effective
            assert facts["execution"] == ("compiled" if options.compile else "eager")
            assert facts["memory_format"] == ("channels_last" if options.channels_last else "contiguous")
            assert facts["precision"] == "float32"
            assert facts.get("graph_breaks", "0") == "0"
    eager, *others = found.values()
    for other in others:
        assert np.allclose(eager, other, rtol=1e-4, atol=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_compiled_module_is_taken_apart_so_that_eager_means_eager(describe, backend: TorchBackend) -> None:
    """How it runs is said with options."""
    module = backend.load(describe("compiled", ROWS).source).module
    assert type(module).__name__ == "Linear"


def test_lazy_modules_get_their_weights_from_the_first_run(describe, backend: TorchBackend) -> None:
    """The run comes before they are saved."""
    told = describe("lazy", ROWS)
    assert told.parameters == 15
    with backend.to_device(backend.load(told.source), Device("cpu")) as session:
        assert result_of(session, np.ones((2, 4), np.float32))[0].shape == (2, 3)


def test_what_the_first_run_leaves_in_a_module_is_not_saved(describe, backend: TorchBackend) -> None:
    """A buffer of another shape would not fit the fresh module."""
    module = backend.load(describe("Remembering", ROWS).source).module
    assert module.last.shape == (1, 4)


def test_a_function_that_builds_other_layers_at_every_call_is_refused(describe, backend: TorchBackend) -> None:
    """Weights can be saved, layers cannot."""
    told = describe("growing", ROWS)
    again = msgspec.structs.replace(told.source, location=told.source.location.replace("growing", "Linear"))
    with pytest.raises(ModelError, match=r"different layers than on its first call.*same layers on every call"):
        backend.load(again)


def test_weights_that_are_gone_or_broken_are_errors_of_the_model(
    describe, backend: TorchBackend, tmp_path: Path
) -> None:
    """Each is named with its path; nothing but tensors is read."""
    told = describe("Linear", ROWS)
    weights = Path(told.source.weights)
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ModelError, match=r"weights in .*weights\.pt cannot be read"):
        backend.load(told.source)
    torch.save({"other": 1}, weights)
    with pytest.raises(ModelError, match="was not written by infer-compare"):
        backend.load(told.source)
    weights.unlink()
    with pytest.raises(ModelError, match=r"no file '.*weights\.pt' with the weights"):
        backend.load(told.source)


def test_an_exported_program_is_saved_and_read_as_a_file(describe, backend: TorchBackend) -> None:
    """Naming the function is consent, so that the file needs no scan."""
    told = describe("program")
    assert told.source.format == "pt2"
    assert told.source.trusted
    assert told.files == (str(NETS), told.source.location)
    assert told.inputs == (TensorSpec("image", "float32", ("batch", 3, 16, 16)),)
    assert backend.load(told.source).inputs == told.inputs


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("three", UnsupportedModel, "returned a int, which is not a torch model"),
        ("fails", ModelError, "raised ValueError: no such checkpoint"),
        ("absent", ModelError, "has no 'absent'"),
        ("CALLS", ModelError, "name a function that returns the model"),
    ],
)
def test_a_function_that_makes_no_module_is_refused_with_the_reason(describe, name: str, error, sentence: str) -> None:
    """What it made or raised is named."""
    with pytest.raises(error, match=sentence):
        describe(name, ROWS)


def test_a_worker_process_describes_and_loads_a_function(backend: TorchBackend, tmp_path: Path) -> None:
    """The messages carry all that another process needs; a bad function is an answer, not a death."""
    with Process() as worker:
        worker.ask(Open(backend="entry:torch:torch", options={}, threads=1, seed=3), WAIT_S)
        refused = worker.ask(Describe(model=source("three"), folder=str(tmp_path)), WAIT_S)
        assert isinstance(refused, Failure)
        assert refused.category == "unsupported"
        described = worker.ask(Describe(model=source("images"), folder=str(tmp_path)), WAIT_S)
        assert isinstance(described, Described)
        told = described.description
        loaded = worker.ask(Load(model=told.source, device="cpu"), WAIT_S)
        assert isinstance(loaded, Loaded)
    assert tuple(loaded.inputs) == told.inputs
    assert tuple(loaded.outputs) == told.outputs
    stored = torch.load(told.source.weights, weights_only=True)
    module = backend.load(told.source).module
    assert torch.equal(module.conv.weight, stored["state_dict"]["conv.weight"])
    assert torch.equal(module.offset, stored["buffers"]["offset"])
