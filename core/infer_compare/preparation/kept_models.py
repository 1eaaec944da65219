"""Models that are made of others and kept: converted ones, and those of another precision."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from infer_compare import distributions
from infer_compare.models.cache import ConversionCache
from infer_compare.plugins import is_installed
from infer_compare.request.units import cache_limit
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infer_compare.plugins import BackendEntry, ConverterEntry
    from infer_compare.preparation.context import PreparationContext


class Maker(NamedTuple):
    """Who makes a model."""

    entry: BackendEntry | ConverterEntry
    requires: Sequence[str]
    """Top-level modules that it is made with."""
    python: Path | str | None
    """Another interpreter that runs it."""


class KeptModels:
    """Makes models where they are not kept yet."""

    def __init__(self, context: PreparationContext) -> None:
        """Makes nothing yet."""
        self._scratch = context.scratch
        self._cache = ConversionCache(limit=cache_limit())

    def get(self, maker: Maker, name: str, make: Callable[[Path], None], parts: Mapping[str, object]) -> Path:
        """Return the file or folder of a model, made where it is not kept yet.

        Args:
            maker: who makes it.
            name: of the file or folder.
            make: writes it to the path that it is given.
            parts: what else decides its content, beside the versions of the maker and of what it requires.
        """
        if maker.python is not None:
            # It is not known here what is installed there, or when a kept model would be out of date.
            path = Path(tempfile.mkdtemp(prefix="made-", dir=self._scratch), name)
            make(path)
            return path
        versions = {
            "tool": __version__,
            "maker": maker.entry.reference,
            "plugin": maker.entry.origin.version,
            "versions": {module: version_of(module) for module in maker.requires},
        }
        return self._cache.get(self._cache.key({**parts, **versions}), name, make, self._scratch)[0]


def version_of(module: str) -> str:
    """Return the version of the distribution that brings a top-level module; empty where that is not told."""
    if not is_installed(module):
        return ""
    names = (module, *distributions.owners([module])[module])
    return next(filter(None, map(distributions.version, names)), "")
