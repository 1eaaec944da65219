"""The hooks by which plugins register what they bring, and hear what happens.

Hooks are for discovery and notification only. A hook *registers a class or an object*; what is called
inside the clock is a method of that class.

A plugin is a module that is named by an entry point of the group `infer_compare`::

    [project.entry-points.infer_compare]
    openvino = "infer_compare_openvino"

and that says in its `__init__.py`::

    from infer_compare import hookimpl

    @hookimpl
    def infer_compare_backends():
        return [OpenVinoBackend]
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec
import pluggy

from infer_compare.interfaces.models import ModelSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces.backend import Backend
    from infer_compare.interfaces.launchers import Launcher
    from infer_compare.interfaces.metrics import Metric

PROJECT = "infer_compare"
GROUP = "infer_compare"
"""The entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class BuiltinModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that a plugin brings along, made on demand as an ONNX graph with seeded weights."""

    name: str
    summary: str
    build: Callable[..., Any]
    """Takes a seed and returns an `onnx.ModelProto` whose first axes are called `batch`. Of a model with `axes` it takes also
    the names of those that are to be free, as a tuple: all of them, or none."""
    axes: tuple[str, ...] = ()
    """Axes besides the batch that can be left free for `--axis`, such as `seq`."""


class BuiltinDataset(msgspec.Struct, frozen=True, kw_only=True):
    """A data set that a plugin brings along, for `--data NAME`."""

    name: str
    summary: str
    load: Callable[[int], Any]
    """Takes a seed and returns an array whose first axis counts samples, or arrays by the names of the model's inputs; the same
    for the same seed. It is called in a process of its own."""


class Converter(msgspec.Struct, frozen=True, kw_only=True):
    """An edge of the conversion graph, from a file of one format to a file of another.

    It runs in a process of its own, and what it writes is kept in a cache: by the content of the model, the versions of
    what it requires, and its options.
    """

    source: str
    target: str
    convert: Callable[[ModelSource, Path], None]
    """Takes the model, with its inputs in `inputs`, and the path of the file or folder to write."""
    cost: float = 1.0
    """Paths of least total cost are taken; the built-in edges cost 1."""
    backend: str = ""
    """The backend in whose interpreter it runs, where that is another one."""
    requires: tuple[str, ...] = ()
    """Top-level modules, looked for and never imported to tell whether it can run."""
    install_hint: str = ""
    options: dict[str, str] = {}
    """What of its settings changes its result, such as an opset."""
    imports: bool = False
    """Whether it rebuilds the model from its graph, as a backend does that imports it; curves are then labelled `imported`."""
    suffixes: tuple[str, ...] = ()
    """With the target `onnx`: endings of files of the source format, such as `.safetensors`. A model file of such a name
    is then read by converting it; its inputs and outputs are those of the ONNX file."""


class Reporter(Protocol):
    """A report format: a name, a file suffix, and a function of the report document.

    One that can put several runs into one report has a method `render_many` besides, see `ReporterOfMany`. One that
    needs packages may name their top-level modules in `requires`, and the command that installs them in `install_hint`.
    """

    name: str
    suffix: str

    def render(self, document: Any) -> str | bytes:  # noqa: ANN401 - the report document's type stands above this layer
        """Return the report as text, or as bytes where the format is binary."""
        ...


@runtime_checkable
class ReporterOfMany(Reporter, Protocol):
    """A report format that takes several runs."""

    def render_many(self, documents: Sequence[Any]) -> str | bytes:
        """Return one report of all the runs, in the order in which they were asked for."""
        ...


@hookspec
def infer_compare_backends() -> Sequence[type[Backend[Any]]]:  # type: ignore[empty-body]
    """Return the backend classes of the plugin; importing the plugin must not import a framework."""


@hookspec
def infer_compare_models() -> Sequence[BuiltinModel]:  # type: ignore[empty-body]
    """Return models for `infer-compare run NAME`."""


@hookspec
def infer_compare_converters() -> Sequence[Converter]:  # type: ignore[empty-body]
    """Return conversions between model formats."""


@hookspec
def infer_compare_reporters() -> Sequence[Reporter]:  # type: ignore[empty-body]
    """Return report formats for `infer-compare report --format NAME`."""


@hookspec
def infer_compare_metrics() -> Sequence[Metric]:  # type: ignore[empty-body]
    """Return what can be measured around timed slices, for `infer-compare run --metrics NAME`."""


@hookspec
def infer_compare_datasets() -> Sequence[BuiltinDataset]:  # type: ignore[empty-body]
    """Return data sets for `infer-compare run --data NAME`."""


@hookspec
def infer_compare_launchers() -> Sequence[type[Launcher]]:  # type: ignore[empty-body]
    """Return launcher classes, for `infer-compare fleet run --launcher NAME`; importing the plugin must not import what reaches
    the machines.
    """


@hookspec
def infer_compare_run_started(header: Any) -> None:  # noqa: ANN401 - a results.Header
    """Take note that a run begins; called in the parent, outside any timed region."""


@hookspec
def infer_compare_point_finished(point: Any, figures: Any) -> None:  # noqa: ANN401 - a results.Point and its verdicts.Figures
    """Take note of the outcome of a point, and of its figures unless they are None; called in the parent, outside any timed
    region.
    """


@hookspec
def infer_compare_run_finished(run: Any) -> None:  # noqa: ANN401 - a results.Run
    """Take note that a run ended, complete or not; called in the parent, outside any timed region."""
