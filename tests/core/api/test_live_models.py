"""Models that live in the user's process go through every backend that was asked for."""

from __future__ import annotations

import pytest

import infer_compare as ic
from infer_compare.api.live import save_model
from infer_compare.errors import InputError, ModelError, UnsupportedModel
from infer_compare.plugins import Plugins


def test_a_live_module_is_saved_and_stays_as_it_is(tmp_path) -> None:
    """Its inputs are named as the user likes, and bear the names of the file afterwards."""
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.Dropout(0.5)).train()

    saved = save_model(net, ["x:f32[batch,8]=uniform(0,1)"], tmp_path, Plugins.discover())

    assert net.training
    assert all(one.requires_grad for one in net.parameters())
    assert saved.text == str(tmp_path / "Sequential.pt2")
    assert saved.inputs == ("input:f32[batch,8]=uniform(0,1)",)
    x = torch.rand(5, 8)
    again = torch.export.load(saved.text).module()
    torch.testing.assert_close(again(x), net.eval()(x))


def test_axes_beside_the_batch_can_be_free(tmp_path) -> None:
    """And the file has the names of the module's parameters."""
    torch = pytest.importorskip("torch")

    class Both(torch.nn.Module):
        """Takes tokens and their weights."""

        def forward(self, ids, weights):
            """Any length of the sequence."""
            return ids.float() * weights

    saved = save_model(Both(), ["ids:i64[batch,seq]", "weights:f32[batch,seq]"], tmp_path, Plugins.discover())

    assert saved.inputs == ("ids:i64[batch,seq]", "weights:f32[batch,seq]")
    again = torch.export.load(saved.text).module()
    assert again(torch.ones(3, 7, dtype=torch.int64), torch.ones(3, 7)).shape == (3, 7)


def test_a_live_module_takes_its_inputs_by_name_and_may_return_a_class_of_its_own(tmp_path) -> None:
    """The file keeps the names of both, and needs nothing but torch to be read."""
    torch = pytest.importorskip("torch")
    from torch.utils import _pytree as pytree

    class Scores(dict):
        """As every output of the library transformers."""

    class Net(torch.nn.Module):
        """Takes a keyword."""

        def forward(self, x, shift=None, *, scale):
            """A class that only this process knows."""
            return Scores(logits=x * scale if shift is None else x * scale + shift)

    pytree.register_pytree_node(
        Scores, lambda one: (list(one.values()), list(one)), lambda values, keys: dict(zip(keys, values, strict=True))
    )

    saved = save_model(Net(), ["scale:f32[batch,1]", "x:f32[batch,4]"], tmp_path, Plugins.discover())

    assert saved.inputs == ("scale:f32[batch,1]", "x:f32[batch,4]")
    again = torch.export.load(saved.text).module()
    assert again(torch.full((3, 1), 2.0), torch.ones(3, 4))["logits"].tolist() == [[2.0] * 4] * 3
    with pytest.raises(InputError, match=r"no parameter 'y'.* x, shift, scale"):
        save_model(Net(), ["scale:f32[batch,1]", "y:f32[batch,4]"], tmp_path, Plugins.discover())


def test_a_module_whose_inputs_were_not_said_is_refused(sweep, tmp_path) -> None:
    """With what to write; nothing is left."""
    torch = pytest.importorskip("torch")
    with pytest.raises(ModelError, match=r"pass inputs=\["):
        sweep(torch.nn.Linear(8, 4), contenders=["torch"], folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_inputs_that_do_not_fit_the_module_are_told(sweep, tmp_path) -> None:
    """Before anything is started."""
    torch = pytest.importorskip("torch")
    with pytest.raises(ModelError, match=r"does not run on inputs of x\[2, 7\]"):
        sweep(torch.nn.Linear(8, 4), inputs="x:f32[batch,7]", contenders=["torch"], folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_module_that_fixes_the_batch_size_is_refused(sweep, tmp_path) -> None:
    """There would be nothing to compare."""
    torch = pytest.importorskip("torch")

    class Fixed(torch.nn.Module):
        """Writes down the batch size of the trace."""

        def forward(self, x):
            """Compares the batch size."""
            return x.reshape(2, -1) if x.shape[0] == 2 else x

    with pytest.raises((ModelError, UnsupportedModel), match="Fixed"):
        sweep(Fixed(), inputs="x:f32[batch,8]", contenders=["torch"], folder=tmp_path / "run")


def test_a_live_onnx_model_is_measured(sweep, tmp_path) -> None:
    """Whatever made it."""
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    value = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", 4]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "graph", value[:1], value[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    found = sweep(model, contenders=["reference"], batch_sizes=1, folder=tmp_path / "run")

    assert found.points[0].measured
    assert ic.load(tmp_path / "run").document.model.format == "onnx"


@pytest.mark.slow
def test_a_live_keras_model_is_measured(sweep, tmp_path) -> None:
    """It tells its inputs itself; what is said of them is taken in order."""
    keras = pytest.importorskip("keras")
    pytest.importorskip("tensorflow")
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)], name="small")

    found = sweep(
        model, inputs="x:f32[batch,8]=uniform(0,1)", contenders=["tensorflow"], batch_sizes=1, folder=tmp_path / "run"
    )

    assert found.points[0].measured
    assert found.document.model.format == "keras"
    assert (tmp_path / "run" / "Sequential.keras").is_file()
