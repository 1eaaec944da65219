"""What this machine can do at most: a matrix product and a copy, with the thread budget of the run.

A contender that is reported to do far more arithmetic than the best matrix product of the machine has not done the
work: its clock stopped before its device did, or its work was never started. The product is numpy's, in a process of
its own: the number of threads of its library is fixed by the environment when the library is loaded.

Run as a program (`python -m infer_compare.environment.peak`) it prints what it measured.
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
"""Small ones are fastest where caches are small, large ones where there are many cores."""
REPEATS = 4
"""Of each product and copy, of which the fastest counts."""
SHORT_S = 0.02
"""A product that takes longer than this has found the peak."""
TRIES = 2
COPY_BYTES = 1 << 26
"""Well beyond the caches."""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Peak(msgspec.Struct, frozen=True, kw_only=True):
    """The best of several tries each, since everything that disturbs them makes them slower."""

    flops: dict[str, float]
    """Floating-point operations a second of a square matrix product, by dtype; a multiply-add counts as two.
    A dtype whose every try was disturbed is left out."""
    copy_bytes_s: float
    """Bytes a second copied in memory, each counted once, by one thread."""


def measure(threads: int) -> Peak | None:
    """Measures in a process of its own, in about half a second; None where that fails.

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
    """The highest rate of `n x n` products over several `n`, in floating-point operations a second."""
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
    """The highest rate of copies of a large array, in bytes a second."""
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
    """The rates of the dtypes whose products were not disturbed by other programs, in one of a few tries.

    A rate that was taken on a busy machine is too low, and would call honest contenders impossible.
    """
    found: dict[str, float] = {}
    for dtype in dtypes:
        for _ in range(TRIES):
            before = probe.snapshot()
            rate = products(dtype)
            share = probe.difference(before, probe.snapshot()).wait_share
            if share is None or share <= GATE_WAIT_SHARE:
                found[dtype] = rate
                break
    return found


if __name__ == "__main__":
    measured = Peak(flops=quiet_products(("float32",), NoiseProbe()), copy_bytes_s=copies())
    sys.stdout.buffer.write(msgspec.json.encode(measured))
