"""Matching requested precisions with those that backends support."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import OptionError, UsageError
from infer_compare.models.precision import ALIASES
from infer_compare.request.contenders import FILE, ContenderRequest
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.plugins import BackendEntry, Plugins
    from infer_compare.request.options import RunOptions


def entry_of(request: ContenderRequest, plugins: Plugins) -> BackendEntry:
    """Return the backend of a requested contender, by its name or from its Python file."""
    file = FILE.fullmatch(request.backend)
    return plugins.add_file(Path(file["path"]), file["name"]) if file else plugins.find(request.backend)


def precisions_of(entry: BackendEntry, asked: Iterable[str]) -> tuple[str, ...]:
    """Return the requested precisions that a backend supports, under their usual names."""
    names = (ALIASES.get(name.lower(), name.lower()) for name in asked)
    return tuple(dict.fromkeys(name for name in names if name in entry.capabilities.precisions))


def own_precision(text: str, asked: str | None, entry: BackendEntry) -> str | None:
    """Return the precision that a contender's own request names, under its usual name; None if it names none.

    Raises:
        OptionError: its backend does not support the precision.
    """
    if asked is None:
        return None
    names = precisions_of(entry, [asked])
    if not names:
        known = ", ".join(entry.capabilities.precisions)
        raise OptionError(f"In {text!r}: {entry.name} cannot compute in {asked!r}; write one of {known}.")
    return names[0]


def left_out(options: RunOptions, plugins: Plugins) -> tuple[str, ...]:
    """Return a clause on each backend that lacks a precision requested for all contenders.

    Raises:
        UsageError: a contender cannot be understood, or all backends lack a precision.
    """
    requests = [ContenderRequest.of(given) for given in options.taking_part]
    entries = {
        entry.name: entry for request in requests if request.precision is None for entry in [entry_of(request, plugins)]
    }
    clauses = []
    for asked in options.precisions or ():
        lacking = [entry for entry in entries.values() if not precisions_of(entry, [asked])]
        if entries and len(lacking) == len(entries):
            raise UsageError(no_precision(requests, plugins, [asked]))
        clauses += [
            f"{entry.name} is left out in {asked}, which it cannot compute in; "
            f"it can in {listing(entry.capabilities.precisions)}"
            for entry in lacking
        ]
    return tuple(clauses)


def no_precision(requests: Sequence[str | ContenderRequest], plugins: Plugins, asked: Sequence[str]) -> str:
    """Return the error message if no contender supports some precisions; it lists those that each supports."""
    entries = {entry.name: entry for given in requests for entry in [entry_of(ContenderRequest.of(given), plugins)]}
    have = "; ".join(f"{name} can in {listing(entry.capabilities.precisions)}" for name, entry in entries.items())
    return f"--precisions: no contender can compute in {listing(asked)}; {have}."
