"""Runs the code of `Backend.snippet` in a fresh process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.testing.conformance.jobs import DEADLINE_S
from infer_compare.testing.conformance.violation import Violation
from infer_compare.worker.supervisor import tagged

if TYPE_CHECKING:
    from infer_compare.interfaces.backend import Array, Batch

WITHOUT = 'import sys\nsys.modules["infer_compare"] = None\n'
"""Makes importing infer-compare fail, as if it was not installed."""
CALL = """
import numpy as _numpy
_inputs = _numpy.load("inputs.npz")
_outputs = predict(*[_inputs[f"arr_{place}"] for place in range(len(_inputs.files))])
if not isinstance(_outputs, (list, tuple)):
    raise TypeError(f"predict returned {type(_outputs).__name__} in place of a list of arrays")
_numpy.savez("outputs.npz", *_outputs)
"""


def outputs_of(code: str, batch: Batch, folder: Path, *, alone: bool) -> list[Array]:
    """Return the outputs of a snippet's `predict` for a batch.

    Args:
        code: the code returned by `Backend.snippet`, with an absolute path of the model file.
        batch: one array for each input.
        folder: the folder for files of the process.
        alone: whether importing infer-compare must fail in the process.

    Raises:
        Violation: the code raised, did not end in time, or did not return arrays.
    """
    import numpy as np

    with tempfile.TemporaryDirectory(dir=folder) as own:
        np.savez(Path(own, "inputs.npz"), *batch)
        command = [sys.executable, "-P", "-c", f"{WITHOUT if alone else ''}{code}{CALL}"]
        try:
            with tagged() as environment:
                done = subprocess.run(
                    command,
                    cwd=own,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    env=environment,
                    timeout=DEADLINE_S,
                    check=False,
                )
        except subprocess.TimeoutExpired:
            raise Violation(f"The code of `snippet` did not compute one batch in {DEADLINE_S:g} s.") from None
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise Violation(
                f"The code of `snippet` failed in a fresh process: {lines[-1] if lines else 'it printed nothing'}"
            )
        outputs = np.load(Path(own, "outputs.npz"))
        return [outputs[f"arr_{place}"] for place in range(len(outputs.files))]
