"""Finding plugins, one at a time, so that a broken one costs itself and nothing else.

pluggy's own loader is all or nothing: an import error in one plugin leaves none registered. This loop lists
a broken plugin with its reason and goes on. Every call into a plugin stands in a guard.
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
"""Comma-separated names of plugins that are not to be loaded; `*` for all that are not built in."""


class Plugins:
    """All plugins of this installation: what they registered, and those that are broken."""

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
        """Load every plugin that is installed and not blocked.

        Args:
            block: names of plugins to leave out, beside those in `INFER_COMPARE_BLOCK`.
            points: entry points to load instead of the installed ones.
        """
        plugins = cls()
        blocked = {*block, *(name.strip() for name in os.environ.get(BLOCK_VARIABLE, "").split(","))}
        found, damaged = distributions.entry_points(GROUP) if points is None else (tuple(points), ())
        for one in damaged:
            plugins.broken.append(Broken(Origin(one.place, ""), f"its entry points cannot be read: {one.reason}"))
        origins = {
            point: Origin(one_line(point.name, MOST), one_line(point.value, MOST), *distributions.origin(point))
            for point in found
        }
        # Built-in plugins go first, so that a name conflict is the newcomer's.
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
        """Register a plugin's hooks and call those by which it brings things; failures go to `broken`."""
        reason = self._registered(plugin, origin)
        if reason is None:
            self.loaded.append(origin)
        else:
            self.broken.append(Broken(origin, reason))

    def _registered(self, plugin: object, origin: Origin) -> str | None:
        """Why a plugin cannot be used as a whole; None where it was registered, perhaps without some of what it brings."""
        taken = next((one for one in self.loaded if one.plugin == origin.plugin), None)
        try:
            with guarded(f"registering the plugin {origin}"):
                unknown = next((name for name in marked(plugin) if not hasattr(hooks, name)), None)
                if unknown is not None:
                    near = difflib.get_close_matches(unknown, [one for one in dir(hooks) if one.startswith(PROJECT)], 1)
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
            # Its other hooks are not called either.
            self._forget(plugin)
            return f"its hook raised {failure}"
        return None

    def _forget(self, plugin: object) -> None:
        for name, one in self._manager.list_name_plugin():
            if one is plugin:
                self._manager.unregister(name=name)

    def _collect(self, plugin: object, origin: Origin) -> None:
        # Built before anything is kept: a hook that raises leaves nothing of its plugin half-registered.
        hooks_called = {
            kind: called(self._manager, plugin, origin, f"{PROJECT}_{kind}")
            for kind in ("backends", *self._brought.kinds)
        }
        for candidate in hooks_called.pop("backends"):
            entry = self._read(origin, lambda one: read_backend(one, origin, self._backends), candidate)
            if entry is not None:
                self._add(entry)
        for kind, candidates in hooks_called.items():
            for candidate in candidates:
                self._read(origin, partial(self._brought.kinds[kind], origin=origin), candidate)

    def _read(self, origin: Origin, read: Callable[[object], Thing], candidate: object) -> Thing | None:
        """What a plugin registered, checked; None where it is unfit, which costs that one thing."""
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
        """Register a backend class of a Python file, as `-b my_backend.py:MyBackend` asks for, and the file's converters.

        Raises:
            UnknownBackend: the file or the class is not there.
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
        """Every usable backend once, by name."""
        return tuple(
            sorted({entry.name: entry for entry in self._backends.values()}.values(), key=lambda one: one.name)
        )

    @property
    def endings(self) -> Endings:
        """How the names of model files end, as the backends declare it, those first that were registered first."""
        return Endings({entry.name: entry for entry in self._backends.values()}.values())

    @property
    def distributions(self) -> dict[str, tuple[str, ...]]:
        """By each module of the backends' frameworks, the distributions that bring it."""
        merged: dict[str, tuple[str, ...]] = {}
        for entry in self.backends:
            for module, names in entry.distributions.items():
                merged[module] = tuple(dict.fromkeys((*merged.get(module, ()), *names)))
        return merged

    @property
    def variables(self) -> tuple[str, ...]:
        """Beginnings of environment variables that change how the backends' frameworks run."""
        return tuple(sorted({word for entry in self.backends for word in entry.variables}))

    @property
    def models(self) -> tuple[BuiltinModel, ...]:
        """Models that plugins brought."""
        return tuple(self._brought.models)

    @property
    def converters(self) -> tuple[ConverterEntry, ...]:
        """Edges between model formats that plugins brought."""
        return tuple(self._brought.converters.values())

    @property
    def reporters(self) -> tuple[Reporter, ...]:
        """Report formats that plugins brought."""
        return tuple(self._brought.reporters.values())

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What can be measured around slices: built in, and what plugins brought."""
        return tuple(self._brought.metrics.values())

    @property
    def datasets(self) -> tuple[DatasetEntry, ...]:
        """Data sets that plugins brought."""
        return tuple(self._brought.datasets.values())

    @property
    def launchers(self) -> tuple[LauncherEntry, ...]:
        """Launchers that plugins brought."""
        return tuple(self._brought.launchers.values())

    def find_metric(self, name: str) -> Metric:
        """Return the metric of that name.

        Raises:
            UsageError: it is not known; the text names those that are.
        """
        return self._brought.metric(name)

    def find(self, name: str) -> BackendEntry:
        """Return the backend of that name or alias.

        Raises:
            BackendUnusable: it is known and broken.
            UnknownBackend: it is not known; the text gives the nearest name and the installed ones.
        """
        entry = self._backends.get(name.lower())
        if entry is not None:
            return entry
        for broken in self.broken:
            if name in {broken.backend, broken.origin.plugin}:
                raise BackendUnusable(f"The backend {name!r} cannot be used: {broken.reason}.")
        near = difflib.get_close_matches(name.lower(), self._backends, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(one.name for one in self.backends) or "none"
        raise UnknownBackend(f"There is no backend {name!r}.{hint} Installed: {known}.")

    def hears(self, hook: str) -> bool:
        """Return whether any plugin implements a hook."""
        return bool(getattr(self._manager.hook, hook).get_hookimpls())

    def run_started(self, header: object) -> None:
        """Tell every plugin that a run begins."""
        self._notify("infer_compare_run_started", header=header)

    def point_finished(self, point: object, figures: object = None) -> None:
        """Tell every plugin that a point got its outcome, and its figures, None where it has none."""
        self._notify("infer_compare_point_finished", point=point, figures=figures)

    def run_finished(self, run: object) -> None:
        """Tell every plugin that a run ended."""
        self._notify("infer_compare_run_finished", run=run)

    def _notify(self, hook: str, **arguments: object) -> None:
        for broken in notify(self._manager, self.loaded, hook, arguments):
            if broken not in self.broken:
                self.broken.append(broken)
