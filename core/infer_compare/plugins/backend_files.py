"""Loading backend classes from Python files without a package, and the converters in such files."""

from __future__ import annotations

import importlib.util
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

from infer_compare.errors import BackendUnusable, UnknownBackend
from infer_compare.interfaces import PROJECT
from infer_compare.paths import is_file
from infer_compare.plugins.converter_registration import read_converter
from infer_compare.plugins.entries import ConverterEntry, Origin
from infer_compare.plugins.guard import PluginFailed, guarded
from infer_compare.plugins.hook_calls import MOST, marked
from infer_compare.plugins.registration import Unfit

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from infer_compare.interfaces import Backend

CONVERTERS = f"{PROJECT}_converters"
"""The only hook of a backend's file that is called."""


def load_file_backend(path: Path, class_name: str) -> type[Backend[Any]]:
    """Return a class of a Python file.

    Raises:
        UnknownBackend: the file or the class does not exist.
        BackendUnusable: the file cannot be imported.
    """
    return file_class(load_file(path), path, class_name)


def load_file(path: Path) -> ModuleType:
    """Import a Python file, and return the module.

    Raises:
        UnknownBackend: the file does not exist.
        BackendUnusable: it cannot be imported.
    """
    if not is_file(path):
        raise UnknownBackend(f"There is no backend file {path}; check the path.")
    name = f"_infer_compare_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BackendUnusable(f"{path} is not a Python file; name one as in my_backend.py:MyBackend.")
    module: ModuleType = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with guarded(f"importing {path}"):
            spec.loader.exec_module(module)
    except PluginFailed as failure:
        raise BackendUnusable(f"Importing {path} raised {failure}.") from failure
    return module


def file_class(module: ModuleType, path: Path, name: str) -> type[Backend[Any]]:
    """Return a class of the module of a file.

    Raises:
        UnknownBackend: there is no such class.
        BackendUnusable: the module raised an exception during the lookup.
    """
    try:
        with guarded(f"looking for {name} in {path}"):
            candidate = getattr(module, name, None)
    except PluginFailed as failure:
        raise BackendUnusable(f"Looking for {name} in {path} raised {failure}.") from failure
    if not isinstance(candidate, type):
        raise UnknownBackend(f"{path} has no class {name}.")
    return candidate


def file_converters(module: ModuleType, path: Path) -> tuple[ConverterEntry, ...]:
    """Return the converters of a backend's file, from its hook `infer_compare_converters`.

    Raises:
        BackendUnusable: the hook raised an exception, or a converter is refused.
    """
    if CONVERTERS not in marked(module):
        return ()
    try:
        with guarded(f"calling {CONVERTERS} of {path}", passing=(Unfit,)):
            converters = [read_converter(candidate) for candidate in islice(getattr(module, CONVERTERS)() or (), MOST)]
    except (Unfit, PluginFailed) as error:
        raise BackendUnusable(f"The converters of {path} cannot be used: {error}.") from error
    return tuple(
        ConverterEntry(
            converter, Origin(str(path), str(path)), f"file:{path.resolve()}:{converter.source}:{converter.target}"
        )
        for converter in converters
    )
