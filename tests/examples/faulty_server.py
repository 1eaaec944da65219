"""The server of the remote example, with a fault: `python faulty_server.py FAULT MODEL.onnx`."""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

PATH = Path(__file__).parents[2] / "examples" / "infer-compare-remote" / "server.py"
DELAY_S = 3.0


def load() -> Any:
    """Imports the example's server."""
    spec = importlib.util.spec_from_file_location("example_server", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def faulty(server: Any, fault: str) -> Any:
    """Its models, whose answers have the fault."""

    class Models(server.Models):
        def answer(self, name: str, wanted: list[dict[str, Any]], outputs: list[Any]) -> Any:
            if fault == "nan":
                outputs = [np.full_like(array, np.nan) for array in outputs]
            elif fault == "shape":
                outputs = [array[:, :-1] for array in outputs]
            elif fault == "slow":
                time.sleep(DELAY_S)
            answer = super().answer(name, wanted, outputs)
            return answer._replace(parts=tuple(part[:-4] for part in answer.parts)) if fault == "cut" else answer

    return Models(1)


def main() -> None:
    """Serves until the process is ended."""
    server = load()
    models = faulty(server, sys.argv[1])
    models.load(Path(sys.argv[2]).stem, sys.argv[2])
    host, port = server.serve(models).server_address
    print(f"http://{host}:{port}", flush=True)  # noqa: T201 - whoever started it reads it
    threading.Event().wait()


if __name__ == "__main__":
    main()
