"""Models that a converter rebuilds from their graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import own_files
from infer_compare import hookimpl
from infer_compare.backends import Converter
from infer_compare.plugins import Origin, Plugins
from infer_compare.preparation.resolve import resolve
from infer_compare.request.options import RunOptions
from infer_compare.worker.client import InProcess

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.backends import ModelSource

BACKEND = """
from idle_backend import Idle
from infer_compare.backends import Capabilities


class Mine(Idle):
    name = "mine"
    capabilities = Capabilities(formats=("mine",))
"""


class Rebuilding:
    """A plugin with two converters: the first rebuilds models, the second does not."""

    @hookimpl
    def infer_compare_converters(self) -> Sequence[Converter]:
        """Registers them."""

        def copy(model: ModelSource, target: Path) -> None:
            target.write_bytes(model.path.read_bytes())

        return [
            Converter(source="onnx", target="between", convert=copy, imports=True),
            Converter(source="between", target="mine", convert=copy),
        ]


def test_a_model_that_a_converter_rebuilds_counts_as_imported(tmp_path: Path) -> None:
    """Whatever converters come after that, and by the name of the route too."""
    (tmp_path / "mine.py").write_text(BACKEND, encoding="utf-8")
    plugins = Plugins.discover(block=["*"])
    plugins.register(Rebuilding(), Origin("rebuilding", "rebuilding"))
    text = f"{tmp_path / 'mine.py'}:Mine"
    contenders = (f"{text}:label=a", f"{text}:route=imported,label=b", f"{text}:route=exported,label=c")
    resolved = resolve(
        RunOptions(model="mlp", contenders=contenders, threads=1),
        plugins,
        tmp_path,
        convert=False,
        launch=lambda _python, **_limits: InProcess(),
    )
    chain = ("onnx", "between (imported by rebuilding)", "mine (exported by rebuilding)")
    found = {label: (route.model.provenance, route.chain) for label, route in resolved.routes.items()}
    assert found == {"a": ("imported", chain), "b": ("imported", chain)}
    assert {route.importer for route in resolved.routes.values()} == {"rebuilding"}, "the backend imports nothing"
    assert [record.contender for record in resolved.unusable] == ["c"]


def test_a_model_that_a_backend_rebuilds_is_imported_by_its_plugin(tmp_path: Path) -> None:
    """What comes with infer-compare needs no name."""
    resolved = resolve(
        RunOptions(model="mlp", contenders=(f"{own_files.__file__}:Imported", "torch", "onnx"), threads=1),
        Plugins.discover(block=["*"]),
        tmp_path,
        convert=False,
        launch=lambda _python, **_limits: InProcess(),
    )
    importers = {label: route.importer for label, route in resolved.routes.items()}
    assert importers == {"rebuilt": "own_files.py:Imported", "torch": "", "onnx": ""}
    assert resolved.routes["rebuilt"].chain == ("onnx", "rebuilt (imported by own_files.py:Imported)")
