"""Finding plugins, one at a time, so that a broken one costs itself and nothing else.

pluggy's own loader is all or nothing: an import error in one plugin leaves none registered. This loop lists
a broken plugin with its reason and goes on.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import os
import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from infer_compare.errors import BackendUnusable, UnknownBackend
from infer_compare.interfaces import GROUP, PROJECT, Backend, BuiltinModel, Converter, Reporter, hooks
from infer_compare.paths import is_file
from infer_compare.plugins.registration import BackendEntry, Broken, ConverterEntry, Origin, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

BLOCK_VARIABLE = "INFER_COMPARE_BLOCK"
"""Comma-separated names of plugins that are not to be loaded; `*` for all that are not built in."""


class Plugins:
    """All plugins of this installation: what they registered, and those that are broken."""

    def __init__(self) -> None:
        """Makes an empty set; `discover` fills one."""
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(hooks)
        self._backends: dict[str, BackendEntry] = {}
        self._models: list[BuiltinModel] = []
        self._converters: dict[str, ConverterEntry] = {}
        self._reporters: list[Reporter] = []
        self.broken: list[Broken] = []
        self.loaded: list[Origin] = []

    @classmethod
    def discover(cls, block: Iterable[str] = (), points: Iterable[EntryPoint] | None = None) -> Plugins:
        """Loads every plugin that is installed and not blocked.

        Args:
            block: names of plugins to leave out, beside those in `INFER_COMPARE_BLOCK`.
            points: entry points to load instead of the installed ones.
        """
        plugins = cls()
        blocked = {*block, *(name.strip() for name in os.environ.get(BLOCK_VARIABLE, "").split(","))}
        found = entry_points(group=GROUP) if points is None else points
        # Built-in plugins go first, so that a name conflict is the newcomer's.
        for point in sorted(set(found), key=lambda one: (not _built_in(one), one.name, one.value)):
            if point.name not in blocked and not ("*" in blocked and not _built_in(point)):
                plugins._load(point)
        return plugins

    def _load(self, point: EntryPoint) -> None:
        distribution = point.dist
        origin = Origin(
            point.name,
            point.value,
            distribution.name if distribution else "",
            distribution.version if distribution else "",
        )
        try:
            plugin = point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a plugin raises on import is its own affair
            self.broken.append(Broken(origin, f"importing {point.value} raised {_describe(error)}"))
            return
        self.register(plugin, origin)

    def register(self, plugin: object, origin: Origin) -> None:
        """Registers a plugin's hooks and calls those by which it brings things; failures go to `broken`."""
        unknown = [name for name in _marked(plugin) if not hasattr(hooks, name)]
        if unknown:
            near = difflib.get_close_matches(unknown[0], [name for name in dir(hooks) if name.startswith(PROJECT)], 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self.broken.append(Broken(origin, f"there is no hook {unknown[0]}{hint}"))
            return
        taken = next((one for one in self.loaded if one.plugin == origin.plugin), None)
        if taken is not None:
            reason = f"the plugin name {origin.plugin!r} is taken by {taken}, and {origin} wants it too"
            self.broken.append(Broken(origin, reason))
            return
        if self._manager.is_registered(plugin):
            self.broken.append(Broken(origin, f"it is registered already, as {self._manager.get_name(plugin)!r}"))
            return
        try:
            self._manager.register(plugin, origin.plugin)
            self._collect(plugin, origin)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a hook raises is its plugin's affair
            if self._manager.is_registered(plugin):
                # Its other hooks are not called either.
                self._manager.unregister(plugin)
            where = "" if isinstance(error, pluggy.PluginValidationError) else "its hook raised "
            self.broken.append(Broken(origin, f"{where}{_describe(error)}"))

    def _collect(self, plugin: object, origin: Origin) -> None:
        # Built before anything is kept: a hook that raises leaves nothing of its plugin half-registered.
        backends = list(_call(self._manager, plugin, "infer_compare_backends"))
        models = list(_call(self._manager, plugin, "infer_compare_models"))
        converters = list(_call(self._manager, plugin, "infer_compare_converters"))
        reporters = list(_call(self._manager, plugin, "infer_compare_reporters"))
        for candidate in backends:
            reason = refusal(candidate, origin, self._backends)
            if reason is not None:
                self.broken.append(Broken(origin, reason, getattr(candidate, "name", None)))
                continue
            self._add(BackendEntry(candidate, origin, f"entry:{origin.plugin}:{candidate.name}"))
        self._models += models
        for one in converters:
            if not isinstance(one, Converter):
                self.broken.append(Broken(origin, f"{one!r} is not an infer_compare.Converter"))
                continue
            reference = f"{origin.plugin}:{one.source}:{one.target}"
            self._converters[reference] = ConverterEntry(one, origin, reference)
        self._reporters += reporters
        self.loaded.append(origin)

    def _add(self, entry: BackendEntry) -> None:
        for word in (entry.name, *entry.backend.aliases):
            self._backends[word] = entry

    def add_file(self, path: Path, class_name: str) -> BackendEntry:
        """Registers a backend class of a Python file, as `-b my_backend.py:MyBackend` asks for.

        Raises:
            UnknownBackend: the file or the class is not there.
            BackendUnusable: the file cannot be imported, or the class is refused.
        """
        if not is_file(path):
            raise UnknownBackend(f"There is no backend file {path}.")
        reference = f"file:{path.resolve()}:{class_name}"
        for entry in self.backends:
            if entry.reference == reference:
                return entry
        candidate = load_file_backend(path, class_name)
        origin = Origin(f"{path}:{class_name}", str(path))
        reason = refusal(candidate, origin, self._backends)
        if reason is not None:
            raise BackendUnusable(f"The backend {class_name} of {path} cannot be used: {reason}.")
        entry = BackendEntry(candidate, origin, reference)
        self._add(entry)
        return entry

    @property
    def backends(self) -> tuple[BackendEntry, ...]:
        """Every usable backend once, by name."""
        return tuple(
            sorted({entry.name: entry for entry in self._backends.values()}.values(), key=lambda one: one.name)
        )

    @property
    def models(self) -> tuple[BuiltinModel, ...]:
        """Models that plugins brought."""
        return tuple(self._models)

    @property
    def converters(self) -> tuple[ConverterEntry, ...]:
        """Edges between model formats that plugins brought."""
        return tuple(self._converters.values())

    @property
    def reporters(self) -> tuple[Reporter, ...]:
        """Report formats that plugins brought."""
        return tuple(self._reporters)

    def find(self, name: str) -> BackendEntry:
        """The backend of that name or alias.

        Raises:
            BackendUnusable: it is known and broken.
            UnknownBackend: it is not known; the nearest name and the installed ones are told.
        """
        entry = self._backends.get(name.lower())
        if entry is not None:
            return entry
        for broken in self.broken:
            if name in {broken.backend, broken.origin.plugin}:
                raise BackendUnusable(f"The backend {name!r} is broken: {broken.reason}.")
        near = difflib.get_close_matches(name.lower(), self._backends, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(one.name for one in self.backends) or "none"
        raise UnknownBackend(f"There is no backend {name!r}.{hint} Installed: {known}.")

    def run_started(self, header: object) -> None:
        """Tells every plugin that a run begins."""
        self._notify("infer_compare_run_started", header=header)

    def point_finished(self, point: object) -> None:
        """Tells every plugin that a point got its outcome."""
        self._notify("infer_compare_point_finished", point=point)

    def run_finished(self, run: object) -> None:
        """Tells every plugin that a run ended."""
        self._notify("infer_compare_run_finished", run=run)

    def _notify(self, hook: str, **arguments: object) -> None:
        # One implementation at a time: a listener that raises costs neither the run nor the other listeners.
        for implementation in getattr(self._manager.hook, hook).get_hookimpls():
            try:
                implementation.function(*(arguments[name] for name in implementation.argnames))
            except Exception as error:  # noqa: BLE001 - whatever a listener raises is its own affair
                origin = Origin(implementation.plugin_name, hook)
                self.broken.append(Broken(origin, f"its hook {hook} raised {_describe(error)}"))


def load_file_backend(path: Path, class_name: str) -> type[Backend[Any]]:
    """The class of that name in a Python file.

    Raises:
        UnknownBackend: the file or the class is not there.
        BackendUnusable: the file cannot be imported.
    """
    if not is_file(path):
        raise UnknownBackend(f"There is no backend file {path}.")
    name = f"_infer_compare_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BackendUnusable(f"{path} is not a Python file.")
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise BackendUnusable(f"Importing {path} raised {_describe(error)}.") from error
    found = getattr(module, class_name, None)
    if not isinstance(found, type):
        raise UnknownBackend(f"{path} has no class {class_name}.")
    return found


def load_backend(reference: str) -> type[Backend[Any]]:
    """The class that a reference names: what a worker imports, that one plugin and no other.

    Raises:
        UnknownBackend: it is not installed here.
        BackendUnusable: its plugin cannot be imported.
    """
    kind, _, rest = reference.partition(":")
    place, _, name = rest.rpartition(":")
    if kind == "file":
        return load_file_backend(Path(place), name)
    return _only(place).find(name).backend


def load_converter(reference: str) -> Converter:
    """The converter that a reference names: what a worker imports, its plugin and no other.

    Raises:
        UnknownBackend: its plugin is not installed here.
        BackendUnusable: its plugin cannot be imported, or brings no such converter any more.
    """
    plugins = _only(reference.partition(":")[0])
    for entry in plugins.converters:
        if entry.reference == reference:
            return entry.converter
    reason = next((one.reason for one in plugins.broken), "it brings no such converter")
    raise BackendUnusable(f"The converter {reference} cannot be used: {reason}.")


def _only(plugin: str) -> Plugins:
    points = entry_points(group=GROUP, name=plugin)
    if not points:
        raise UnknownBackend(f"No plugin {plugin!r} is installed for the interpreter {sys.executable}.")
    return Plugins.discover(points=points)


def _built_in(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name.replace("_", "-") == "infer-compare"


def _marked(plugin: object) -> Iterator[str]:
    """Names of a plugin's functions that are marked as hook implementations."""
    for name in dir(plugin):
        with contextlib.suppress(Exception):
            options = getattr(getattr(plugin, name), f"{PROJECT}_impl", None)
            if options is not None:
                yield options.get("specname") or name


def _call(manager: pluggy.PluginManager, plugin: object, hook: str) -> Iterator[Any]:
    """What one plugin returns for a registering hook; nothing when it does not implement it."""
    caller = getattr(manager.hook, hook)
    for implementation in caller.get_hookimpls():
        if implementation.plugin is plugin:
            yield from implementation.function() or ()


def _describe(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
