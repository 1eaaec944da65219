"""`infer-compare tune`, as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from infer_compare import api
from infer_compare.errors import BackendUnusable
from infer_compare.phases.context import Surroundings
from infer_compare.plugins import Plugins
from infer_compare.preparation.configurations import tuned
from infer_compare.request.counts import splits
from infer_compare.request.options import RunOptions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Result  # type: ignore[import-not-found]

    Cli = Callable[..., Result]

BACKEND = """
from infer_compare.backends import Backend, Capabilities

class Mine(Backend):
    name = "mine"
    requires = ("json",)
    capabilities = Capabilities(formats=("onnx",))

    @classmethod
    def candidates(cls, machine):
        raise ValueError("no idea")

    def version(self): return "1"
    def devices(self): return []
    def load(self, model): pass
    def to_device(self, loaded, device): pass
    def classify(self, error): pass
"""


def test_a_dry_run_lists_every_configuration_as_it_would_be_typed(cli: Cli) -> None:
    """What each backend proposes, on each split of the thread budget; what is plain comes first."""
    lines = cli("tune", "mlp", "--backends", "onnx,torch", "--threads", "4", "--dry-run").out.splitlines()
    assert lines[:2] == ["-b onnx", "-b torch"]
    assert "-b onnx:label=onnx 2x2,threads=2,instances=2" in lines
    assert "-b torch:channels_last=true,label=torch channels_last 4x1,threads=1,instances=4" in lines
    assert lines[-1].endswith("configurations in 600 s")


def test_onnx_runtime_is_tried_without_blocks_of_channels(cli: Cli) -> None:
    """On the processor, after what is more likely to pay; that is the one level below the last."""
    lines = cli("tune", "mlp", "--backends", "onnx", "--threads", "1", "--dry-run").out.splitlines()
    assert lines[:-1] == [
        "-b onnx",
        "-b onnx:label=onnx int8,precision=int8",
        "-b onnx:graph_optimization=extended,label=onnx graph_optimization=extended",
    ]


def test_own_configurations_are_tried_beside_the_proposed_ones(cli: Cli) -> None:
    """As they were typed."""
    typed = "onnx:graph_optimization=basic"
    printed = cli("tune", "mlp", "--backends", "onnx", "--threads", "1", "-b", typed, "--dry-run", "--json").out
    assert json.loads(printed)["contenders"][:2] == [typed, "onnx"]


def test_a_budget_that_is_too_short_says_what_it_takes(cli: Cli) -> None:
    """And what else to do."""
    result = cli("tune", "mlp", "--backends", "onnx,torch", "--budget", "2s")
    assert result.code == 2
    assert "--budget 2s is too short to try" in result.err
    assert "s or more; give more time, or name fewer backends with --backends." in result.err


def test_a_single_configuration_is_nothing_to_search(cli: Cli) -> None:
    """`run` measures it."""
    result = cli("tune", "mlp", "--backends", "reference", "--threads", "1")
    assert result.code == 2
    assert "There is a single configuration to try: reference; name more with --backends or -b" in result.err


def test_a_backend_that_cannot_propose_is_named(tmp_path: Path) -> None:
    """With what it raised."""
    (tmp_path / "mine.py").write_text(BACKEND)
    plugins = Plugins.discover(block=["*"])
    plugins.add_file(tmp_path / "mine.py", "Mine")
    with pytest.raises(
        BackendUnusable, match="The backend 'mine' cannot list what is worth trying: ValueError: no idea"
    ):
        tuned(RunOptions(backends=("mine",)), plugins)


@pytest.mark.parametrize(
    ("threads", "ways"),
    [(1, [(1, 1)]), (2, [(1, 2), (2, 1)]), (6, [(1, 6), (2, 3), (3, 2), (6, 1)]), (7, [(1, 7), (7, 1)])],
)
def test_a_thread_budget_is_split_evenly(threads: int, ways: list[tuple[int, int]]) -> None:
    """No core is left idle."""
    assert list(splits(threads)) == ways


@pytest.mark.slow
def test_the_fastest_configuration_is_found_in_time_and_its_code_runs(tmp_path: Path) -> None:
    """With real processes: ONNX Runtime is faster than the reference evaluator, and its code needs nothing but the model file."""
    plugins = Plugins.discover(block=["*"])
    options = tuned(RunOptions(model="mlp", backends=("onnx", "reference"), budget=30.0), plugins)
    open_ = Surroundings(gate=lambda *_, **__: None, look=lambda _: None, peak=lambda _: None)
    run = api.sweep(options, tmp_path / "run", plugins=plugins, surroundings=open_)
    assert run.closing is not None
    assert run.closing.elapsed_s <= 33
    assert run.recipe is not None
    assert run.recipe.contender.startswith("onnx")
    assert {record.contender for record in run.dropped} >= {"reference"}
    np.save(tmp_path / "run" / "inputs.npy", np.zeros((2, 64), np.float32))
    code = f'{run.recipe.code}\nimport numpy\nassert predict(numpy.load("inputs.npy"))[0].shape == (2, 10)'
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "run", check=True, timeout=60)
