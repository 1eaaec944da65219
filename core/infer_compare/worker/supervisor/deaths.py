"""Interpreting the death of a worker as an outcome."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from infer_compare.environment import memory
from infer_compare.results import Died, OutOfMemory, Phase
from infer_compare.worker.supervisor.spawned import describe_status, signal_name

if TYPE_CHECKING:
    from infer_compare.errors import WorkerDied

DYING_WORDS = ("std::bad_alloc", "cannot allocate memory for thread-local data")
"""Texts on standard error of a process that dies because an allocation failed. Other texts do not count, since TensorFlow logs
"out of memory" for allocations that it can do without."""

NEAR_CAP = 0.7
"""Share of the cap above which a crash is a candidate for out of memory."""

CRASHES = frozenset({-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS})


def name_death(death: WorkerDied, phase: Phase, *, cap: int, kernel_kills: int) -> OutOfMemory | Died:
    """Return the outcome for the death of a worker, by the strongest evidence.

    Args:
        death: how it ended.
        phase: of its last request.
        cap: the worker's cap of resident memory, in bytes.
        kernel_kills: how many processes the kernel killed for memory since the worker was started.
    """
    if death.killed_for == "cap":
        counted = f"its memory, with {death.counted}," if death.counted else "its resident memory"
        reason = f"{counted} reached the cap of {mebibytes(cap)}"
        return OutOfMemory(reason=reason, evidence="cap", phase=phase)
    if death.killed_for == "machine":
        reason = f"{memory.limit()} was nearly used up, so the worker was ended"
        return OutOfMemory(reason=reason, evidence="machine", phase=phase)
    if death.status == -signal.SIGKILL and kernel_kills > 0:
        return OutOfMemory(reason="the kernel killed the worker for memory", evidence="kernel", phase=phase)
    said = next((words for words in DYING_WORDS if words in death.stderr_tail), None)
    if said is not None and death.status in {-signal.SIGABRT, 127}:
        reason = f"the worker ended with {describe_status(death.status)} and said {said!r}"
        return OutOfMemory(reason=reason, evidence="stderr", phase=phase)
    return Died(
        exit_code=death.status, signal=signal_name(death.status), phase=phase, stderr_tail=death.stderr_tail[-2000:]
    )


def is_suspect(outcome: OutOfMemory | Died, *, highest: int, cap: int) -> bool:
    """Return whether a crash may be due to lack of memory: it has a typical signal, and memory was near the cap.

    It counts as out of memory only if a fresh worker repeats it, and a smaller batch has passed.
    """
    return isinstance(outcome, Died) and outcome.exit_code in CRASHES and highest >= NEAR_CAP * cap


def mebibytes(size: int) -> str:
    """Return a size in bytes as a text in MiB."""
    return f"{size / 2**20:.0f} MiB"
