"""What the end of a worker means, by the evidence in its order."""

from __future__ import annotations

import signal

import pytest

from infer_compare.environment import memory
from infer_compare.errors import WorkerDied
from infer_compare.results import Died, OutOfMemory
from infer_compare.worker.supervisor import Watchdog, describe_status, is_suspect, name_death, signal_name
from infer_compare.worker.supervisor.tree import Tree

CAP = 2**30
BAD_ALLOC = "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc"


def death(status: int, *, killed_for: str | None = None, said: str = "") -> WorkerDied:
    """A worker's end."""
    return WorkerDied("The worker ended.", status=status, killed_for=killed_for, stderr_tail=said)


@pytest.mark.parametrize(
    ("end", "kills", "evidence"),
    [
        (death(-9, killed_for="cap"), 0, "cap"),
        (death(-9, killed_for="cap"), 1, "cap"),
        (death(-9, killed_for="machine"), 0, "machine"),
        (death(-9), 1, "kernel"),
        (death(-6, said=BAD_ALLOC), 0, "stderr"),
        (death(127, said="cannot allocate memory for thread-local data: ABORT"), 0, "stderr"),
    ],
    ids=["at the cap", "at the cap, others too", "machine", "kernel", "bad_alloc", "thread-local data"],
)
def test_a_death_for_want_of_memory_is_an_out_of_memory(end: WorkerDied, kills: int, evidence: str) -> None:
    """With the evidence that it rests on."""
    outcome = name_death(end, "explore", cap=CAP, kernel_kills=kills)
    assert isinstance(outcome, OutOfMemory)
    assert outcome.evidence == evidence
    assert outcome.phase == "explore"


@pytest.mark.parametrize(
    ("end", "kills", "name"),
    [
        (death(-9), 0, "SIGKILL"),
        (death(-11), 1, "SIGSEGV"),
        (death(-6, said="ran out of memory, going on"), 0, "SIGABRT"),
        (death(-11, said=BAD_ALLOC), 0, "SIGSEGV"),
        (death(1, said=BAD_ALLOC), 0, None),
        (death(127), 0, None),
    ],
    ids=["killed", "another was killed", "only said so", "crashed after it", "left after it", "not found"],
)
def test_any_other_death_is_a_death(end: WorkerDied, kills: int, name: str | None) -> None:
    """Some frameworks speak of memory that they can do without."""
    outcome = name_death(end, "measure", cap=CAP, kernel_kills=kills)
    assert isinstance(outcome, Died)
    assert (outcome.signal, outcome.exit_code, outcome.phase) == (name, end.status, "measure")


def test_of_a_long_farewell_the_end_is_kept() -> None:
    """The reason of a crash comes last."""
    outcome = name_death(death(-11, said="x" * 5000 + "the end"), "load", cap=CAP, kernel_kills=0)
    assert isinstance(outcome, Died)
    assert outcome.stderr_tail.endswith("the end")
    assert len(outcome.stderr_tail) == 2000


@pytest.mark.parametrize(
    ("status", "highest", "suspect"),
    [
        (-signal.SIGSEGV, CAP, True),
        (-signal.SIGABRT, 0.71 * CAP, True),
        (-signal.SIGBUS, 0.71 * CAP, True),
        (-signal.SIGSEGV, 0.5 * CAP, False),
        (-signal.SIGTERM, CAP, False),
        (1, CAP, False),
    ],
)
def test_a_crash_near_the_cap_is_suspect(status: int, highest: float, suspect: bool) -> None:
    """A fresh worker must repeat it before it counts as an out-of-memory."""
    outcome = name_death(death(status), "explore", cap=CAP, kernel_kills=0)
    assert is_suspect(outcome, highest=int(highest), cap=CAP) is suspect


def test_an_out_of_memory_is_beyond_suspicion() -> None:
    """It is known already."""
    outcome = name_death(death(-9, killed_for="cap"), "explore", cap=CAP, kernel_kills=0)
    assert not is_suspect(outcome, highest=CAP, cap=CAP)


def test_every_status_has_a_name() -> None:
    """Signals by name where they have one."""
    assert describe_status(-11) == "signal SIGSEGV"
    assert describe_status(3) == "exit status 3"
    assert signal_name(-120) == "signal 120"
    assert signal_name(0) is None


def test_the_watchdog_objects_at_the_cap_and_remembers_the_most_it_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's own cap comes before the machine's need."""
    resident = {"now": CAP - 1}
    monkeypatch.setattr(memory, "resident", lambda pid: resident["now"])
    monkeypatch.setattr(memory, "available", lambda *_host: 2**50)
    watchdog, worker = Watchdog(CAP), Tree("alone.1")
    assert watchdog.objection(worker) is None
    resident["now"] = 5
    assert watchdog.objection(worker) is None
    assert watchdog.highest == CAP - 1
    monkeypatch.setattr(memory, "available", lambda *_host: 0)
    assert watchdog.objection(worker) == "machine"
    resident["now"] = CAP
    assert watchdog.objection(worker) == "cap"


def test_the_watchdog_looks_less_often_while_slices_are_timed() -> None:
    """Looking costs processor time."""
    watchdog = Watchdog(CAP)
    before = watchdog.period_s
    watchdog.timing()
    assert watchdog.period_s > before
