"""Discovery of plugins, one at a time, so a broken plugin does not affect others.

pluggy's own loader fails as a whole: an import error in one plugin leaves none registered. This module records a broken plugin with
the reason and continues. Every call into a plugin is guarded.
"""

from __future__ import annotations

import difflib
import os
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import pluggy

from infer_compare import distributions
from infer_compare.errors import BackendUnusable, UnknownBackend
from infer_compare.foreign import described, one_line
from infer_compare.interfaces import GROUP, PROJECT, hooks
from infer_compare.paths import is_file
from infer_compare.plugins.backend_files import file_class, file_converters, load_file
from infer_compare.plugins.brought import Brought
from infer_compare.plugins.endings import Endings
from infer_compare.plugins.entries import BackendEntry, Broken, ConverterEntry, DatasetEntry, LauncherEntry, Origin
from infer_compare.plugins.guard import PluginFailed, guarded
from infer_compare.plugins.hook_calls import MOST, called, marked, name_of
from infer_compare.plugins.notifications import notify
from infer_compare.plugins.registration import Unfit, can_be_typed, read_backend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from importlib.metadata import EntryPoint
    from pathlib import Path

    from infer_compare.interfaces import BuiltinModel, Metric, Reporter

Thing = TypeVar("Thing")
BLOCK_VARIABLE = "INFER_COMPARE_BLOCK"
"""The environment variable with comma-separated names of plugins not to load; `*` for all that are not built in."""


class Plugins:
    """The plugins of this installation: everything that they registered, and the broken ones."""

    def __init__(self) -> None:
        """Makes an empty set; `discover` fills one."""
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hooks)
        self._backends: dict[str, BackendEntry] = {}
        self._brought = Brought()
        self.broken: list[Broken] = []
        self.loaded: list[Origin] = []

    @classmethod
    def discover(cls, block: Iterable[str] = (), points: Iterable[EntryPoint] | None = None) -> Plugins:
        """Load all plugins that are installed and not blocked.

        Args:
            block: names of plugins to leave out, besides those in `INFER_COMPARE_BLOCK`.
            points: entry points to load instead of the installed ones.
        """
        plugins = cls()
        blocked = {*block, *(name.strip() for name in os.environ.get(BLOCK_VARIABLE, "").split(","))}
        readable, damaged = distributions.entry_points(GROUP) if points is None else (tuple(points), ())
        for damage in damaged:
            plugins.broken.append(Broken(Origin(damage.place, ""), f"its entry points cannot be read: {damage.reason}"))
        origins = {
            point: Origin(one_line(point.name, MOST), one_line(point.value, MOST), *distributions.origin(point))
            for point in readable
        }
        # Built-in plugins come first, so in a conflict of names the other plugin is refused.
        for point, origin in sorted(
            origins.items(), key=lambda item: (not item[1].built_in, item[0].name, item[0].value)
        ):
            if point.name not in blocked and not ("*" in blocked and not origin.built_in):
                plugins._load(point, origin)
        return plugins

    def _load(self, point: EntryPoint, origin: Origin) -> None:
        if not can_be_typed(point.name):
            self.broken.append(Broken(origin, "a plugin's name may only contain letters, digits and _ . + -"))
            return
        try:
            with guarded(f"importing the plugin {origin}"):
                plugin = point.load()
        except PluginFailed as failure:
            self.broken.append(Broken(origin, f"importing {origin.module} raised {failure}"))
            return
        self.register(plugin, origin)

    def register(self, plugin: object, origin: Origin) -> None:
        """Register a plugin, and call the hooks that provide its objects; failures are added to `broken`."""
        reason = self._registered(plugin, origin)
        if reason is None:
            self.loaded.append(origin)
        else:
            self.broken.append(Broken(origin, reason))

    def _registered(self, plugin: object, origin: Origin) -> str | None:
        """Register a plugin; return why it cannot be used as a whole, or None, even if some of its objects are refused."""
        taken = next((loaded for loaded in self.loaded if loaded.plugin == origin.plugin), None)
        try:
            with guarded(f"registering the plugin {origin}"):
                unknown = next((name for name in marked(plugin) if not hasattr(hooks, name)), None)
                if unknown is not None:
                    known = [name for name in dir(hooks) if name.startswith(PROJECT)]
                    near = difflib.get_close_matches(unknown, known, 1)
                    return f"there is no hook {one_line(unknown)}" + (f"; did you mean {near[0]}?" if near else "")
                if taken is not None:
                    return f"the plugin name {origin.plugin!r} is already taken by {taken}; {origin} needs another name"
                if self._manager.is_registered(plugin):
                    return f"it is already registered as {self._manager.get_name(plugin)!r}"
                self._manager.register(plugin, origin.plugin)
        except PluginFailed as failure:
            self._forget(plugin)
            cause = failure.__cause__
            if isinstance(cause, pluggy.PluginValidationError):
                return described(cause)
            return f"looking for its hooks raised {failure}"
        try:
            self._collect(plugin, origin)
        except PluginFailed as failure:
            # Its other hooks are then not called either.
            self._forget(plugin)
            return f"its hook raised {failure}"
        return None

    def _forget(self, plugin: object) -> None:
        for name, registered in self._manager.list_name_plugin():
            if registered is plugin:
                self._manager.unregister(name=name)

    def _collect(self, plugin: object, origin: Origin) -> None:
        # All hooks are called before anything is kept, so a hook that raises leaves nothing of its plugin registered.
        hooks_called = {
            kind: called(self._manager, plugin, origin, f"{PROJECT}_{kind}")
            for kind in ("backends", *self._brought.kinds)
        }
        for candidate in hooks_called.pop("backends"):
            entry = self._read(origin, lambda backend: read_backend(backend, origin, self._backends), candidate)
            if entry is not None:
                self._add(entry)
        for kind, candidates in hooks_called.items():
            for candidate in candidates:
                self._read(origin, partial(self._brought.kinds[kind], origin=origin), candidate)

    def _read(self, origin: Origin, read: Callable[[object], Thing], candidate: object) -> Thing | None:
        """Return an object that a plugin registered, after checks; None if it is refused, which is recorded."""
        try:
            with guarded(f"reading what the plugin {origin} registered", passing=(Unfit,)):
                return read(candidate)
        except Unfit as unfit:
            reason = str(unfit)
        except PluginFailed as failure:
            reason = f"reading what it registered raised {failure}"
        self.broken.append(Broken(origin, reason, name_of(candidate)))
        return None

    def _add(self, entry: BackendEntry) -> None:
        for word in (entry.name, *entry.aliases):
            self._backends[word] = entry

    def add_file(self, path: Path, class_name: str) -> BackendEntry:
        """Register a backend class of a Python file, as with `-b my_backend.py:MyBackend`, and the file's converters.

        Raises:
            UnknownBackend: the file or the class does not exist.
            BackendUnusable: the file cannot be imported, or the class is refused.
        """
        if not is_file(path):
            raise UnknownBackend(f"There is no backend file {path}; check the path.")
        reference = f"file:{path.resolve()}:{class_name}"
        for entry in self.backends:
            if entry.reference == reference:
                return entry
        module = load_file(path)
        candidate = file_class(module, path, class_name)
        origin = Origin(f"{path}:{class_name}", str(path))
        try:
            with guarded(f"reading the backend {class_name} of {path}", passing=(Unfit,)):
                entry = read_backend(candidate, origin, self._backends, reference)
        except (Unfit, PluginFailed) as error:
            raise BackendUnusable(f"The backend {class_name} of {path} cannot be used: {error}.") from error
        self._brought.converters |= {converter.reference: converter for converter in file_converters(module, path)}
        self._add(entry)
        return entry

    @property
    def backends(self) -> tuple[BackendEntry, ...]:
        """All usable backends, each once, sorted by name."""
        return tuple(
            sorted({entry.name: entry for entry in self._backends.values()}.values(), key=lambda entry: entry.name)
        )

    @property
    def endings(self) -> Endings:
        """The endings of model files that backends declare, in the order of their registration."""
        return Endings({entry.name: entry for entry in self._backends.values()}.values())

    @property
    def distributions(self) -> dict[str, tuple[str, ...]]:
        """The distributions that contain each module of the backends' frameworks."""
        merged: dict[str, tuple[str, ...]] = {}
        for entry in self.backends:
            for module, names in entry.distributions.items():
                merged[module] = tuple(dict.fromkeys((*merged.get(module, ()), *names)))
        return merged

    @property
    def variables(self) -> tuple[str, ...]:
        """Prefixes of environment variables that change how the backends' frameworks run."""
        return tuple(sorted({word for entry in self.backends for word in entry.variables}))

    @property
    def models(self) -> tuple[BuiltinModel, ...]:
        """The models of plugins."""
        return tuple(self._brought.models)

    @property
    def converters(self) -> tuple[ConverterEntry, ...]:
        """The converters between model formats of plugins."""
        return tuple(self._brought.converters.values())

    @property
    def reporters(self) -> tuple[Reporter, ...]:
        """The report formats of plugins."""
        return tuple(self._brought.reporters.values())

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The additional metrics: built-in ones, and those of plugins."""
        return tuple(self._brought.metrics.values())

    @property
    def datasets(self) -> tuple[DatasetEntry, ...]:
        """The data sets of plugins."""
        return tuple(self._brought.datasets.values())

    @property
    def launchers(self) -> tuple[LauncherEntry, ...]:
        """The launchers of plugins."""
        return tuple(self._brought.launchers.values())

    def find_metric(self, name: str) -> Metric:
        """Return the metric with a name.

        Raises:
            UsageError: there is none; the message lists the known ones.
        """
        return self._brought.metric(name)

    def find(self, name: str) -> BackendEntry:
        """Return the backend with a name or alias.

        Raises:
            BackendUnusable: the backend is broken.
            UnknownBackend: there is none; the message gives the nearest name and the installed ones.
        """
        entry = self._backends.get(name.lower())
        if entry is not None:
            return entry
        for broken in self.broken:
            if name in {broken.backend, broken.origin.plugin}:
                raise BackendUnusable(f"The backend {name!r} cannot be used: {broken.reason}.")
        near = difflib.get_close_matches(name.lower(), self._backends, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(known_entry.name for known_entry in self.backends) or "none"
        raise UnknownBackend(f"There is no backend {name!r}.{hint} Installed: {known}.")

    def hears(self, hook: str) -> bool:
        """Return whether any plugin implements a hook."""
        return bool(getattr(self._manager.hook, hook).get_hookimpls())

    def run_started(self, header: object) -> None:
        """Notify all plugins that a run begins."""
        self._notify("infer_compare_run_started", header=header)

    def point_finished(self, point: object, figures: object = None) -> None:
        """Notify all plugins that a point has its outcome, and its figures, or None if it has none."""
        self._notify("infer_compare_point_finished", point=point, figures=figures)

    def run_finished(self, run: object) -> None:
        """Notify all plugins that a run has ended."""
        self._notify("infer_compare_run_finished", run=run)

    def _notify(self, hook: str, **arguments: object) -> None:
        for broken in notify(self._manager, self.loaded, hook, arguments):
            if broken not in self.broken:
                self.broken.append(broken)
