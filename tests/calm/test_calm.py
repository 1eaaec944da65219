"""The variables with which a process makes short runs that nothing holds up."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
from infer_compare.environment import gate, peak
from infer_compare.verdicts import protocol
print(gate.rejection(), gate.crowd(), peak.measure())
print(*protocol.RESTARTS.values(), *protocol.ROUNDS_PER_RESTART.values())
"""


def test_a_calm_process_rejects_no_slice_and_repeats_little(calm):
    """Where a module moves, this fails, and no test becomes slow or depends on the machine unnoticed."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **calm(restarts=2)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["None None None", "2 2 2 1 1 1"]
