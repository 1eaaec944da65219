"""Sweeps asked for in Python, with the gate open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import infer_compare as ic
from infer_compare.plugins import Plugins

if TYPE_CHECKING:
    from collections.abc import Callable

FEW: dict[str, Any] = {"mode": "quick", "restarts": 1, "rounds": 1, "threads": 1, "batch_sizes": (1, 2)}
"""As little as makes a run."""


@pytest.fixture(scope="session")
def sweep() -> Callable[..., ic.Result]:
    """`infer_compare.sweep`, with as few rounds as possible; what else runs on the machine decides nothing meanwhile."""

    def run(model: object = "mlp", **options: Any) -> ic.Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("infer_compare.environment.gate.rejection", lambda *_args, **_kwargs: None)
            return ic.sweep(model, **{**FEW, **options})

    return run


@pytest.fixture(scope="session")
def stored(sweep, tmp_path_factory) -> ic.Result:
    """A run of the evaluator of the onnx package, which works on a bare install, against itself."""
    place = tmp_path_factory.mktemp("api") / "run"
    twice = ["reference", {"backend": "reference", "label": "<again> & again"}]
    return sweep(contenders=twice, folder=place, plugins=Plugins.discover(), reports=["csv"], seed=3)
