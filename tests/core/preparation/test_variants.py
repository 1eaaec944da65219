"""Models of another precision: a backend makes them once, before anything is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from infer_compare.errors import NoUsableBackend
from infer_compare.plugins import Plugins
from infer_compare.preparation.resolve import resolve
from infer_compare.request.options import RunOptions
from infer_compare.worker.client import InProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.preparation.resolved import Resolved

BACKEND = """
from pathlib import Path

import msgspec
import numpy as np

from idle_backend import Idle
from infer_compare.backends import Capabilities, ModelError, Options, UnsupportedModel, VariantPlan

LOG = Path(__file__).with_name("written.npy")


class MineOptions(Options, frozen=True, kw_only=True):
    outside: bool = False


class Mine(Idle):
    name = "mine"
    capabilities = Capabilities(formats=("onnx",), precisions=("float32", "float16", "int8", "bfloat16"))
    options = MineOptions

    def plan_variant(self, model, device):
        if self.settings.precision == "bfloat16":
            raise UnsupportedModel("no bfloat16 in it.")
        rows = {"float32": None, "float16": 0, "int8": 4}[self.settings.precision]
        return None if rows is None else VariantPlan(text=f"{self.settings.precision} (toy)", rows=rows)

    def write_variant(self, model, device, calibration, folder):
        rows = np.concatenate([batch[0] for batch in calibration]) if len(calibration) else np.zeros((0, 64))
        earlier = np.load(LOG) if LOG.exists() else np.zeros(0)
        np.save(LOG, np.concatenate([earlier, [len(rows), *rows[:4, 0]]]))
        if self.settings.options.outside:
            return model
        (folder / "small").write_bytes(b"small")
        return msgspec.structs.replace(model, location=str(folder / "small"))
"""


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Resolved]:
    """Prepares a run of contenders of one backend, in this process."""
    monkeypatch.setenv("INFER_COMPARE_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "mine.py"
    file.write_text(BACKEND, encoding="utf-8")
    plugins = Plugins.discover(block=["*"])
    runs = iter(range(100))

    def run(*contenders: str, convert: bool = True, **options: Any) -> Resolved:
        texts = tuple(f"{file}:Mine:{contender}" for contender in contenders)
        scratch = tmp_path / f"scratch-{next(runs)}"
        scratch.mkdir()
        return resolve(
            RunOptions(model="mlp", contenders=texts, threads=1, **options),
            plugins,
            scratch,
            convert=convert,
            launch=lambda _python, **_limits: InProcess(),
        )

    return run


def written(folder: Path) -> list[float]:
    """For each model that was made, how many rows it was calibrated with, and the first number of four of them."""
    log = folder / "written.npy"
    return list(np.load(log)) if log.exists() else []


def test_a_model_is_made_once_for_all_contenders_and_runs_that_ask_for_the_same(prepare, tmp_path: Path) -> None:
    """Threads are no matter of the model."""
    for _ in range(2):
        resolved = prepare("precision=int8,label=a", "precision=int8,threads=2,label=b", "precision=float32,label=c")
    assert [route.chain for route in resolved.routes.values()] == [
        ("onnx", "onnx int8 (toy, calibrated with 4 random rows)"),
        ("onnx", "onnx int8 (toy, calibrated with 4 random rows)"),
        ("onnx",),
    ]
    models = {label: route.model for label, route in resolved.routes.items()}
    assert models["a"] == models["b"] != models["c"]
    assert (models["a"].path.read_bytes(), models["a"].provenance) == (b"small", "native")
    assert written(tmp_path)[0] == 4
    assert len(written(tmp_path)) == 5, "one model"


def test_another_seed_option_or_precision_makes_another_model(prepare, tmp_path: Path) -> None:
    """Rows that are drawn depend on the seed; where none are wanted, it is no matter."""
    prepare("precision=int8")
    prepare("precision=int8", seed=1)
    prepare("precision=float16")
    assert [count for count in written(tmp_path) if count in {0, 4}] == [4, 4, 0]


def test_rows_of_the_data_set_are_taken_from_all_over_it(prepare, tmp_path: Path) -> None:
    """Files are often sorted; nothing is said of random inputs then, and the chain names the file."""
    np.savez(tmp_path / "data.npz", features=np.arange(100, dtype=np.float32).repeat(64).reshape(100, 64))
    resolved = prepare("precision=int8", data=str(tmp_path / "data.npz"))
    assert written(tmp_path) == [4, 0, 25, 50, 75]
    (route,) = resolved.routes.values()
    assert route.chain[-1] == "onnx int8 (toy, calibrated with 4 rows of data.npz)"
    assert not resolved.warnings


def test_random_inputs_for_calibration_are_mentioned_once(prepare) -> None:
    """With what to give instead."""
    resolved = prepare("precision=int8,label=a", "precision=int8,threads=2,label=b")
    assert resolved.warnings == (
        "int8 is calibrated with random inputs; give --data for an output error that means something.",
    )
    assert not prepare("precision=float16").warnings


def test_a_contender_whose_model_cannot_be_made_is_left_out_and_the_others_run(prepare) -> None:
    """Whether the backend says so or breaks its promise."""
    resolved = prepare("precision=bfloat16,label=a", "precision=int8,outside=true,label=b", "label=c")
    reasons = {record.contender: record.outcome.reason for record in resolved.unusable}
    assert list(resolved.routes) == ["c"]
    assert reasons["a"] == "no bfloat16 in it"
    assert "wrote nothing that can be loaded" in reasons["b"]
    with pytest.raises(NoUsableBackend, match="no bfloat16 in it"):
        prepare("precision=bfloat16")


def test_what_would_be_made_is_explained_without_making_it(prepare, tmp_path: Path) -> None:
    """By the chain alone."""
    resolved = prepare("precision=int8", convert=False)
    (route,) = resolved.routes.values()
    assert (route.chain[-1], route.variant) == ("onnx int8 (toy, calibrated with 4 random rows)", True)
    assert not written(tmp_path)
