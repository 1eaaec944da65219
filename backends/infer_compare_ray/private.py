"""The folder of a private Ray, by which all that belongs to it is found and removed."""

from __future__ import annotations

import contextlib
import shutil
import tempfile

VARIABLE = "RAY_TMPDIR"
"""Where Ray puts its sockets and logs."""


class PrivateRay:
    """What a private Ray has on this machine."""

    def __init__(self) -> None:
        """Makes the folder."""
        # The paths of sockets, which lie in there, may only have about a hundred characters.
        self.folder = tempfile.mkdtemp(prefix="infer-compare-", dir="/tmp")

    def remove(self) -> None:
        """End its processes and remove the folder; to be called when its driver has ended.

        Agents of Ray stay where the driver was killed.
        """
        # Plugins are looked for without what only a private Ray needs.
        import psutil  # type: ignore[import-untyped] # it ships no types

        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(VARIABLE) == self.folder:
                    process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
