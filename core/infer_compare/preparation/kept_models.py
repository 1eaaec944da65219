"""Cached models that were made from others: converted ones, and those of another precision."""

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
    """The backend or converter that makes a model."""

    entry: BackendEntry | ConverterEntry
    requires: Sequence[str]
    """Top-level modules that it uses."""
    python: Path | str | None
    """Another interpreter in which it runs."""


class KeptModels:
    """Returns models from a cache, and makes those that it lacks."""

    def __init__(self, context: PreparationContext) -> None:
        """Makes nothing yet."""
        self._scratch = context.scratch
        self._cache = ConversionCache(limit=cache_limit())

    def get(self, maker: Maker, name: str, make: Callable[[Path], None], parts: Mapping[str, object]) -> Path:
        """Return the file or folder of a model, from the cache or newly made.

        Args:
            maker: makes the model.
            name: of the file or folder.
            make: writes the model to a path.
            parts: everything that determines the content, besides the versions of the maker and its modules.
        """
        if maker.python is not None:
            # Never cached: the versions in another interpreter are not known here.
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
    """Return the version of the distribution that contains a top-level module; empty if it is not known."""
    if not is_installed(module):
        return ""
    names = (module, *distributions.owners([module])[module])
    return next(filter(None, map(distributions.version, names)), "")
