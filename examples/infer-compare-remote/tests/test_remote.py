"""The promises of a backend, kept by this one, against the small server beside it: one test for each check of the kit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import ClassVar

from infer_compare_remote import RemoteBackend
from infer_compare_remote.failures import ServerError

from infer_compare.testing import BackendConformance

SERVER = Path(__file__).parents[1] / "server.py"


class TestRemote(BackendConformance):
    """The kit's models are sent to the server."""

    backend = RemoteBackend
    limit_errors = (
        ServerError("http://localhost:8000 answered 413: too large", 413),
        ServerError("http://localhost:8000 answered 400: inference request batch-size must be <= 8 for 'mlp'", 400),
    )
    _server: ClassVar[subprocess.Popen[str] | None] = None

    @classmethod
    def setup_class(cls) -> None:
        """Starts a server on a free port."""
        command = [sys.executable, str(SERVER), "--port", "0", "--upload"]
        cls._server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert cls._server.stdout is not None
        cls.options = {"url": cls._server.stdout.readline().strip(), "upload": "true"}

    @classmethod
    def teardown_class(cls) -> None:
        """Ends it."""
        super().teardown_class()
        if cls._server is not None and cls._server.stdout is not None:
            cls._server.kill()
            cls._server.wait()
            cls._server.stdout.close()
