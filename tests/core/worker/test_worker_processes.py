"""Workers that die, hang, lie and chatter: each has one clean end, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import psutil  # type: ignore[import-untyped] # it ships no types
import pytest

from infer_compare.environment import memory
from infer_compare.errors import ProtocolViolation, WorkerDied, WorkerTimeout
from infer_compare.interfaces import FailureKind, OperatingPoint
from infer_compare.results import Died, OutOfMemory
from infer_compare.worker.protocol import Explored, Failure, Load, Loaded, Opened
from infer_compare.worker.supervisor import Process, Watchdog, name_death
from infer_compare.worker.supervisor.ring import CAPACITY

from .conftest import Lab, ProcessEnd, explore, is_stopped, opening, until  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infer_compare.interfaces import ModelSource
    from infer_compare.worker.supervisor.tree import Tree

MIB = 2**20


class Killer:
    """Watches like the watchdog, and kills the worker from outside once it has announced a batch."""

    period_s = 0.01
    counted = ""

    def __init__(self, number: signal.Signals) -> None:
        self._number = number
        self.worker: Process | None = None

    def objection(self, worker: Tree) -> None:
        if self.worker is not None and self.worker.touched is not None:
            os.kill(worker.pid, self._number)


def open_descriptors() -> set[str]:
    """Of this process."""
    return {str(path) for path in Path("/proc/self/fd").iterdir()}


def assert_gone(worker: Process) -> None:
    """The process was waited for, and can be asked nothing."""
    assert not psutil.pid_exists(worker.pid)
    assert not worker.alive


def test_a_worker_answers_each_request_in_its_turn(lab: Lab) -> None:
    """Opened, loaded, explored, and gone after goodbye."""
    worker = lab.spawn()
    opened = lab.answer(worker, opening())
    assert isinstance(opened, Opened)
    assert opened.version == "0"
    loaded = lab.answer(worker, Load(model=lab.model, device="cpu"))
    assert isinstance(loaded, Loaded)
    assert [spec.name for spec in loaded.inputs] == ["x"]
    worker.close()
    assert_gone(worker)
    worker.close()


@pytest.fixture
def hanging_up() -> Iterator[None]:
    """A worker inherits what `nohup` set: here a hangup ends it, whatever started these tests."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hanging_up")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_worker_killed_from_outside_is_reported_with_its_signal(lab: Lab, number: signal.Signals) -> None:
    """And with the batch that it was at."""
    killer = Killer(number)
    worker = lab.ready(watchdog=killer, hang_in="run")
    killer.worker = worker
    with pytest.raises(WorkerDied, match=f"ended with signal {number.name}") as caught:
        lab.answer(worker, explore(3))
    assert caught.value.status == -number
    assert worker.touched == OperatingPoint(3)
    outcome = name_death(caught.value, "explore", cap=2**40, kernel_kills=0)
    assert isinstance(outcome, Died)
    assert outcome.signal == number.name
    assert_gone(worker)


@pytest.mark.parametrize("number", ["SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_worker_that_crashes_is_reported_with_its_signal(lab: Lab, number: str) -> None:
    """The crash handler's words are kept, where there is a chance to say any."""
    worker = lab.ready(die_in="run", die_by=number)
    with pytest.raises(WorkerDied, match=f"ended with signal {number}") as caught:
        lab.answer(worker, explore())
    assert ("Fatal Python error" in caught.value.stderr_tail) == (number != "SIGKILL")
    assert worker.touched == OperatingPoint(2)
    assert_gone(worker)


def test_a_worker_that_leaves_is_reported_with_its_exit_status(lab: Lab) -> None:
    """And with its last words."""
    worker = lab.ready("Leaving")
    with pytest.raises(WorkerDied, match="exit status 3") as caught:
        lab.answer(worker, explore())
    assert caught.value.status == 3
    assert caught.value.stderr_tail.endswith("so long")


def test_a_worker_that_is_gone_before_it_is_asked_is_reported_too(lab: Lab) -> None:
    """It may have been killed while it was idle."""
    worker = lab.ready()
    os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(WorkerDied, match="SIGKILL"):
        lab.answer(worker, explore())


def test_an_ended_worker_writes_to_no_one_else_s_file(lab: Lab, tmp_path: Path) -> None:
    """The numbers of its descriptors belong to other files by then."""
    worker = lab.ready()
    worker.end()
    files = [(tmp_path / f"{index}").open("wb") for index in range(8)]
    try:
        with pytest.raises(WorkerDied):
            lab.answer(worker, explore())
    finally:
        for file in files:
            file.close()
    assert all((tmp_path / f"{index}").stat().st_size == 0 for index in range(8))


@pytest.mark.parametrize("step", ["import", "devices"])
def test_a_worker_that_hangs_before_it_is_opened_is_ended_at_its_deadline(lab: Lab, step: str) -> None:
    """An import that never returns."""
    worker = lab.spawn()
    with pytest.raises(WorkerTimeout, match=r"within 0\.5 s") as caught:
        worker.ask(opening(hang_in=step), 0.5)
    assert caught.value.deadline_s == 0.5
    assert_gone(worker)


@pytest.mark.parametrize("step", ["load", "run"])
def test_a_worker_that_hangs_later_is_ended_at_its_deadline(lab: Lab, step: str) -> None:
    """While loading, and while running a batch, which is then known."""
    worker = lab.opened(hang_in="load") if step == "load" else lab.ready(hang_in="run")
    request = Load(model=lab.model, device="cpu") if step == "load" else explore(5)
    with pytest.raises(WorkerTimeout):
        worker.ask(request, 0.5)
    assert_gone(worker)


def test_a_worker_that_ignores_being_asked_to_go_is_killed(lab: Lab) -> None:
    """SIGINT and SIGTERM come first; SIGKILL cannot be ignored."""
    worker = lab.opened("Stubborn")
    with pytest.raises(WorkerTimeout):
        worker.ask(Load(model=lab.model, device="cpu"), 0.5)
    assert worker._popen.returncode == -signal.SIGKILL
    assert_gone(worker)


def test_a_worker_that_never_stops_writing_is_ended_at_its_deadline(lab: Lab) -> None:
    """Reading what it says must not keep the clock from being looked at."""
    worker = lab.ready("Flooding")
    with pytest.raises(WorkerTimeout) as caught:
        worker.ask(explore(), 1.0)
    assert "flood" in caught.value.stderr_tail
    assert len(caught.value.stderr_tail) <= CAPACITY
    assert_gone(worker)


def test_reading_what_a_worker_says_always_ends(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where there is always more of it."""
    worker = lab.spawn()
    with monkeypatch.context() as patch:
        patch.setattr(os, "read", lambda descriptor, size: b"more ")
        assert worker.stderr_tail.startswith("more more")


def test_rubbish_on_standard_output_does_not_break_the_protocol(lab: Lab) -> None:
    """It is kept, as far as there is room, with what was written to standard error."""
    worker = lab.ready(chatter="true")
    assert isinstance(lab.answer(worker, explore()), Explored)
    worker.close()
    assert "rubbish" in worker.stderr_tail
    assert len(worker.stderr_tail) <= CAPACITY


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"violate": "garbage"}, "not a message"),
        ({"violate": "oversized"}, "announced a message of 4294967295 bytes"),
        ({"name": "Misnumbering"}, "answered request 999 where 4 was expected"),
    ],
    ids=["garbage", "oversized", "another request's number"],
)
def test_a_worker_that_breaks_the_protocol_is_ended(lab: Lab, options: dict[str, str], reason: str) -> None:
    """Nothing that it says afterwards could be trusted."""
    worker = lab.ready(**options)
    with pytest.raises(ProtocolViolation, match=reason):
        lab.answer(worker, explore())
    assert_gone(worker)


def test_a_worker_that_dies_in_the_middle_of_an_answer_has_died(lab: Lab) -> None:
    """Half an answer is none."""
    worker = lab.ready("Halving")
    with pytest.raises(WorkerDied, match="SIGKILL"):
        lab.answer(worker, explore())
    assert_gone(worker)


def test_a_worker_that_closes_its_pipe_and_lives_on_is_ended(lab: Lab) -> None:
    """It could never answer again."""
    worker = lab.ready("Mute")
    with pytest.raises(WorkerDied):
        lab.answer(worker, explore())
    assert_gone(worker)


def test_a_request_that_cannot_be_read_ends_the_worker_with_a_reason(lab: Lab) -> None:
    """A parent of another version."""
    worker = lab.ready()
    os.write(worker._requests, b"\x00\x00\x00\x01\xc1")
    with pytest.raises(WorkerDied, match="exit status 1") as caught:
        lab.answer(worker, explore())
    assert "MessagePack" in caught.value.stderr_tail


@pytest.mark.parametrize(
    ("options", "kind", "error"),
    [
        ({"oom_above": 1}, FailureKind.OOM, "FakeOutOfMemory"),
        ({"limit_above": 1}, FailureKind.LIMIT, "FakeFailure"),
        ({"ambiguous_above": 1}, FailureKind.AMBIGUOUS, "FakeFailure"),
        ({"fail_in": "run"}, FailureKind.NO, "FakeFailure"),
        ({"name": "Exiting"}, FailureKind.NO, "SystemExit"),
        ({"name": "Interrupting"}, FailureKind.NO, "KeyboardInterrupt"),
        ({"name": "Unspeakable"}, FailureKind.NO, "RuntimeError"),
        ({"name": "Verbose"}, FailureKind.NO, "RuntimeError"),
    ],
    ids=["memory", "limit", "ambiguous", "error", "sys.exit", "interrupt", "surrogates", "a megabyte of text"],
)
def test_a_worker_survives_what_its_backend_raises(
    lab: Lab, options: dict[str, str], kind: FailureKind, error: str
) -> None:
    """And tells its class, its text and what it means; the next request is answered."""
    worker = lab.ready(**options)
    failure = lab.answer(worker, explore())
    assert isinstance(failure, Failure)
    assert failure.kind is kind
    assert failure.error.endswith(error)
    assert failure.category == "error"
    assert len(failure.text) < 20_000
    assert isinstance(lab.answer(worker, Load(model=lab.model, device="cpu")), Loaded)


def test_a_worker_tells_errors_of_the_user_from_those_of_the_backend(lab: Lab, tmp_path: Path) -> None:
    """An unknown backend, an option that is not there, a device, a format, and requests out of their order."""
    worker = lab.spawn()
    wrong = [
        (opening(name="Nobody"), "usage", "has no class Nobody"),
        (opening(colour="blue"), "usage", "no option 'colour'"),
        (explore(), "usage", "before a model"),
        (Load(model=lab.model, device="cpu"), "usage", "before it was opened"),
        (opening(), None, ""),
        (Load(model=lab.model, device="cuda:7"), "device", "no device cuda:7"),
        (Load(model=_replaced(lab, format="keras"), device="cpu"), "unsupported", "no keras models"),
        (Load(model=_replaced(lab, location=str(tmp_path / "gone.onnx")), device="cpu"), "model", "gone.onnx"),
    ]
    for request, category, text in wrong:
        answer = lab.answer(worker, request)
        if category is None:
            assert isinstance(answer, Opened)
            continue
        assert isinstance(answer, Failure)
        assert (answer.category, text in answer.text) == (category, True), answer


def test_a_suspended_worker_is_resumed_before_it_is_asked(lab: Lab) -> None:
    """It answers as if nothing had been; suspending twice is fine."""
    worker = lab.ready()
    worker.suspend()
    worker.suspend()
    until(lambda: is_stopped(worker.pid))
    assert isinstance(lab.answer(worker, explore()), Explored)


@pytest.mark.parametrize("how", [Process.close, Process.end, Process.kill])
def test_a_suspended_worker_can_be_ended(lab: Lab, how: Callable[[Process], None]) -> None:
    """Politely and otherwise."""
    worker = lab.ready()
    worker.suspend()
    until(lambda: is_stopped(worker.pid))
    how(worker)
    assert_gone(worker)


def test_suspending_stops_the_helpers_of_a_worker_too(lab: Lab) -> None:
    """A pool of threads or processes that spins would disturb the others."""
    worker = lab.ready("Parenting")
    helper = _helper(worker)
    worker.suspend()
    until(lambda: is_stopped(worker.pid) and is_stopped(helper))
    worker.resume()
    until(lambda: not is_stopped(worker.pid) and not is_stopped(helper))


@pytest.mark.parametrize("how", [Process.close, Process.end, Process.kill])
def test_no_helper_of_a_worker_is_left(lab: Lab, how: Callable[[Process], None]) -> None:
    """Whatever way the worker went."""
    worker = lab.ready("Parenting")
    end = ProcessEnd(_helper(worker))
    how(worker)
    assert_gone(worker)
    assert end.comes()


def test_a_helper_that_holds_the_pipes_does_not_hide_the_worker_s_death(lab: Lab) -> None:
    """The end of the process is told by the kernel, not by the end of its pipes."""
    worker = lab.ready("Parenting", die_in="run", die_by="SIGKILL")
    end = ProcessEnd(_helper(worker))
    with pytest.raises(WorkerDied, match="SIGKILL"):
        lab.answer(worker, explore())
    assert end.comes()


def test_leaving_the_context_ends_the_worker_and_gives_its_descriptors_back() -> None:
    """Also when the reason is an error."""
    before = open_descriptors()
    with pytest.raises(RuntimeError), Process() as worker:
        raise RuntimeError
    assert_gone(worker)
    assert open_descriptors() == before


def test_an_interpreter_that_is_not_there_costs_no_descriptor(tmp_path: Path) -> None:
    """The error is the system's own."""
    before = open_descriptors()
    with pytest.raises(FileNotFoundError):
        Process(str(tmp_path / "python"))
    assert open_descriptors() == before


def test_a_worker_that_exceeds_its_cap_is_ended_and_the_outcome_says_so(lab: Lab) -> None:
    """Long before the machine runs out of memory."""
    watchdog = Watchdog(400 * MIB)
    # The second call hangs with the memory of the first one held.
    worker = lab.ready(watchdog=watchdog, bytes_per_sample=300 * MIB, after_calls=1, hang_in="run")
    with pytest.raises(WorkerDied) as caught:
        lab.answer(worker, explore(2))
    assert caught.value.killed_for == "cap"
    assert watchdog.highest >= watchdog.cap
    outcome = name_death(caught.value, "explore", cap=watchdog.cap, kernel_kills=0)
    assert isinstance(outcome, OutOfMemory)
    assert outcome.evidence == "cap"
    assert "the cap of 400 MiB" in outcome.reason
    assert_gone(worker)


def test_a_worker_is_ended_when_the_machine_runs_out_of_memory(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the kernel has to choose."""
    worker = lab.ready(watchdog=Watchdog(2**40), hang_in="run")
    monkeypatch.setattr(memory, "available", lambda *_host: 0)
    with pytest.raises(WorkerDied) as caught:
        lab.answer(worker, explore())
    assert caught.value.killed_for == "machine"
    outcome = name_death(caught.value, "explore", cap=2**40, kernel_kills=0)
    assert isinstance(outcome, OutOfMemory)
    assert outcome.evidence == "machine"


def test_a_worker_within_its_cap_is_left_alone(lab: Lab) -> None:
    """It was looked at, and answered."""
    watchdog = Watchdog(2**40)
    worker = lab.ready(watchdog=watchdog, fixed_us=100_000)
    assert isinstance(lab.answer(worker, explore()), Explored)
    assert 0 < watchdog.highest < watchdog.cap


def test_a_worker_offers_itself_first_when_memory_runs_out(lab: Lab) -> None:
    """Its own process session keeps the terminal's Ctrl-C away."""
    worker = lab.ready()
    with open(f"/proc/{worker.pid}/oom_score_adj", encoding="ascii") as file:  # noqa: PTH123 - a kernel file
        assert int(file.read()) >= memory.OOM_SCORE
    assert os.getsid(worker.pid) == worker.pid


def test_goodbye_is_answered(lab: Lab) -> None:
    """The worker ends with status 0, having closed its session."""
    worker = lab.ready()
    worker.close()
    assert worker._popen.returncode == 0
    assert worker.stderr_tail == ""


def _helper(worker: Process) -> int:
    """The number of the process that a `Parenting` backend started."""
    found = re.search(r"helper (\d+)", worker.stderr_tail)
    assert found is not None
    return int(found[1])


def _replaced(lab: Lab, **changes: str) -> ModelSource:
    model: ModelSource = msgspec.structs.replace(lab.model, **changes)
    return model


def test_workers_that_are_dismissed_end_side_by_side(lab: Lab) -> None:
    """Before anyone waits for them, from being suspended too; what was dismissed can be asked nothing more."""
    workers = [lab.ready() for _ in range(2)]
    workers[1].suspend()
    for worker in workers:
        worker.dismiss()
        worker.dismiss()
    until = time.monotonic() + 60
    while any(worker.alive for worker in workers):
        assert time.monotonic() < until
        time.sleep(0.01)
    with pytest.raises(WorkerDied):
        lab.answer(workers[0], explore())
    for worker in workers:
        worker.close()
        assert_gone(worker)


def test_an_answer_can_be_looked_for_without_waiting_until_its_deadline(lab: Lab) -> None:
    """A look that finds none changes nothing."""
    worker = lab.spawn()
    worker.post(opening(start_ms=300))
    assert worker.look_for_answer(0.01) is None
    assert worker.alive
    looks = (worker.look_for_answer(1) for _ in range(90))
    assert isinstance(next(reply for reply in looks if reply is not None), Opened)


def test_a_deadline_counts_from_the_request_and_an_answer_that_is_there_is_taken(lab: Lab) -> None:
    """However late it is asked for."""
    worker = lab.spawn()
    worker.post(opening())
    time.sleep(1.0)
    assert worker.time_left(0.5) == 0
    while (reply := worker.look_for_answer(0.1)) is None:
        pass
    assert isinstance(reply, Opened)
