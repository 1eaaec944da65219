"""The configurations that a backend proposes for `tune`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from infer_compare.errors import BackendUnusable
from infer_compare.foreign import one_line
from infer_compare.plugins.guard import PluginFailed, guarded

if TYPE_CHECKING:
    from infer_compare.interfaces import Machine
    from infer_compare.plugins.entries import BackendEntry

MOST = 100
"""The most configurations of a backend; further ones are ignored."""


def candidates(entry: BackendEntry, machine: Machine) -> tuple[dict[str, str], ...]:
    """Return the configurations that a backend proposes for a machine, each once, without the one without options.

    Args:
        entry: the backend.
        machine: the machine on which they would run.

    Raises:
        BackendUnusable: its code raised an exception, or returned something else.
    """
    try:
        with guarded(f"asking {entry.name} what is worth trying"):
            listed = [_checked(given) for given in islice(entry.backend.candidates(machine), MOST)]
    except PluginFailed as failure:
        raise BackendUnusable(f"The backend {entry.name!r} cannot list what is worth trying: {failure}.") from failure
    unique: list[dict[str, str]] = []
    for options in listed:
        if options and options not in unique:
            unique.append(options)
    return tuple(unique)


def _checked(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise TypeError(f"{one_line(repr(given))} is not a mapping of options to texts")
    options = dict(given)
    if not all(isinstance(word, str) for pair in options.items() for word in pair):
        raise TypeError(f"{one_line(repr(options))} is not a mapping of options to texts")
    return options
