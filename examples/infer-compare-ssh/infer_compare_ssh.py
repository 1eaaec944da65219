"""The launcher `ssh`: jobs on the machines of `--address`, each behind a command such as `ssh gpu1`."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from infer_compare import hookimpl
from infer_compare.launchers import NODE, ProcessLauncher, Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.launchers import Launcher, Machine

PYTHON = "INFER_COMPARE_SSH_PYTHON"
"""The variable with the interpreter on the machines that has infer-compare; `python3` where it is not set."""
SSH = ("ssh", "-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5")


class SshLauncher(ProcessLauncher):
    """Starts the node side of each job by a command that runs a line of shell on the machine."""

    name = "ssh"

    def connect(self, address: str | None, deadline_s: float) -> None:
        """Ask every machine what it is.

        Args:
            address: machines, comma-separated: each a host of ssh, or a whole command such as `ssh -p 2222 me@gpu1`,
                `docker exec -i box sh -c` or `bash -c`.
            deadline_s: how long they may take to answer.

        Raises:
            Unreachable: one does not answer, or none is named.
        """
        names = [name.strip() for name in (address or "").split(",") if name.strip()]
        if not names:
            raise Unreachable("The launcher ssh needs the names of machines; add --address gpu1,gpu2.")
        self._machines = self.ask(names, deadline_s)

    def machines(self) -> Sequence[Machine]:
        """Return the machines that answered."""
        return self._machines

    def command(self, machine: str, *arguments: str) -> Sequence[str]:
        """Return the command for a machine; the shell there is replaced by the node side."""
        words = shlex.split(machine)
        line = shlex.join([os.environ.get(PYTHON, "python3"), *NODE, *arguments])
        return [*(words if len(words) > 1 else [*SSH, machine]), f"exec {line}"]


@hookimpl
def infer_compare_launchers() -> list[type[Launcher]]:
    """Register the launcher."""
    return [SshLauncher]
