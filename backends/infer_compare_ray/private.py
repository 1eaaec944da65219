"""The folder of a private Ray, which identifies its processes and files so that they can be removed."""

from __future__ import annotations

import contextlib
import shutil
import tempfile

VARIABLE = "RAY_TMPDIR"
"""The environment variable with the folder of Ray's sockets and logs."""


class PrivateRay:
    """The folder and the processes of a private Ray on this machine."""

    def __init__(self) -> None:
        """Makes the folder."""
        # Socket paths in the folder may have only about a hundred characters.
        self.folder = tempfile.mkdtemp(prefix="infer-compare-", dir="/tmp")

    def remove(self) -> None:
        """End the processes and remove the folder; to be called when the driver has ended.

        Ray's agents survive a driver that was killed.
        """
        # Imported here: the discovery of plugins must not depend on psutil.
        import psutil  # type: ignore[import-untyped] # it ships no types

        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(VARIABLE) == self.folder:
                    process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
