"""Backend classes in Python files, without a package."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any

from infer_compare.errors import BackendUnusable, UnknownBackend
from infer_compare.paths import is_file
from infer_compare.plugins.guard import PluginFailed, guarded

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from infer_compare.interfaces import Backend


def load_file_backend(path: Path, class_name: str) -> type[Backend[Any]]:
    """Return the class of that name in a Python file.

    Raises:
        UnknownBackend: the file or the class is not there.
        BackendUnusable: the file cannot be imported.
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
            found = getattr(module, class_name, None)
    except PluginFailed as failure:
        raise BackendUnusable(f"Importing {path} raised {failure}.") from failure
    if not isinstance(found, type):
        raise UnknownBackend(f"{path} has no class {class_name}.")
    return found
