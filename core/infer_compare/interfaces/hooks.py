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
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import pluggy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces.backend import Backend

PROJECT = "infer_compare"
GROUP = "infer_compare"
"""The entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class BuiltinModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model that a plugin brings along, made on demand as an ONNX graph with seeded weights."""

    name: str
    summary: str
    build: Callable[[int], Any]
    """Takes a seed and returns an `onnx.ModelProto` whose first axes are called `batch`."""


class Converter(msgspec.Struct, frozen=True, kw_only=True):
    """An edge of the conversion graph, from a file of one format to a file of another."""

    source: str
    target: str
    cost: float
    """Paths of least total cost are taken; the built-in edges cost 1."""
    requires: tuple[str, ...] = ()
    convert: Callable[[Path, Path], None]
    """Takes the source file and the path to write."""


class Reporter(Protocol):
    """A report format: a name, a file suffix, and a function of the report document."""

    name: str
    suffix: str

    def render(self, document: Any) -> str:  # noqa: ANN401 - the report document's type stands above this layer
        """The report as text."""
        ...


@hookspec
def infer_compare_backends() -> Sequence[type[Backend[Any]]]:  # type: ignore[empty-body]
    """Backend classes that the plugin brings. Importing the plugin must not import a framework."""


@hookspec
def infer_compare_models() -> Sequence[BuiltinModel]:  # type: ignore[empty-body]
    """Models that `infer-compare run NAME` shall know."""


@hookspec
def infer_compare_converters() -> Sequence[Converter]:  # type: ignore[empty-body]
    """Edges between model formats."""


@hookspec
def infer_compare_reporters() -> Sequence[Reporter]:  # type: ignore[empty-body]
    """Report formats that `infer-compare report --format NAME` shall know."""


@hookspec
def infer_compare_run_started(header: Any) -> None:  # noqa: ANN401 - a results.Header
    """A run was resolved and begins. Called in the parent, outside any timed region."""


@hookspec
def infer_compare_point_finished(point: Any) -> None:  # noqa: ANN401 - a results.Point
    """A point got its outcome. Called in the parent, outside any timed region."""


@hookspec
def infer_compare_run_finished(run: Any) -> None:  # noqa: ANN401 - a results.Run
    """A run ended, complete or not. Called in the parent, outside any timed region."""
