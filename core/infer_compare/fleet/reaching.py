"""Connecting a launcher to its machines."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.fleet.guarded_launcher import GuardedLauncher
from infer_compare.fleet.launchers import find_launcher
from infer_compare.interfaces.launchers import Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.interfaces.launchers import Launcher, Machine
    from infer_compare.plugins import Plugins

CONNECT_S = 15.0
"""How long connecting to the machines may take."""


@contextmanager
def reached(name: str, address: str | None, plugins: Plugins) -> Iterator[tuple[Launcher, Sequence[Machine]]]:
    """Connect a launcher, yield it with its machines, and close it at the end, unless it is closed already.

    Args:
        name: name of the launcher.
        address: of the machines; by default that of the launcher.
        plugins: provide launchers.

    Raises:
        UsageError: there is no such launcher, a package that it needs is missing, or its machines cannot be reached.
        BackendUnusable: the launcher cannot be created.
        InferCompareError: a method of the launcher fails.
    """
    launcher = GuardedLauncher(find_launcher(name, plugins))
    try:
        try:
            launcher.connect(address, CONNECT_S)
            machines = launcher.machines()
        except Unreachable as error:
            raise UsageError(str(error)) from error
        yield launcher, machines
    finally:
        launcher.close()
