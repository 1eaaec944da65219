"""What a worker runs in, where that can be another environment than its parent's."""

from __future__ import annotations

import os
import sys

from infer_compare.environment import packages, variables
from infer_compare.foreign import one_line
from infer_compare.results.environment import WorkerEnvironment

LONGEST = 400
"""Longer values are cut to so many characters."""


def describe_worker(*, foreign: bool) -> WorkerEnvironment:
    """Return what this worker runs in: under 1 ms, and 20 ms for the packages of another interpreter.

    Args:
        foreign: whether its interpreter is not its parent's, so that the run's own packages say nothing of it.
    """
    return WorkerEnvironment(
        interpreter=one_line(sys.executable, LONGEST),
        python=sys.version.split(maxsplit=1)[0],
        variables={
            one_line(name, LONGEST): one_line(value, LONGEST) for name, value in variables.relevant(os.environ).items()
        },
        packages=packages.versions((*packages.OWN, *packages.plugins())) if foreign else {},
    )
