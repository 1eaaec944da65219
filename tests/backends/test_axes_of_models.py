"""Images of several sizes and sentences of several lengths, in every kind of model and on every framework that can run it."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow
NETS = Path(__file__).with_name("axes_nets.py")
FRAMEWORKS = ("torch", "onnx", "tensorflow")
SIZES = "size=32,48,64"


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Runs `infer-compare check` of a model on all frameworks at batch sizes 1 and 3; what it says as JSON."""
    for library in ("torch", "onnxruntime", "tensorflow", "transformers", "onnxscript", "tf2onnx"):
        if find_spec(library) is None:
            pytest.skip(f"{library} is not installed")

    def check(model: str | Path, *arguments: str, code: int = 0) -> dict[str, Any]:
        command = [sys.executable, "-m", "infer_compare", "check", str(model), "--backends", ",".join(FRAMEWORKS)]
        done = subprocess.run(
            [*command, "--batch-sizes", "1,3", "--threads", "1", "--json", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    return check


def agreeing(report: dict[str, Any]) -> dict[str, int]:
    """At how many points each contender agrees that does so wherever it ran."""
    assert {agreement["verdict"] for agreement in report["agreements"]} == {"agrees"}
    return {agreement["contender"]: agreement["points"] for agreement in report["agreements"]}


@pytest.mark.parametrize("model", ["torch_image", "keras_image"])
def test_an_image_model_from_a_function_agrees_at_every_size(check: Callable[..., dict[str, Any]], model: str) -> None:
    """Exported, imported and as it is."""
    report = check(f"{NETS}:{model}", "--axis", SIZES)
    assert agreeing(report) == dict.fromkeys(FRAMEWORKS, 6)
    assert report["failures"] == []


def test_an_onnx_file_with_free_height_and_width_agrees_at_every_combination(
    check: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    """Both axes by the names in the file, or as one after `--input` names them so."""
    code = (
        "import sys, torch, axes_nets\n"
        "free = {0: 'batch', 2: 'height', 3: 'width'}\n"
        "torch.onnx.export(axes_nets.torch_image().model, (torch.zeros(2, 3, 64, 64),), sys.argv[1], dynamo=True, "
        "input_names=['image'], dynamic_shapes=(free,))\n"
    )
    path = tmp_path / "image.onnx"
    subprocess.run([sys.executable, "-c", code, path], cwd=NETS.parent, check=True, capture_output=True)

    both = check(path, "--axis", "height=32,64", "--axis", "width=48,64")
    assert agreeing(both) == dict.fromkeys(FRAMEWORKS, 8)
    square = check(path, "--axis", SIZES, "--input", "image:f32[batch,3,size,size]")
    assert agreeing(square) == dict.fromkeys(FRAMEWORKS, 6)


def test_a_keras_layer_that_needs_a_size_gets_a_graph_for_each_of_them(check: Callable[..., dict[str, Any]]) -> None:
    """An export has one graph for all, so that others are left out with what to type."""
    report = check(f"{NETS}:keras_image_of_known_size", "--axis", SIZES, code=1)
    assert agreeing(report) == {"tensorflow": 6}
    reasons = " ".join(failure["sentence"] for failure in report["failures"])
    assert (
        "A layer may need sizes that are free here (size); try one size, as in --input 'image:float32[batch,64,64,3]'"
        in reasons
    )


def test_a_transformers_model_with_three_inputs_agrees_at_every_length(check: Callable[..., dict[str, Any]]) -> None:
    """More tokens than it has positions are an outcome of these points, and the run goes on."""
    report = check(f"{NETS}:bert", "--axis", "seq=8,16,64,128", code=1)
    assert agreeing(report) == dict.fromkeys(FRAMEWORKS, 6)
    failed = {
        (failure["contender"], point["axes"][0][1]) for failure in report["failures"] for point in failure["points"]
    }
    assert failed == {(contender, 128) for contender in FRAMEWORKS}
