"""`fleet.toml`: what it may say, and one clear sentence for what it may not."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.errors import UnknownBackend, UsageError
from infer_compare.fleet.fleet_file import KEYS, fleet_request, read_fleet
from infer_compare.fleet.jobs import planned_jobs
from infer_compare.fleet.machines import Selector, chosen, kinds
from infer_compare.fleet.streamed_run import StreamedRun
from infer_compare.fleet.toml import written
from infer_compare.request.options import declared
from played_launcher import machine

if TYPE_CHECKING:
    from infer_compare.interfaces.launchers import Machine
    from infer_compare.plugins import Plugins

MACHINES = [
    machine("a", **{"instance-type": "c7i.xlarge"}),
    machine("b", **{"instance-type": "c7i.xlarge"}),
    machine("c", **{"instance-type": "c7g.xlarge"}),
]
WHOLE = """
launcher = "ray"
address = "10.0.0.1:6379"
machines = ["instance-type=c7i.xlarge", "instance-type=c7g.xlarge"]
attempts = 3
models = ["mlp", {model = "cnn", batch-sizes = "1,2", name = "detector"}]

[options]
mode = "quick"
threads = 1
batch-sizes = "1,8"

[prices]
"instance-type=c7i.xlarge" = "$0.20/h"
all = "$0.10/h"
"""


def read(text: str) -> Any:
    """Return what a file with this text asks for."""
    return fleet_request(tomllib.loads(text), "fleet.toml")


def test_a_file_says_who_runs_what_where_and_at_which_price(tmp_path: Path, plugins: Plugins) -> None:
    """Keys of `[options]` are those of a run's file, and a model's own go first."""
    (tmp_path / "fleet.toml").write_text(WHOLE, encoding="utf-8")
    request = read_fleet(tmp_path / "fleet.toml")
    assert (request.launcher, request.address, request.attempts) == ("ray", "10.0.0.1:6379", 3)
    jobs, _ = planned_jobs(request, MACHINES, tmp_path, plugins)
    assert [job.id for job in jobs] == [
        "mlp-on-c7i.xlarge",
        "mlp-on-c7g.xlarge",
        "detector-on-c7i.xlarge",
        "detector-on-c7g.xlarge",
    ]
    assert [job.price for job in jobs[:2]] == ["$0.20/h", "$0.10/h"]
    assert [model.options.batch_sizes for model in request.models] == [(1, 8), (1, 2)]
    assert {model.options.mode for model in request.models} == {"quick"}


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """As some editors write it."""
    (tmp_path / "fleet.toml").write_text(WHOLE.lstrip(), encoding="utf-8-sig")
    marked = read_fleet(tmp_path / "fleet.toml")
    assert marked == read(WHOLE)
    assert marked.launcher == "ray"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no model is named"),
        ("models = []", "no model is named"),
        ("modells = ['mlp']", "there is no key 'modells'; did you mean 'models'?"),
        ("models = 'mlp'\nquick = true", "there is no key 'quick'; write one of launcher,"),
        ("models = [3]", "model 1 must be a text or a table of options, not 3"),
        ("models = [{threads = 1}]", "model 1: its table names no model"),
        ("models = 3", "models must be a list"),
        ("models = 'mlp'\n[options]\nthreds = 1", "[options]: there is no option 'threds'; did you mean 'threads'?"),
        ("models = 'mlp'\n[options]\nthreads = 0", "threads"),
        ("models = 'mlp'\n[options]\nmodel = 'cnn'", "a model stands under [options]"),
        ("models = 'mlp'\n[options]\nlatency_bound = 20", "has no unit"),
        ("models = 'mlp'\n[options]\nprice = '1/h'", "write prices by label under [prices]"),
        ("models = 'mlp'\n[options]\noutput = 'x'", "'output' is not an option of a run"),
        ("models = 'mlp'\nmachines = 3", 'machines must be "all" or a list of labels'),
        ("models = 'mlp'\nmachines = ['fast']", "'fast' does not choose machines"),
        ("models = 'mlp'\nper = 'node'", 'per is \'node\'; write "kind" or "host"'),
        ("models = 'mlp'\nattempts = 0", "attempts must be a whole number from 1 to 20"),
        ("models = 'mlp'\nattempts = true", "attempts must be a whole number from 1 to 20"),
        ("models = 'mlp'\nlauncher = 3", "launcher must be a text"),
        ("models = 'mlp'\naddress = ''", "address must be a text"),
        ("models = 'mlp'\nprices = 3", "prices must be a table [prices]"),
        ("models = 'mlp'\n[prices]\nall = 1.2", 'the price of all must be a text such as "1.20/h"'),
        ("models = 'mlp'\n[prices]\nall = '1.2'", "prices, all: '1.2' is not a price"),
        ("models = 'mlp'\n[prices]\nfast = '1/h'", "'fast' does not choose machines"),
    ],
)
def test_what_does_not_fit_is_said_in_one_sentence(text: str, sentence: str) -> None:
    """What is wrong, with the value, and then what to write."""
    with pytest.raises(UsageError) as error:
        read(text)
    assert sentence in str(error.value)
    assert str(error.value).startswith("fleet.toml")
    assert "\n" not in str(error.value)


VALUES = st.recursive(
    st.one_of(
        st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(["all", "a=b", "1/h", "mlp", "host"])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from([*KEYS, *declared(), "x"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=15, deadline=None)
@given(table=st.dictionaries(st.sampled_from([*KEYS, "x"]), VALUES, max_size=6))
def test_whatever_a_file_holds_it_is_read_or_refused_in_one_line(table: dict[str, Any]) -> None:
    """Any values of any keys."""
    try:
        assert fleet_request(table, "fleet.toml").models
    except UsageError as error:
        sentence = str(error)
    else:
        sentence = ""
    assert not sentence or sentence.isprintable()


@settings(max_examples=15, deadline=None)
@given(
    table=st.dictionaries(
        st.text(min_size=1),
        st.recursive(
            st.one_of(
                st.booleans(),
                st.integers(-(2**63), 2**63 - 1),
                st.floats(allow_nan=False, allow_infinity=False),
                st.text(),
            ),
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(st.text(min_size=1), inner, max_size=3)
            ),
            max_leaves=4,
        ),
        max_size=4,
    )
)
def test_options_arrive_on_the_machine_as_they_were_written(table: dict[str, Any]) -> None:
    """Any table that TOML can hold is read back as it was."""
    assert tomllib.loads(written(table)) == table


def test_a_selector_that_fits_no_machine_names_the_labels_that_exist() -> None:
    """So that the next try needs no look-up."""
    with pytest.raises(
        UsageError, match=r"No machine has instance-type=p5; labels that exist: .*instance-type=c7g.xlarge"
    ):
        chosen(MACHINES, [Selector.of("instance-type=p5")])


def test_a_selector_of_several_labels_needs_all_of_them() -> None:
    """Labels in one text are joined by `and`, texts by `or`."""
    assert [one.id for one in chosen(MACHINES, [Selector.of("instance-type=c7i.xlarge, hostname=b")])] == ["b"]


def test_machines_of_a_kind_differ_only_in_what_names_the_host() -> None:
    """The name of a kind is what tells it from the others."""
    assert [(kind.name, len(kind.machines)) for kind in kinds(MACHINES)] == [("c7i.xlarge", 2), ("c7g.xlarge", 1)]
    assert [kind.name for kind in kinds(MACHINES, "host")] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("machines", "name"),
    [
        ([machine("a")], "a"),
        ([machine("a"), machine("b")], "2 cores"),
        ([machine("a", cpu="EPYC"), machine("b", cpu="EPYC")], "EPYC"),
        ([machine("a", cpu="EPYC", **{"instance-type": "m7a"})], "m7a"),
    ],
)
def test_the_only_kind_of_machine_has_a_name_too(machines: list[Machine], name: str) -> None:
    """What it is, or its host if there is one."""
    assert [kind.name for kind in kinds(machines)] == [name]


def test_a_model_that_is_not_there_is_named_before_anything_is_written(tmp_path: Path, plugins: Plugins) -> None:
    """Not after all machines were reached and told."""
    with pytest.raises(UsageError, match=r"There is no model 'net\.onnx'"):
        planned_jobs(read("models = ['net.onnx']"), MACHINES, tmp_path / "fleet", plugins)
    assert not (tmp_path / "fleet").exists()


def test_a_contender_in_a_python_file_is_refused_with_what_to_do(tmp_path: Path, plugins: Plugins) -> None:
    """Other machines do not have it."""
    request = read("models = ['mlp']\n[options]\ncontenders = ['mine.py:Mine']")
    with pytest.raises(UsageError, match="make it a plugin"):
        planned_jobs(request, MACHINES, tmp_path, plugins)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("onx", "onnx"), ("trch", "torch"), ("Tensorlfow", "tensorflow"), ("pytroch:compile=true", "pytorch")],
)
def test_a_mistyped_backend_is_refused_before_anything_is_written(
    tmp_path: Path, plugins: Plugins, name: str, meant: str
) -> None:
    """No machine can have it."""
    request = read(f"models = ['mlp']\nlauncher = 'ray'\n[options]\ncontenders = ['reference', '{name}']")
    with pytest.raises(UnknownBackend, match=f"There is no backend '{name.partition(':')[0]}'; write '{meant}', or"):
        planned_jobs(request, MACHINES, tmp_path / "fleet", plugins)
    assert not (tmp_path / "fleet").exists()


@pytest.mark.parametrize("name", ["jax", "tensorrt", "torch-xla", "onnx2", "tvm"])
def test_a_backend_that_only_other_machines_may_have_is_left_to_them(
    tmp_path: Path, plugins: Plugins, name: str
) -> None:
    """But the launcher `local` has no other machines."""
    text = f"models = ['mlp']\n[options]\nbackends = 'reference,{name}'"
    jobs, _ = planned_jobs(read(f"launcher = 'ray'\n{text}"), MACHINES, tmp_path, plugins)
    assert jobs[0].backends == ("reference", name)
    with pytest.raises(UnknownBackend, match=f"There is no backend '{name}'.* Installed: "):
        planned_jobs(read(text), MACHINES, tmp_path, plugins)


def test_a_backend_of_another_interpreter_is_not_looked_for_here(tmp_path: Path, plugins: Plugins) -> None:
    """That interpreter has plugins of its own."""
    request = read("models = ['mlp']\n[options]\ncontenders = ['onx:python=/there/python', 'reference']")
    jobs, _ = planned_jobs(request, MACHINES, tmp_path, plugins)
    assert jobs[0].backends == ("reference",)


def test_an_onnx_file_is_shipped_with_its_external_data(tmp_path: Path, plugins: Plugins) -> None:
    """They are sent as one folder, in which they lie side by side."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = numpy_helper.from_array(np.ones((4, 4), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])],
        [weights],
    )
    path = tmp_path / "net.onnx"
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]),
        path,
        save_as_external_data=True,
        location="net.data",
        size_threshold=0,
    )
    jobs, _ = planned_jobs(read(f"models = ['{path}']"), MACHINES, tmp_path / "fleet", plugins)
    assert jobs[0].argv[:2] == ("run", "{file:model}/net.onnx")
    folder = Path(jobs[0].files["model"])
    assert sorted(one.name for one in folder.iterdir()) == ["net.data", "net.onnx"]
    assert (folder / "net.data").read_bytes() == (tmp_path / "net.data").read_bytes()


def test_a_function_in_a_file_a_folder_of_data_and_other_models_of_a_backend_are_shipped(
    tmp_path: Path, plugins: Plugins
) -> None:
    """Each by a name that the arguments of the run refer to."""
    for name in ("make.py", "other.onnx"):
        (tmp_path / name).touch()
    (tmp_path / "rows").mkdir()
    entry = (
        f"{{model = '{tmp_path}/make.py:net', models = {{torch = '{tmp_path}/other.pt2'}}, data = '{tmp_path}/rows'}}"
    )
    (tmp_path / "other.pt2").write_bytes(b"x")
    jobs, _ = planned_jobs(read(f"models = [{entry}]"), MACHINES, tmp_path / "fleet", plugins)
    argv = jobs[0].argv
    assert argv[:6] == ("run", "{file:model}:net", "--model", "torch={file:model-1}", "--data", "{file:data}")
    assert set(jobs[0].files) == {"model", "model-1", "data", "options"}


def test_models_of_one_name_are_told_apart(tmp_path: Path, plugins: Plugins) -> None:
    """By their paths, and the same model with other options by a number."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "net.pt2").write_bytes(b"x")
    models = [str(tmp_path / "a/net.pt2"), str(tmp_path / "b/net.pt2"), {"model": "mlp", "threads": 1}, "mlp"]
    jobs, _ = planned_jobs(fleet_request({"models": models}, "f"), MACHINES[:1], tmp_path / "fleet", plugins)
    assert [job.model for job in jobs] == [*models[:2], "mlp", "mlp (2)"]
    assert len({job.id for job in jobs}) == 4


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_however_lines_arrive_the_file_is_the_same(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In any pieces and any order, repeated and overlapping."""
    lines = data.draw(st.lists(st.text("aé\U0001f642", max_size=5).map("{}\n".format), max_size=8))
    starts = [len("".join(lines[:place]).encode()) for place in range(len(lines) + 1)]
    whole = [(place, place + 1) for place in range(len(lines))]
    more = st.tuples(st.integers(0, len(lines)), st.integers(0, len(lines))).map(sorted).map(tuple)
    pieces = data.draw(st.permutations([*whole, *data.draw(st.lists(more, max_size=4))]))
    folder = tmp_path_factory.mktemp("run")
    file = StreamedRun(folder, 1)
    new = [file.take(starts[begin], "".join(lines[begin:end])) for begin, end in pieces]
    file.close()
    assert b"".join(new) == "".join(lines).encode()
    assert not lines or (folder / "run.jsonl").read_bytes() == "".join(lines).encode()
