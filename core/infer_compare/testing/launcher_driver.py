"""`python -m infer_compare.testing.launcher_driver`: a process that launches a stand-in and waits to be killed."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.plugins.backend_files import load_file
from infer_compare.testing.launched import Launched

if TYPE_CHECKING:
    from infer_compare.interfaces.launchers import Launcher


def main() -> None:
    """Start a stand-in with the launcher of a module or file, print its id and first record, and wait."""
    module, path, name, machine, connect_s, *address = sys.argv[1:]
    launcher = _class(module, path, name)()
    launcher.connect(address[0] if address else None, float(connect_s))
    launched = Launched(launcher)
    job = launched.running(machine=machine)
    sys.stdout.write(json.dumps([job, launched.node(job), launched.records(job)[0]]) + "\n")
    sys.stdout.flush()
    while True:
        launched.take(1)


def _class(module: str, path: str, name: str) -> type[Launcher]:
    try:
        place = importlib.import_module(module)
    except ImportError:
        place = load_file(Path(path))
    cls: type[Launcher] = getattr(place, name)
    return cls


if __name__ == "__main__":
    main()
