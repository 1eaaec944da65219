"""The variables with which a process makes short runs that nothing holds up."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
import os
from infer_compare.environment import conditions, gate, noise, peak
from infer_compare.verdicts import protocol
from infer_compare.worker.child import measuring
print(gate.rejection(), gate.crowd(), peak.measure(), os.fsync(1))
print(*protocol.RESTARTS.values(), *protocol.ROUNDS_PER_RESTART.values())
print(conditions.OBSERVED_S, noise.SLICE_NS, noise.BLIND_SLICE_NS, measuring.warm_up.__module__)
"""


def test_a_calm_process_rejects_no_slice_repeats_little_and_is_brief(calm):
    """Where a module moves, this fails, and no test becomes slow or depends on the machine unnoticed."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **calm(restarts=2)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["None None None None", "2 2 2 1 1 1", "0.01 20000000 20000000 sitecustomize"]
