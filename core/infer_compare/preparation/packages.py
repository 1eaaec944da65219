"""The versions of the distributions on which the results of a run depend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment import interpreter, packages
from infer_compare.preparation.kept_models import version_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infer_compare.plugins import Plugins
    from infer_compare.preparation.route import Route
    from infer_compare.results import ContenderSpec


def with_packages(
    specs: Iterable[ContenderSpec], routes: Mapping[str, Route], pythons: Mapping[str, str]
) -> tuple[ContenderSpec, ...]:
    """Return the contenders with the versions of the distributions that they use, as installed for their interpreters.

    Args:
        specs: the contenders.
        routes: of those that can run; the others get no versions.
        pythons: other interpreters, by backend; converters run in them too.
    """
    known: dict[tuple[str, str | None], dict[str, str]] = {}

    def of(route: Route) -> dict[str, str]:
        entry, python = route.contender.entry, route.contender.spec.python
        key = (entry.name, python)
        if key not in known:
            names = [name for name in entry.packages if name not in packages.OWN]
            known[key] = packages.versions(names) if python is None else interpreter.versions(python, names)
        converting = {
            module: version
            for converter in route.converters
            if converter.converter.backend not in pythons
            for module in converter.converter.requires
            if (version := version_of(module))
        }
        return dict(sorted((converting | known[key]).items()))

    return tuple(
        msgspec.structs.replace(spec, packages=of(routes[spec.label])) if spec.label in routes else spec
        for spec in specs
    )


def beside_backends(plugins: Plugins) -> set[str]:
    """Return the names of distributions that contain plugins but no backend: each may affect any run."""
    names = {origin.distribution for origin in plugins.loaded if origin.distribution}
    return names - {entry.origin.distribution for entry in plugins.backends}
