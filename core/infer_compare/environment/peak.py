"""Peak rates of this machine: of a matrix product and of a copy, with the thread budget of the run.

If a contender seems to compute far faster than the best matrix product of the machine, it has not done the work: its
clock stopped before its device did, or its work was never started. The product is numpy's, in a separate process,
because the environment sets the number of threads of its library when the library is loaded.

Run as a program (`python -m infer_compare.environment.peak`), this module prints the measured rates.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment.noise import NoiseProbe
from infer_compare.verdicts.protocol import GATE_WAIT_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterable

TIMEOUT_S = 20.0
SIZES = (512, 1024, 2048)
"""Small products are fastest with small caches, large ones with many cores."""
REPEATS = 4
"""Repeats of each product and copy, of which the fastest counts."""
SHORT_S = 0.02
"""A product that takes longer than this is long enough to show the peak."""
TRIES = 2
COPY_BYTES = 1 << 26
"""Size of the copied array, much larger than the caches."""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Peak(msgspec.Struct, frozen=True, kw_only=True):
    """Peak rates, each the best of several tries, because every disturbance makes a try slower."""

    flops: dict[str, float]
    """Floating-point operations a second of a square matrix product, by dtype; a multiply-add counts as two.
    A dtype is left out if all its tries were disturbed."""
    copy_bytes_s: float
    """Bytes that one thread copies in memory per second, each counted once."""


def measure(threads: int) -> Peak | None:
    """Return the peak rates, measured in a separate process in about half a second; None if that fails.

    Args:
        threads: the thread budget.
    """
    variables = {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads))}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "infer_compare.environment.peak"],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=True,
        )
        return msgspec.json.decode(done.stdout, type=Peak)
    except (OSError, subprocess.SubprocessError, msgspec.MsgspecError):
        return None


def products(dtype: str) -> float:
    """Return the highest rate of square matrix products of several sizes, in floating-point operations per second."""
    import numpy as np

    best = 0.0
    for size in SIZES:
        left = np.full((size, size), 0.5, dtype)
        out = np.empty_like(left)
        left @ left  # wakes the threads up
        for _ in range(REPEATS):
            start = time.perf_counter()
            np.matmul(left, left, out=out)
            took = time.perf_counter() - start
            best = max(best, 2 * size**3 / took)
            if took > SHORT_S:
                return best
    return best


def copies() -> float:
    """Return the highest rate of copies of a large array, in bytes per second."""
    import numpy as np

    source = np.ones(COPY_BYTES, np.uint8)
    target = np.zeros_like(source)
    best = 0.0
    for _ in range(REPEATS):
        start = time.perf_counter()
        np.copyto(target, source)
        best = max(best, COPY_BYTES / (time.perf_counter() - start))
    return best


def quiet_products(dtypes: Iterable[str], probe: NoiseProbe) -> dict[str, float]:
    """Return the product rates by dtype, without dtypes whose tries were all disturbed by other programs.

    A rate from a busy machine is too low, and would make honest contenders look impossible.
    """
    rates: dict[str, float] = {}
    for dtype in dtypes:
        for _ in range(TRIES):
            before = probe.snapshot()
            rate = products(dtype)
            share = probe.difference(before, probe.snapshot()).wait_share
            if share is None or share <= GATE_WAIT_SHARE:
                rates[dtype] = rate
                break
    return rates


if __name__ == "__main__":
    measured = Peak(flops=quiet_products(("float32",), NoiseProbe()), copy_bytes_s=copies())
    sys.stdout.buffer.write(msgspec.json.encode(measured))
