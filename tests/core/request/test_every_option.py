"""Every option of a run is the same option on the command line, in a file, in Python and in a stored run."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from infer_compare import api
from infer_compare.api.config_file import read_config
from infer_compare.api.options import RunOptions, options_from
from infer_compare.cli.config import options_of
from infer_compare.cli.run import command
from infer_compare.plugins import Plugins
from infer_compare.request.contenders import parse_contenders
from infer_compare.store import FILE, RunLog

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.request.sweep_request import SweepRequest


class Example(NamedTuple):
    """A value of an option in each place where it can stand."""

    flags: tuple[str, ...] | None
    """As typed; None where no flag has it."""
    toml: str
    """The value of the key."""
    python: Any
    """The keyword argument."""


EXAMPLES = {
    "model": Example(("mlp",), '"mlp"', "mlp"),
    "models": Example(("--model", "reference=mlp"), '{reference = "mlp"}', {"reference": "mlp"}),
    "backends": Example(("--backends", "reference,onnx"), '["reference", "onnx"]', ["reference", "onnx"]),
    "contenders": Example(
        ("-b", "reference", "-b", "onnx:graph_optimization=disable,route=native,label=plain@cpu"),
        '["reference", {backend = "onnx", options = {graph_optimization = "disable"}, label = "plain", '
        'route = "native", device = "cpu"}]',
        [
            "reference",
            {
                "backend": "onnx",
                "options": {"graph_optimization": "disable"},
                "label": "plain",
                "route": "native",
                "device": "cpu",
            },
        ],
    ),
    "device": Example(("--device", "cuda:1"), '"cuda:1"', "cuda:1"),
    "inputs": Example(("--input", "features=ones"), '["features=ones"]', ["features=ones"]),
    "python": Example(("--python", "onnx=/bin/python"), '{onnx = "/bin/python"}', {"onnx": "/bin/python"}),
    "convert": Example(("--no-convert",), "false", False),
    "trust": Example(("--trust",), "true", True),
    "layout": Example(("--layout", "onnx=NHWC"), '{onnx = "NHWC"}', {"onnx": "NHWC"}),
    "input_map": Example(("--input-map", "onnx:a=b"), '{onnx = {a = "b"}}', {"onnx": {"a": "b"}}),
    "output_map": Example(("--output-map", "onnx:a=b"), '["onnx:a=b"]', ["onnx:a=b"]),
    "batch_sizes": Example(("--batch-sizes", "1:4:x2"), "[1, 2, 4]", [1, 2, 4]),
    "scope": Example(("--scope", "end_to_end"), '"end_to_end"', "end_to_end"),
    "data": Example(("--data", "rows.npz"), '"rows.npz"', "rows.npz"),
    "threads": Example(("--threads", "1"), "1", 1),
    "seed": Example(("--seed", "7"), "7", 7),
    "mode": Example(("--thorough",), '"thorough"', "thorough"),
    "restarts": Example(None, "2", 2),
    "rounds": Example(None, "1", 1),
    "budget": Example(("--budget", "5m"), '"5m"', 300),
    "latency_bound": Example(("--latency-bound", "20ms"), '"20ms"', 0.02),
    "percentile": Example(("--percentile", "99"), "99", 99),
    "rtol": Example(("--rtol", "1e-3"), "1e-3", 1e-3),
    "max_memory": Example(("--max-memory", "2GiB"), '"2GiB"', 2 << 30),
    "max_device_memory": Example(("--max-device-memory", "1GiB"), '"1GiB"', 1 << 30),
    "backstop": Example(("--backstop",), "true", True),
    "find_limit": Example(("--find-limit",), "true", True),
    "timeout": Example(("--timeout", "90s"), '"90s"', "90s"),
    "price": Example(("--price", "1.20/h"), '"1.20/h"', "1.20/h"),
    "reports": Example(("--report", "html", "--report", "csv"), '["html", "csv"]', ["html", "csv"]),
}
TOGETHER = frozenset(EXAMPLES) - {"backends", "device", "data", "models", "python", "layout", "input_map", "output_map"}
"""Options that one run of the reference can have, with their examples."""


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    """What is installed."""
    return Plugins.discover(block=["*"])


def typed(plugins: Plugins, *words: str) -> RunOptions:
    """The options of a command line."""
    with command.make_context("run", list(words)) as context:
        return options_of(context, plugins)[0]


def written(folder: Path, text: str) -> RunOptions:
    """The options of a file."""
    file = folder / "sweep.toml"
    file.write_text(text, encoding="utf-8")
    return read_config(file).options


def asked(options: RunOptions) -> SweepRequest:
    """What is asked, in whatever form it was given."""
    return options.request()


def test_every_option_has_an_example() -> None:
    """An option that is added here is added everywhere."""
    assert set(EXAMPLES) == set(RunOptions.__struct_fields__)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_option_is_the_same_on_the_command_line_in_a_file_and_in_python(name, plugins, tmp_path) -> None:
    """It is not the default, and each way of asking for it asks for the same."""
    example = EXAMPLES[name]
    options = options_from({name: example.python}, "sweep")
    assert options != RunOptions()
    assert asked(written(tmp_path, f"{name} = {example.toml}")) == asked(options)
    if example.flags is not None:
        assert asked(typed(plugins, *example.flags)) == asked(options)
        assert asked(typed(plugins, *example.flags, "--config", str(tmp_path / "sweep.toml"))) == asked(options)


def test_a_stored_run_asks_for_what_it_was_asked_for(plugins, tmp_path) -> None:
    """All options of a plan come back from the run file."""
    pytest.importorskip("onnxruntime")
    options = options_from({name: EXAMPLES[name].python for name in TOGETHER}, "sweep")
    header = api.plan(options.request(), plugins=plugins).header
    with RunLog(tmp_path / FILE, create=True) as log:
        log.append(header)
    again = read_config(tmp_path / FILE).options
    for field in dataclasses.fields(asked(options)):
        if field.name != "contenders":
            assert getattr(asked(again), field.name) == getattr(asked(options), field.name), field.name
    contenders = parse_contenders(asked(again).contenders, plugins)
    assert contenders == parse_contenders(asked(options).contenders, plugins)
