"""Every option of a run is the same option on the command line, in a file, in Python and in a stored run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import infer_compare as ic
from infer_compare import api
from infer_compare.api.config_file import read_config
from infer_compare.cli.options import given_by
from infer_compare.cli.run import command
from infer_compare.errors import UsageError
from infer_compare.fleet import toml
from infer_compare.plugins import Plugins
from infer_compare.request.contenders import CORE, ContenderRequest
from infer_compare.request.options import RunOptions
from infer_compare.request.reading import complete, read_options
from infer_compare.store import FILE, RunLog

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.results import Header


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
    "name": Example(("--name", "detector v2"), '"detector v2"', "detector v2"),
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
    "axis": Example(("--axis", "seq=16,64"), "{seq = [16, 64]}", {"seq": [16, 64]}),
    "mix": Example(("--mix", "seq=16:0.5,64:0.5"), "{seq = {16 = 0.5, 64 = 0.5}}", {"seq": {16: 0.5, 64: 0.5}}),
    "scope": Example(("--scope", "end_to_end"), '"end_to_end"', "end_to_end"),
    "data": Example(("--data", "rows.npz"), '"rows.npz"', "rows.npz"),
    "threads": Example(("--threads", "1"), "1", 1),
    "precisions": Example(("--precisions", "float32,bfloat16"), '["float32", "bfloat16"]', ["float32", "bfloat16"]),
    "instances": Example(("--instances", "1,auto"), '[1, "auto"]', [1, "auto"]),
    "seed": Example(("--seed", "7"), "7", 7),
    "mode": Example(("--thorough",), '"thorough"', "thorough"),
    "restarts": Example(None, "2", 2),
    "rounds": Example(None, "1", 1),
    "race": Example(None, "true", True),
    "max_error": Example(None, "1e-2", 1e-2),
    "budget": Example(("--budget", "5m"), '"5m"', 300),
    "wait": Example(("--wait", "5m"), '"5m"', 300),
    "latency_bound": Example(("--latency-bound", "20ms"), '"20ms"', 0.02),
    "percentile": Example(("--percentile", "99"), "99", 99),
    "rtol": Example(("--rtol", "1e-3"), "1e-3", 1e-3),
    "allow_error": Example(("--allow-error",), "true", True),
    "margin": Example(("--margin", "5%"), '"5%"', 0.05),
    "metrics": Example(("--metrics", "energy"), '["energy"]', ["energy"]),
    "max_memory": Example(("--max-memory", "2GiB"), '"2GiB"', 2 << 30),
    "max_device_memory": Example(("--max-device-memory", "1GiB"), '"1GiB"', 1 << 30),
    "backstop": Example(("--backstop",), "true", True),
    "find_limit": Example(("--find-limit",), "true", True),
    "timeout": Example(("--timeout", "90s"), '"90s"', "90s"),
    "price": Example(("--price", "1.20/h"), '"1.20/h"', "1.20/h"),
    "reports": Example(("--report", "html", "--report", "csv"), '["html", "csv"]', ["html", "csv"]),
}
VALUE = st.text("abcXYZ019.,+- :/", min_size=1, max_size=12).filter(lambda text: text == text.strip())
KEYS = {"threads": st.integers(1, 64), "instances": st.integers(1, 64)}
"""Keys of a contender whose values are numbers."""


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    """What is installed."""
    return Plugins.discover(block=["*"])


@pytest.fixture(scope="module")
def header(plugins) -> Header:
    """Of a run that was asked for little."""
    return api.plan(RunOptions(model="mlp", backends=("reference",)), plugins=plugins).header


def typed(plugins: Plugins, *words: str) -> RunOptions:
    """The options of a command line, over those of the file that it names."""
    with command.make_context("run", list(words)) as context:
        file = context.params["config"]
        return complete(given_by(context, plugins, read_config(file).given if file is not None else None))


def written(folder: Path, text: str) -> RunOptions:
    """The options of a file."""
    file = folder / "sweep.toml"
    file.write_text(text, encoding="utf-8")
    return complete(read_config(file).given)


def decided(options: RunOptions, header: Header) -> RunOptions:
    """The same with what was left open as it was decided in a run of the reference backend."""
    plan = header.plan
    left_open = {"threads": plan.threads, "restarts": plan.restarts, "rounds": plan.rounds_per_restart}
    if options.contenders is None:
        left_open["backends"] = ("reference",)
    given = {name: value for name in left_open if (value := getattr(options, name)) is not None}
    return msgspec.structs.replace(options, **{**left_open, **given})


def parts(options: RunOptions) -> RunOptions:
    """The same with contenders in parts: as a text they are kept as they were typed."""
    contenders = None if options.contenders is None else tuple(map(ContenderRequest.of, options.contenders))
    return msgspec.structs.replace(options, contenders=contenders)


def test_every_option_has_an_example() -> None:
    """One that is added to a run is tried here, too."""
    assert list(EXAMPLES) == list(RunOptions.__struct_fields__)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_option_is_the_same_on_the_command_line_in_a_file_in_python_and_in_a_stored_run(
    name, plugins, header, tmp_path
) -> None:
    """It is not the default, and each way of asking for it asks for the same, also on another machine of a fleet."""
    example = EXAMPLES[name]
    options = complete(read_options({name: example.python}, "sweep"))
    assert options != RunOptions()
    with RunLog(tmp_path / FILE, create=True) as log:
        log.append(msgspec.structs.replace(header, options=options))

    assert parts(written(tmp_path, f"{name} = {example.toml}")) == parts(options)
    travelled = toml.written(toml.as_written(read_options({name: example.python}, "sweep")))
    assert parts(written(tmp_path, travelled)) == parts(options)
    written(tmp_path, f"{name} = {example.toml}")
    again = decided(options, header)
    assert complete(read_config(tmp_path / FILE).given) == again
    assert typed(plugins, "--config", str(tmp_path / FILE)) == again
    if example.flags is not None:
        assert parts(typed(plugins, *example.flags)) == parts(options)
        assert parts(typed(plugins, *example.flags, "--config", str(tmp_path / "sweep.toml"))) == parts(options)


def test_python_tells_every_option_and_refuses_what_is_none(tmp_path) -> None:
    """With the nearest name, before anything is made."""
    for name in EXAMPLES:
        assert f"\n        {name}: " in (ic.sweep.__doc__ or "")
    with pytest.raises(UsageError, match="sweep: there is no option 'thread'; did you mean 'threads'"):
        ic.sweep("mlp", thread=1, folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_stored_run_has_what_was_asked_for_and_apart_from_it_what_was_decided(header) -> None:
    """No field of the plan repeats an option; who repeats the run asks for what was decided."""
    assert header.options == RunOptions(model="mlp", backends=("reference",))
    assert (header.plan.restarts, header.plan.rounds_per_restart) == (4, 4)
    assert header.repeated == decided(header.options, header)


def test_asking_for_a_stored_run_again_gives_the_same_plan(header, plugins) -> None:
    """Contenders, model and protocol; the cap on memory follows what is available then."""
    again = api.plan(header.repeated, plugins=plugins).header
    assert (again.repeated, again.contenders, again.model) == (header.repeated, header.contenders, header.model)
    assert msgspec.structs.replace(again.plan, max_memory=header.plan.max_memory) == header.plan


def test_a_run_is_reported_and_listed_under_the_name_that_it_was_given(plugins) -> None:
    """In the place of that of its model, which stays what it is; one that is empty is refused."""
    named = api.plan(RunOptions(model="mlp", name="detector v2", backends=("reference",)), plugins=plugins).header
    assert (named.model.name, named.model.source) == ("detector v2", "mlp")
    with pytest.raises(UsageError, match="name does not fit"):
        read_options({"name": ""}, "sweep")


@settings(max_examples=25, deadline=None, database=None)
@given(
    backend=st.sampled_from(["onnx", "my.py:Backend", "a/b.py:B"]),
    options=st.dictionaries(
        st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(lambda key: key not in CORE), VALUE, max_size=3
    ),
    device=st.none() | st.sampled_from(["cpu", "cuda:1"]),
    keys=st.fixed_dictionaries({key: st.none() | KEYS.get(key, VALUE) for key in CORE}),
)
def test_a_contender_in_parts_is_the_same_as_it_would_be_typed(backend, options, device, keys) -> None:
    """Whatever its values hold that a text can hold."""
    request = ContenderRequest(backend=backend, options=options, device=device, **keys)
    assert ContenderRequest.of(str(request)) == request == ContenderRequest.of(request)


@pytest.mark.parametrize(
    ("heading", "option"),
    [
        ("Model and inputs", "MODEL"),
        ("Who takes part", "--contender"),
        ("What is measured", "--batch-sizes"),
        ("Memory", "--find-limit"),
        ("Answer", "--latency-bound"),
        ("Output", "--report"),
        ("Output", "--output"),
        ("Other options", "--resume"),
    ],
)
def test_help_lists_an_option_under_its_heading(heading, option) -> None:
    """Each heading stands once, in the order in which options are declared."""
    with command.make_context("run", [], resilient_parsing=True) as context:
        sections = context.get_help().split(f"\n{heading}:\n")
    assert len(sections) == 2
    assert option in sections[1].split("\n\n")[0]
