"""Models made by a user's function: `package.module:function` and `file.py:function`."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import random
import sys
import sysconfig
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import ModelError
from infer_compare.foreign import described
from infer_compare.interfaces import ModelSpec
from infer_compare.paths import is_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


INSTALLED = frozenset({"site-packages", "dist-packages"})
"""Names of folders into which packages are installed."""


def split(location: str) -> tuple[str, str]:
    """Return the module or file, and the name after the last colon."""
    place, _, name = location.rpartition(":")
    return place, name


def source_file(location: str) -> Path | None:
    """Return the Python file that defines the function, found without importing it; None if there is none."""
    place, _ = split(location)
    if place.endswith(".py"):
        return Path(place) if is_file(place) else None
    _add_working_folder()
    try:
        # Only the top-level package is looked up; looking up its submodules would import it.
        spec = importlib.util.find_spec(place.partition(".")[0])
    except (ImportError, ValueError, OSError):
        return None
    if spec is None:
        return None
    if "." not in place:
        return Path(spec.origin) if spec.origin and is_file(spec.origin) else None
    parts = place.split(".")[1:]
    for folder in spec.submodule_search_locations or ():
        file = Path(folder, *parts)
        for path in (file.with_suffix(".py"), file / "__init__.py"):
            if is_file(path):
                return path
    return None


def own_files(location: str) -> tuple[Path, ...]:
    """Return the files of the user's modules that a function needs, after it was called: its file, and what that imports.

    Installed packages and infer-compare itself are excluded.

    Returns:
        Absolute paths, sorted.
    """
    file = source_file(location)
    if file is None:
        return ()
    files = {file.resolve()}
    pending = [(file.resolve(), "")]
    standard = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")]
    while pending:
        for name in _imported(*pending.pop()):
            module = sys.modules.get(name)
            origin = getattr(module, "__file__", None)
            if module is None or not isinstance(origin, str) or name.partition(".")[0] == "infer_compare":
                continue
            path = Path(origin).resolve()
            installed = not INSTALLED.isdisjoint(path.parts) or any(path.is_relative_to(folder) for folder in standard)
            if path not in files and not installed and is_file(path):
                files.add(path)
                pending.append((path, module.__package__ or ""))
    return tuple(sorted(files))


def _imported(file: Path, package: str) -> Iterator[str]:
    """Yield the modules that a file may import in any of its statements."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                parts = alias.name.split(".")
                yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))
        elif isinstance(node, ast.ImportFrom):
            start = package.split(".")[: 1 - node.level or None] if node.level else []
            base = ".".join((*start, *filter(None, [node.module])))
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def seed_generators(seed: int) -> None:
    """Seed the generators of Python and numpy, from which a user's function may draw, but not those of frameworks."""
    import numpy as np

    random.seed(seed)
    # The global generator, since users' functions draw from it.
    np.random.seed(seed % 2**32)  # noqa: NPY002


def make_model(location: str) -> tuple[object, tuple[str, ...]]:
    """Call a user's function and return its model, with the inputs if it returned a `ModelSpec`.

    Call `seed_generators` and seed the framework first: every call must make the same weights.

    Args:
        location: `package.module:function` or `file.py:function`; a class without arguments also works.

    Returns:
        The model, and the texts of its inputs, empty without a `ModelSpec`.
    """
    place, name = split(location)
    made = getattr(_module(place, location), name, None)
    if made is None:
        raise ModelError(f"{place} has no {name!r}; name a function that returns the model, as in {place}:make.")
    if not callable(made):
        raise ModelError(f"{location} is a {type(made).__name__}; name a function that returns the model.")
    try:
        model = made()
    except (Exception, SystemExit) as error:
        hint = "; it is called without arguments" if isinstance(error, TypeError) and "argument" in str(error) else ""
        raise ModelError(f"{location} raised {described(error)}{_line(error, place)}{hint}.") from error
    if model is None:
        raise ModelError(f"{location} returned nothing; it must return the model.")
    return (model.model, model.inputs) if isinstance(model, ModelSpec) else (model, ())


def _line(error: BaseException, place: str) -> str:
    """Return the last line of the user's file in an error's traceback, in parentheses; empty if there is none."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(place)]
    return f" ({Path(place).name}, line {lines[-1]})" if lines and place.endswith(".py") else ""


def _module(place: str, location: str) -> ModuleType:
    _add_working_folder()
    path = Path(place)
    if path.suffix == ".py" and not is_file(path):
        raise ModelError(f"There is no file {place}; check the path in {location}.")
    try:
        return _file(path) if path.suffix == ".py" else importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name and path.suffix != ".py" and place.startswith(error.name):
            raise ModelError(
                f"There is no module {place}; check the name in {location}, or install the package."
            ) from error
        raise ModelError(f"Importing {place} raised {described(error)}{_line(error, place)}.") from error
    except (Exception, SystemExit) as error:
        raise ModelError(f"Importing {place} raised {described(error)}{_line(error, place)}.") from error


def _file(path: Path) -> ModuleType:
    name = f"_infer_compare_model_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    # As when the file is run, modules beside it can be imported.
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec.loader.exec_module(module)
    return module


def _add_working_folder() -> None:
    """Make modules in the working folder importable, as with `python -m`."""
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
