"""The built-in launcher, which runs jobs on this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from infer_compare.fleet.launchers.by_process import NODE, ProcessLauncher
from infer_compare.fleet.node.facts import machine_facts, machine_of
from infer_compare.interfaces.launchers import Machine, Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence


class Local(ProcessLauncher):
    """Runs jobs on this machine, one after the other."""

    name = "local"

    def connect(self, address: str | None, deadline_s: float) -> None:  # noqa: ARG002 - it is here already
        """Do nothing, as this machine needs no connection.

        Raises:
            Unreachable: an address was given.
        """
        if address is not None:
            raise Unreachable(
                f"The launcher local runs on this machine and has no address, so it cannot reach {address}; leave --address "
                "out, or name another --launcher."
            )

    def machines(self) -> Sequence[Machine]:
        """Return this machine."""
        return (machine_of("local", machine_facts()),)

    def command(self, machine: str, *arguments: str) -> Sequence[str]:  # noqa: ARG002 - there is one
        """Return the command that starts the node side here."""
        return (sys.executable, *NODE, *arguments)
