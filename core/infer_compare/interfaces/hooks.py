"""The hooks with which plugins register their classes and objects, and follow runs.

Hooks are for discovery and notification only. A hook *registers a class or an object*; only methods of that class are
called during timing.

A plugin is a module named by an entry point of the group `infer_compare`::

    [project.entry-points.infer_compare]
    openvino = "infer_compare_openvino"

that contains::

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
    """A model that a plugin provides, built on demand as an ONNX graph with seeded weights."""

    name: str
    summary: str
    build: Callable[..., Any]
    """Takes a seed and returns an `onnx.ModelProto` whose first axes are called `batch`. For a model with `axes` it also takes
    a tuple of the names of the axes to leave free: all of them, or none."""
    axes: tuple[str, ...] = ()
    """Axes besides the batch that can be left free for `--axis`, such as `seq`."""


class BuiltinDataset(msgspec.Struct, frozen=True, kw_only=True):
    """A data set that a plugin provides, for `--data NAME`."""

    name: str
    summary: str
    load: Callable[[int], Any]
    """Takes a seed and returns an array whose first axis counts samples, or such arrays by the names of the model's inputs.
    The same seed must give the same data. Called in a separate process."""


class Converter(msgspec.Struct, frozen=True, kw_only=True):
    """A conversion of model files from one format to another.

    It runs in a separate process, and its output is cached by the content of the model, the versions of the required
    packages, and its options.
    """

    source: str
    target: str
    convert: Callable[[ModelSource, Path], None]
    """Takes the model, with its inputs in `inputs`, and the path of the file or folder to write."""
    cost: float = 1.0
    """The path of conversions with the least total cost is taken; built-in conversions cost 1."""
    backend: str = ""
    """The backend in whose Python interpreter it runs, if that is another interpreter."""
    requires: tuple[str, ...] = ()
    """Required top-level modules; to see whether they are installed they are looked up, not imported."""
    install_hint: str = ""
    options: dict[str, str] = {}
    """Settings that change its result, such as an opset."""
    imports: bool = False
    """Whether it rebuilds the model from its graph, like a backend that imports it; curves are then labelled `imported`."""
    suffixes: tuple[str, ...] = ()
    """For the target `onnx`: suffixes of files of the source format, such as `.safetensors`. Such a model file is then read by
    converting it; its inputs and outputs are those of the ONNX file."""


class Reporter(Protocol):
    """A report format: a name, a file suffix, and a function of the report document.

    A format that can show several runs in one report also has a method `render_many`, see `ReporterOfMany`. A format that
    needs packages may name their top-level modules in `requires`, and the command that installs them in `install_hint`.
    """

    name: str
    suffix: str

    def render(self, document: Any) -> str | bytes:  # noqa: ANN401 - the report document's type stands above this layer
        """Return the report as text, or as bytes if the format is binary."""
        ...


@runtime_checkable
class ReporterOfMany(Reporter, Protocol):
    """A report format that takes several runs."""

    def render_many(self, documents: Sequence[Any]) -> str | bytes:
        """Return one report of all the runs, in the given order."""
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
    """Return metrics that are measured around timed slices, for `infer-compare run --metrics NAME`."""


@hookspec
def infer_compare_datasets() -> Sequence[BuiltinDataset]:  # type: ignore[empty-body]
    """Return data sets for `infer-compare run --data NAME`."""


@hookspec
def infer_compare_launchers() -> Sequence[type[Launcher]]:  # type: ignore[empty-body]
    """Return launcher classes, for `infer-compare fleet run --launcher NAME`; importing the plugin must not import the
    packages that reach the machines.
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
