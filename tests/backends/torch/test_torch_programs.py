"""`.pt2` files: what is read of them, and which are refused before torch runs anything of theirs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from infer_compare.backends import Device, ModelError, ModelSource, TensorSpec, UntrustedModel
from infer_compare_torch.graph_text import objection

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.export import Dim  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare_torch import TorchBackend

FREE = {0: Dim.DYNAMIC}


class Net(nn.Module):
    """Two outputs under names, one of them with a shape that is an expression of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, x, extra):
        y = self.linear(x) + extra["bias"]
        return {"scores": y, "doubled": torch.cat([y, y])}


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


def named(path: Path, *, trusted: bool = False) -> ModelSource:
    """A file as a source."""
    return ModelSource(format="pt2", location=str(path), name="net", trusted=trusted)


def exported(path: Path, module: nn.Module, inputs: tuple, dynamic_shapes: Any) -> Path:
    """A program in a file."""
    torch.export.save(torch.export.export(module.eval(), inputs, dynamic_shapes=dynamic_shapes), path)
    return path


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain program with a free batch."""
    return exported(tmp_path_factory.mktemp("pt2") / "net.pt2", nn.Linear(4, 3), (torch.randn(2, 4),), (FREE,))


@pytest.fixture
def craft(saved: Path, tmp_path: Path) -> Callable[..., Path]:
    """The same file with a member changed, taken away (None) or added."""

    def craft_(edit: Callable[[str, bytes], bytes | None], **added: bytes) -> Path:
        path = tmp_path / "crafted.pt2"
        with zipfile.ZipFile(saved) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                data = edit(name.partition("/")[2], old.read(name))
                if data is not None:
                    new.writestr(name, data)
            for name, data in added.items():
                new.writestr(name, data)
        return path

    return craft_


def in_graph(change: Callable[[Any], None]) -> Callable[[str, bytes], bytes]:
    """An edit of the graph's JSON."""

    def edit(name: str, data: bytes) -> bytes:
        if name != "models/model.json":
            return data
        document = json.loads(data)
        change(document)
        return json.dumps(document).encode()

    return edit


def set_everywhere(document: Any, key: str, value: Any) -> int:
    """Sets a key wherever it stands, and tells how often that was."""
    count = 0
    parts = [document]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            if key in part:
                part[key] = value
                count += 1
            parts += part.values()
        elif isinstance(part, list):
            parts += part
    return count


def test_a_program_tells_its_inputs_outputs_and_parameters(backend: TorchBackend, saved: Path, tmp_path: Path) -> None:
    """A free first axis is called batch, whatever torch calls it."""
    told = backend.describe(named(saved), tmp_path)
    assert told.source.location == str(saved)
    assert told.inputs == told.source.inputs == (TensorSpec("input", "float32", ("batch", 4)),)
    assert told.outputs == (TensorSpec("output", "float32", ("batch", 3)),)
    assert told.files == (str(saved),)
    assert told.parameters == 15


def test_a_program_computes_what_the_module_did_at_every_batch(backend: TorchBackend, saved: Path) -> None:
    """One, too, though torch counts free sizes from two."""
    program = torch.export.load(saved).module()
    with backend.to_device(backend.load(named(saved)), Device("cpu")) as session:
        for batch in (1, 3, 16):
            rows = np.random.default_rng(batch).standard_normal((batch, 4), np.float32)
            slot = session.stage([rows])
            session.run(slot)
            assert np.array_equal(session.fetch(slot)[0], program(torch.from_numpy(rows)).detach().numpy())
        assert session.effective["execution"] == "eager"


def test_a_program_is_compiled_without_graph_breaks(
    saved: Path, open_session: Callable[..., Any], traced: None
) -> None:
    """What torch adds to check inputs would be one."""
    with open_session(named(saved), compile=True) as session:
        slot = session.stage([np.ones((3, 4), np.float32)])
        session.run(slot)
        assert session.effective["execution"] == "compiled"
        assert session.effective["graph_breaks"] == "0"


def test_nested_inputs_and_outputs_are_taken_and_given_flat(backend: TorchBackend, tmp_path: Path) -> None:
    """In torch's order; outputs are named by their keys."""
    inputs = (torch.randn(2, 4), {"bias": torch.randn(2, 3)})
    path = exported(tmp_path / "nested.pt2", Net(), inputs, (FREE, {"bias": FREE}))
    loaded = backend.load(named(path))
    assert [spec.shape for spec in loaded.inputs] == [("batch", 4), ("batch", 3)]
    assert [spec.name for spec in loaded.outputs] == ["scores", "doubled"]
    assert loaded.outputs[0].shape == ("batch", 3)
    assert loaded.outputs[1].shape[0] != "batch"
    with backend.to_device(loaded, Device("cpu")) as session:
        x, bias = np.ones((5, 4), np.float32), np.zeros((5, 3), np.float32)
        slot = session.stage([x, bias])
        session.run(slot)
        assert [one.shape for one in session.fetch(slot)] == [(5, 3), (10, 3)]


def test_a_fixed_batch_is_told_as_it_is(backend: TorchBackend, tmp_path: Path) -> None:
    """It is refused with a sentence where all formats are."""
    path = exported(tmp_path / "fixed.pt2", nn.Linear(4, 3), (torch.randn(2, 4),), None)
    told = backend.describe(named(path), tmp_path)
    assert told.inputs[0].shape == (2, 4)
    assert told.outputs[0].shape == (2, 3)


def test_a_bounded_batch_is_refused_by_the_program_itself(backend: TorchBackend, tmp_path: Path) -> None:
    """Above its bound nobody knows whether it is right."""
    path = exported(tmp_path / "bounded.pt2", nn.Linear(4, 3), (torch.randn(2, 4),), ({0: Dim("rows", max=8)},))
    with backend.to_device(backend.load(named(path)), Device("cpu")) as session:
        session.run(session.stage([np.ones((8, 4), np.float32)]))
        with pytest.raises(RuntimeError, match="8"):
            session.run(session.stage([np.ones((9, 4), np.float32)]))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda data: b"", r"is empty; save it again with torch\.export\.save\.$"),
        (lambda data: data[: len(data) // 2], "is not a .pt2 file, or it was cut short"),
        (lambda data: b"not an archive" * 99, "is not a .pt2 file, or it was cut short"),
    ],
)
def test_a_broken_file_is_refused_with_a_sentence(
    backend: TorchBackend, saved: Path, tmp_path: Path, content: Callable[[bytes], bytes], sentence: str
) -> None:
    """Trusted or not."""
    path = tmp_path / "broken.pt2"
    with pytest.raises(ModelError, match="There is no model file"):
        backend.load(named(path))
    path.write_bytes(content(saved.read_bytes()))
    for trusted in (False, True):
        with pytest.raises(ModelError, match=sentence):
            backend.load(named(path, trusted=trusted))


def test_changed_bytes_are_noticed(backend: TorchBackend, saved: Path, tmp_path: Path) -> None:
    """Weights that were damaged on their way would give other numbers."""
    data = bytearray(saved.read_bytes())
    with zipfile.ZipFile(saved) as file:
        weight = next(one for one in file.infolist() if one.filename.endswith("weight_0"))
        place = data.find(file.read(weight))
    data[place] ^= 0xFF
    path = tmp_path / "damaged.pt2"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"is damaged \(its member .*weight_0 does not have the checksum"):
        backend.describe(named(path), tmp_path)


@pytest.mark.parametrize(
    ("member", "data", "sentence"),
    [
        ("archive_version", b"99", "has the archive version '99', and torch .* reads '0'"),
        ("archive_version", None, "has the archive version 'none'"),
        ("archive_format", b"pt9", "is an archive of the kind b'pt9'"),
        ("archive_format", None, "is no exported program, which is not read"),
        ("models/model.json", b"{", "member models/model.json is not JSON"),
        ("models/model.json", b"[]", "cannot be read by torch"),
        ("models/model.json", None, "holds no program"),
        ("data/weights/model_weights_config.json", b"[]", "is no table"),
    ],
)
def test_another_version_or_a_missing_member_is_refused(
    backend: TorchBackend, craft: Callable[..., Path], member: str, data: bytes | None, sentence: str
) -> None:
    """The sentence says which, and to save the program again."""
    path = craft(lambda name, old: data if name == member else old)
    with pytest.raises(ModelError, match=sentence) as caught:
        backend.load(named(path))
    assert "torch.export.save" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_another_schema_is_refused(backend: TorchBackend, craft: Callable[..., Path]) -> None:
    """Torch names both versions."""
    path = craft(in_graph(lambda graph: graph["schema_version"].update(major=1)))
    with pytest.raises(ModelError, match="schema version"):
        backend.load(named(path))


def test_odd_names_and_sizes_are_refused_even_if_trusted(
    backend: TorchBackend, craft: Callable[..., Path], tmp_path: Path
) -> None:
    """A bomb is refused by its table of contents, before anything is unpacked."""
    for name in ("net/../../etc/passwd", "/net/data", "net\\data", "net/" + "a" * 2000):
        with pytest.raises(ModelError, match="which torch never writes"):
            backend.load(named(craft(lambda _, data: data, **{name: b""}), trusted=True))
    bomb = tmp_path / "bomb.pt2"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("net/data/weights/weight_0", bytes(50_000_000))
    with pytest.raises(ModelError, match="would take 50000000 when unpacked"):
        backend.load(named(bomb, trusted=True))


def test_a_payload_runs_only_in_a_file_that_is_trusted(
    backend: TorchBackend, craft: Callable[..., Path], tmp_path: Path
) -> None:
    """Torch unpickles the sample inputs without a safeguard; neither a description nor a load may let it."""
    marker = tmp_path / "marker"
    data = io.BytesIO()
    torch.save(((Touch(marker),), {}), data)
    path = craft(lambda name, old: data.getvalue() if name == "data/sample_inputs/model.pt" else old)
    for act in (backend.load, lambda source: backend.describe(source, tmp_path)):
        with pytest.raises(UntrustedModel, match=r"its member data/sample_inputs/model\.pt holds more.*pass --trust"):
            act(named(path))
    assert not marker.exists()
    backend.load(named(path, trusted=True))
    assert marker.exists()


def test_pickled_weights_and_constants_are_looked_into(
    backend: TorchBackend, craft: Callable[..., Path], tmp_path: Path
) -> None:
    """Those that the tables name, those of the older form, and objects of classes of their own."""
    marker = tmp_path / "marker"
    data = io.BytesIO()
    torch.save({"weight": Touch(marker)}, data)

    def pickled(name: str, old: bytes) -> bytes:
        if name == "data/weights/weight_0":
            return data.getvalue()
        if name == "data/weights/model_weights_config.json":
            table = json.loads(old)
            assert set_everywhere(table, "use_pickle", True)
            return json.dumps(table).encode()
        return old

    def object_(name: str, old: bytes) -> bytes:
        if name == "data/constants/model_constants_config.json":
            meta = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}
            return json.dumps({"config": {"thing": meta}}).encode()
        return old

    kept = lambda name, old: old  # noqa: E731 - shorter than its three lines
    for edit, added, member in (
        (pickled, {}, "data/weights/weight_0 holds more"),
        (object_, {}, "data/constants/opaque_obj_0 is an object"),
        (kept, {"net/data/constants/model.pt": data.getvalue()}, r"data/constants/model\.pt holds more"),
        (kept, {"net/data/aotinductor/model/a.so": b"ELF"}, r"data/aotinductor/model/a\.so is a compiled library"),
    ):
        with pytest.raises(UntrustedModel, match=member):
            backend.load(named(craft(edit, **added)))
    assert not marker.exists()


def test_texts_that_torch_would_turn_into_code_are_refused(
    backend: TorchBackend, craft: Callable[..., Path], tmp_path: Path
) -> None:
    """Shapes are evaluated, operators are looked up by name, and names are written into source code."""
    marker = tmp_path / "marker"
    call = f"__import__('os').system('touch {marker}')"

    def shape(graph: Any) -> None:
        assert set_everywhere(graph, "expr_str", call)

    def operator(graph: Any) -> None:
        graph["graph_module"]["graph"]["nodes"][0]["target"] = "torch.os.system"

    def name(graph: Any) -> None:
        old = json.dumps("input")
        text = json.dumps(graph)
        assert old in text
        graph.update(json.loads(text.replace(old, json.dumps(f"input={call}"))))

    for change, sentence in (
        (shape, "more than arithmetic"),
        (operator, r"calls 'torch\.os\.system'"),
        (name, "which is not a name"),
    ):
        with pytest.raises(UntrustedModel, match=sentence):
            backend.load(named(craft(in_graph(change))))
    assert not marker.exists()


def test_guards_of_a_file_are_never_run(backend: TorchBackend, craft: Callable[..., Path], tmp_path: Path) -> None:
    """Torch makes a function of these texts when it makes a module of the program."""
    marker = tmp_path / "marker"
    guard = f"__import__('os').system('touch {marker}') == 0"
    path = craft(in_graph(lambda graph: graph.update(guards_code=[guard])))
    with backend.to_device(backend.load(named(path)), Device("cpu")) as session:
        session.run(session.stage([np.ones((2, 4), np.float32)]))
    assert not marker.exists()
    torch.export.load(path).module()(torch.ones(2, 4))
    assert marker.exists()


@pytest.mark.parametrize(
    "text",
    [
        "s77",
        "2*s77 + 1",
        "Symbol('s77', positive=True, integer=True)",
        "Mul(Integer(2), Symbol('s77', integer=True))",
        "Max(1, FloorDiv(s0 - 3, 2))",
        "s0 >= 2",
    ],
)
def test_shapes_that_torch_writes_pass(text: str) -> None:
    """Arithmetic over names and whole numbers."""
    assert objection({"expr_str": text}) is None


@pytest.mark.parametrize(
    "text",
    [
        "eval(chr(49))",
        "Symbol('s77').func",
        "Symbol('s 7')",
        "S('1')",
        "(lambda: 1)()",
        "[1 for x in y]",
        "s0\n",
        "Max(*s)",
        "1 if s else 2",
        "s0[0]",
        "'text'",
        "",
        "((" * 500,
    ],
)
def test_shapes_that_are_more_than_arithmetic_do_not(text: str) -> None:
    """Sympy would evaluate them."""
    assert "more than arithmetic" in str(objection({"nodes": [{"expr_str": text}]}))


@pytest.mark.slow
def test_a_file_with_a_shape_that_computes_for_ever_is_refused_at_the_command_line(
    craft: Callable[..., Path], tmp_path: Path
) -> None:
    """Within the time that torch takes to start, with exit code 2, naming the shape."""
    path = craft(in_graph(lambda graph: set_everywhere(graph, "expr_str", "9**9**9")))
    done = subprocess.run(
        [sys.executable, "-m", "infer_compare", "explain", str(path), "-b", "torch"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    text = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, text
    assert "has a shape '9**9**9', which is more than arithmetic over sizes" in text
    assert "--trust" in text


@pytest.mark.parametrize(
    "target",
    ["torch.ops.aten.add.Tensor", "torch.ops.aten.__and__.Tensor", "_operator.getitem", "torch.sym_max", "math.ceil"],
)
def test_operators_that_only_compute_pass(target: str) -> None:
    """Those of the graphs that torch exports."""
    assert objection({"target": target}) is None


@pytest.mark.parametrize(
    "target",
    [
        "torch.os.system",
        "torch.load",
        "torch.ops.load_library",
        "torch.ops.aten.from_file.default",
        "torch.ops.aten.__init__.__globals__",
        "torch.ops.higher_order.aoti_call_delegate",
        "torch.ops.mine.run.default",
        "_operator.methodcaller",
        "math.__loader__",
        "#my.extension",
        "torch.ops.aten.add.Tensor\n",
    ],
)
def test_other_operators_do_not(target: str) -> None:
    """Nor where one operator is handed to another."""
    assert "not a known safe operator" in str(objection({"target": target}))
    assert "not a known safe operator" in str(objection([{"arg": {"as_operator": target}}]))


def test_structures_that_import_modules_do_not() -> None:
    """Contexts of containers name modules; keywords become arguments in source code."""

    def spec(context: str, kind: str = "builtins.dict", keywords: str = "[]") -> dict[str, str]:
        leaf = {"type": kind, "context": context, "children_spec": []}
        keyword = {"type": "builtins.dict", "context": keywords, "children_spec": []}
        inputs = {"type": "builtins.tuple", "context": "null", "children_spec": [leaf]}
        return {
            "in_spec": json.dumps(
                [1, {"type": "builtins.tuple", "context": "null", "children_spec": [inputs, keyword]}]
            )
        }

    factory = {"default_factory_module": "builtins", "default_factory_name": "list", "dict_context": ["a"]}
    assert objection(spec('["a"]', keywords='["mask"]')) is None
    assert objection(spec(json.dumps(factory), "collections.defaultdict")) is None
    factory["default_factory_module"] = "antigravity"
    assert "factory" in str(objection(spec(json.dumps(factory), "collections.defaultdict")))
    assert "enumeration" in str(objection(spec('[{"__enum__": true, "fqn": "antigravity:x", "name": "y"}]')))
    assert "no proper name" in str(objection(spec("[]", keywords='["a, b=print(1)"]')))
    assert "cannot be read" in str(objection({"in_spec": "[1]"}))
