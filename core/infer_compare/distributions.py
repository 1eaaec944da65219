"""Reads the metadata of installed distributions; those with damaged metadata are skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infer_compare.foreign import described, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from importlib.metadata import Distribution, EntryPoint

LONGEST_NAME = 100


class Damaged(NamedTuple):
    """A distribution whose metadata cannot be read."""

    place: str
    reason: str


def entry_points(group: str) -> tuple[tuple[EntryPoint, ...], tuple[Damaged, ...]]:
    """Return the entry points of a group, and the distributions that cannot be read."""
    # Slow to import, and most workers never need it.
    from importlib import metadata

    try:
        return tuple(metadata.entry_points(group=group)), ()
    except Exception:  # noqa: BLE001 - one of them is damaged: they are read one by one
        points: list[EntryPoint] = []
        damaged: list[Damaged] = []
        for distribution in metadata.distributions():
            try:
                points += distribution.entry_points.select(group=group)
            except Exception as error:  # noqa: BLE001 - whatever reading a damaged file raises
                damaged.append(Damaged(_place(distribution), described(error)))
        return tuple(points), tuple(damaged)


def origin(point: EntryPoint) -> tuple[str, str]:
    """Return name and version of the distribution of an entry point; empty if they cannot be read."""
    try:
        distribution = point.dist
        if distribution is None:
            return "", ""
        return _shown(distribution.metadata["Name"]), _shown(distribution.metadata["Version"])
    except Exception:  # noqa: BLE001 - whatever reading a damaged file raises
        return "", ""


def version(name: str) -> str:
    """Return the version of a distribution; empty if it is not installed or its metadata has none."""
    try:
        from importlib import metadata

        return _shown(metadata.version(name))
    except Exception:  # noqa: BLE001 - not installed, or damaged
        return ""


def owners(modules: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the names of the distributions that provide each of some top-level modules."""
    wanted = tuple(modules)
    if not wanted:
        return {}
    try:
        from importlib import metadata

        packages: Mapping[str, list[str]] = metadata.packages_distributions()
        return {module: _names(packages.get(module, ())) for module in wanted}
    except Exception:  # noqa: BLE001 - one of them is damaged: a module is mostly brought by a distribution of its name
        return {module: (module,) if version(module) else () for module in wanted}


def _names(names: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def _shown(value: object) -> str:
    return one_line(value, LONGEST_NAME) if isinstance(value, str) else ""


def _place(distribution: Distribution) -> str:
    return one_line(str(getattr(distribution, "_path", "a distribution")), LONGEST_NAME * 2)
