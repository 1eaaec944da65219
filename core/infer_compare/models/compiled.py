"""Folders for compiled models, cached between runs."""

from __future__ import annotations

import atexit
import re
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment import packages
from infer_compare.environment.machine import compiled_for
from infer_compare.errors import UsageError
from infer_compare.models.cache import ConversionCache
from infer_compare.models.callables import own_files, source_file
from infer_compare.models.resolved_model import sha256_of
from infer_compare.request.units import cache_limit
from infer_compare.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from infer_compare.interfaces import Backend, Device, ModelSource

_UNSAFE = re.compile(r"[^\w.+-]+")
_spare: list[Scratch] = []


def compiled_folder(
    backend: Backend[Any],
    model: ModelSource | None,
    device: Device | None,
    make: Callable[[Path], object] | None = None,
    *,
    parts: Mapping[str, object] = {},
) -> Path:
    """Return a folder with a backend's compiled form of a model, from the cache if an earlier run stored it.

    The key is a hash of the content of the model and its inputs; of the backend's code, options, precision and threads; of
    the versions of the framework and of Python; of the device, the processor, and the GPUs with their driver; and of
    `parts`. `infer-compare cache` treats the folder like a converted model. Call it in `load`, `to_device` or `prepare`,
    never in timed steps.

    Args:
        backend: the backend that compiles.
        model: the model that `load` got; None for programs of any model, for a framework that needs its folder in `version`.
        device: the target device; None for any.
        make: writes to an empty folder, the first time. Of several workers at once, one writes and the others wait; if it
            raises, nothing is stored. None for a framework that manages a folder of compiled programs itself.
        parts: further values that affect the result, such as `{"batch": 8}`: texts, numbers, and lists of them.

    Raises:
        ModelError: the model cannot be read.
    """
    name = _UNSAFE.sub("_", backend.name if model is None else f"{backend.name}-{model.name}")[:100]
    try:
        cache = ConversionCache(limit=cache_limit())
    except UsageError:
        # Without a home folder there is no cache.
        cache = ConversionCache(_own_folder())
    key = cache.key(
        {
            "compiled": _backend(backend),
            "model": None if model is None else _model(model, _stamp(model.path)),
            "device": str(device),
            "machine": compiled_for(),
            "parts": dict(parts),
        }
    )
    if make is None:
        return cache.growing(key, name, _own_folder())

    def write(folder: Path) -> None:
        folder.mkdir()
        make(folder)

    with cache.alone(key):
        return cache.get(key, name, write, _own_folder())[0]


def _backend(backend: Backend[Any]) -> dict[str, object]:
    settings = backend.settings
    alternatives = (name for names in backend.distributions.values() for name in names)
    return {
        "name": backend.name,
        "code": _code(type(backend).__module__),
        "options": msgspec.to_builtins(settings.options),
        "precision": settings.precision,
        "threads": settings.threads,
        "versions": packages.versions((*backend.requires, *alternatives, *backend.rests_on)),
        "python": sys.implementation.cache_tag,
    }


@lru_cache
def _code(module: str) -> str:
    """Return a hash of the files of a module's package; without a package, of its file and the user's modules it imports."""
    package = getattr(sys.modules.get(module.partition(".")[0]), "__file__", None) or ""
    if Path(package).name == "__init__.py":
        return sha256_of(sorted(Path(package).parent.rglob("*.py")))
    return sha256_of(own_files(f"{sys.modules[module].__file__}:"))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size


@lru_cache
def _model(model: ModelSource, stamp: tuple[int, int] | None) -> dict[str, object]:  # noqa: ARG001 - it makes the cache see changes
    return {"format": model.format, "content": _content(model), "inputs": [str(spec) for spec in model.inputs]}


def _content(model: ModelSource) -> str:
    """Return a hash of a model's files: all files of a folder, an ONNX file with its external data, a callable's source and
    weights, or a file and those beside it that differ only in the suffix.
    """
    path = model.path
    if model.format == "callable":
        files = [file for file in (source_file(model.location),) if file is not None]
    elif path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
    elif model.format == "onnx":
        from infer_compare.models.onnx_file import external_files, parse_onnx

        files = [path, *(path.parent / name for name in external_files(parse_onnx(path)))]
    else:
        files = sorted({path, *(file for file in path.parent.glob(f"{path.stem}.*") if file.is_file())})
    if model.weights:
        files.append(Path(model.weights))
    return sha256_of(files)


def _own_folder() -> Path:
    """Return a temporary folder of this process, for use without a cache."""
    if not _spare:
        _spare.append(Scratch())
        atexit.register(_spare[0].remove)
    return _spare[0].path
