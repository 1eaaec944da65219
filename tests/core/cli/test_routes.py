"""`route=`: how a model has to reach a contender, in the place of the cheapest way."""

from __future__ import annotations

import json
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from infer_compare.plugins import Plugins
from infer_compare.preparation.contenders import find_contenders
from infer_compare.preparation.context import PreparationContext
from infer_compare.preparation.routing import NoRouteError, Router
from infer_compare.request.contenders import ContenderRequest
from infer_compare.request.options import RunOptions
from infer_compare.worker.settings import WorkerSettings

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.preparation.contenders import Contender
    from infer_compare.preparation.routing import ConversionPath


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    """What is installed."""
    return Plugins.discover()


def contender(plugins: Plugins, text: str) -> Contender:
    """The contender that a text names."""
    (one,) = find_contenders([text], plugins)
    return one


def way(plugins: Plugins, tmp_path: Path, text: str, form: str) -> ConversionPath:
    """How a model of a format reaches a contender."""
    settings = WorkerSettings(threads=1, seed=0, max_memory=2**30, timeout_s=60.0)
    context = PreparationContext(
        options=RunOptions(), plugins=plugins, scratch=tmp_path, settings=settings, pythons={}, dry=True
    )
    return Router(context).path(contender(plugins, text), form)


def test_a_route_is_no_option_of_the_backend_and_names_the_contender(plugins) -> None:
    """Two contenders of one backend have two labels, and a stored contender is typed as it was."""
    native, imported = find_contenders(["torch", "torch:route=imported"], plugins)
    assert (native.label, native.spec.route) == ("torch", None)
    assert (imported.label, imported.spec.route, imported.spec.options) == ("torch:route=imported", "imported", {})
    again = find_contenders([ContenderRequest.of("torch:route=imported")], plugins)
    assert again == (imported,)


@pytest.mark.parametrize(
    ("text", "form", "chain", "provenance"),
    [
        ("torch", "nn.Module", ("nn.Module",), "native"),
        ("torch:route=native", "nn.Module", ("nn.Module",), "native"),
        ("torch:route=imported", "nn.Module", ("nn.Module", "onnx (exported)", "torch (imported)"), "imported"),
        ("torch:route=imported", "pt2", ("pt2", "onnx (exported)", "torch (imported)"), "imported"),
        ("torch:route=imported", "onnx", ("onnx", "torch (imported)"), "imported"),
        ("onnx:route=exported", "pt2", ("pt2", "onnx (exported)"), "exported"),
        ("onnx:route=native", "onnx", ("onnx",), "native"),
        ("tensorflow", "keras", ("keras",), "native"),
        ("tensorflow:route=imported", "keras", ("keras", "onnx (exported)", "tensorflow (imported)"), "imported"),
    ],
)
def test_a_model_takes_the_route_that_was_asked_for(plugins, tmp_path, text, form, chain, provenance) -> None:
    """Natively where the format is the framework's own, or imported from what its vendor exports."""
    if "exported" in " ".join(chain) and form == "keras" and find_spec("tf2onnx") is None:
        pytest.skip("tf2onnx is not installed")
    found = way(plugins, tmp_path, text, form)
    assert (found.chain, found.provenance) == (chain, provenance)


@pytest.mark.parametrize(
    ("text", "form", "sentence"),
    [
        (
            "torch:route=native",
            "onnx",
            "its model is onnx, which is not native to torch; give one that is nn.Module or pt2, or",
        ),
        ("onnx:route=native", "pt2", "its model is pt2, which is not native to onnx; give one that is onnx, or leave"),
        (
            "onnx:route=imported",
            "onnx",
            "onnx runs only its own formats and imports no others; leave route=imported out",
        ),
        ("torch:route=exported", "pt2", "its model is pt2, which is native to torch and is not converted; leave"),
        ("torch:route=imported", "unheard", "the model cannot be imported: it takes no unheard models"),
    ],
)
def test_a_route_that_does_not_exist_is_told_in_one_sentence(plugins, tmp_path, text, form, sentence) -> None:
    """With what to type instead."""
    with pytest.raises(NoRouteError) as caught:
        way(plugins, tmp_path, text, form)
    assert sentence in str(caught.value)


def test_an_unknown_route_is_refused_with_those_there_are(cli) -> None:
    """Before anything is started."""
    result = cli("run", "mlp", "-b", "torch:route=fast", "--dry-run")
    assert result.code == 2
    assert "route=fast is unknown; write one of native, exported, imported" in result.err


def test_explain_tells_each_contenders_route(cli) -> None:
    """One that is missing does not keep the others from being told."""
    result = cli("explain", "mlp", "-b", "torch:route=imported", "-b", "torch:route=native", "--json")
    assert result.code == 1
    imported, native = json.loads(result.out)["ways"]
    assert (imported["contender"], imported["provenance"]) == ("torch:route=imported", "imported")
    assert native["missing"].startswith("its model is onnx, which is not native to torch")


def test_a_table_of_a_configuration_file_names_a_route(cli, tmp_path) -> None:
    """As after `-b`; the plan has both contenders."""
    (tmp_path / "sweep.toml").write_text(
        'model = "mlp"\nbatch_sizes = "1"\n'
        'contenders = ["torch", { backend = "torch", route = "imported", label = "rendered" }]\n'
    )
    result = cli("run", "--config", "sweep.toml", "--dry-run", "--json")
    assert result.code == 0, result.err
    told = json.loads(result.out)
    assert '"rendered"' in json.dumps(told)


@pytest.mark.slow
def test_one_module_runs_natively_and_imported_in_one_check(cli, monkeypatch, tmp_path) -> None:
    """Two contenders of one framework, whose outputs agree."""
    monkeypatch.setenv("INFER_COMPARE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "attentive.py").write_text(
        "import torch\n"
        "from infer_compare import ModelSpec\n"
        "class Net(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.heads = torch.nn.Linear(16, 48)\n"
        "    def forward(self, x):\n"
        "        q, k, v = self.heads(x).view(-1, 6, 3, 2, 8).permute(2, 0, 3, 1, 4)\n"
        "        y = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)\n"
        "        return y.transpose(1, 2).flatten(2)\n"
        "def make():\n"
        "    return ModelSpec(Net(), inputs=['x:f32[batch,6,16]'])\n"
    )
    result = cli("check", "attentive.py:make", "-b", "torch", "-b", "torch:route=imported", "--json")
    assert result.code == 0, result.out + result.err
    told = json.loads(result.out)
    assert [(one["name"], one["provenance"]) for one in told["contenders"]] == [
        ("torch", "native"),
        ("torch:route=imported", "imported"),
    ]
    assert told["contenders"][1]["effective"]["attention"] == "fused (1)"
    assert {one["verdict"] for one in told["agreements"]} == {"agrees"}
