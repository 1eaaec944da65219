"""What disturbed a slice: counters before and after, on recorded machines and on this one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infer_compare.environment import noise, processes
from infer_compare.environment.cores import TICK_NS, CoreTimes, core_times
from infer_compare.environment.gate import rejection
from infer_compare.environment.host import Host
from infer_compare.environment.noise import NoiseProbe, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MS = 1_000_000
OPEN = {
    "/proc/2/comm": "kthreadd\n",
    "/proc/self/status": "Name:\tpython\nNSpid:\t4242\n",
    "/proc/self/schedstat": "163753 4627 2\n",
    "/proc/self/task/4242/schedstat": "1000000 2000 5\n",
    "/proc/stat": "cpu  100 0 100 1000 10 0 5 16 0 0\ncpu0 50 0 50 600 5 0 5 6 0 0\ncpu1 50 0 50 400 5 0 0 10 0 0\nintr 1\n",
}
CONTAINER = OPEN | {"/proc/2/comm": "sh\n"}


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded machines have two cores, whatever this one has."""
    monkeypatch.setattr(noise, "affinity", lambda: frozenset({0, 1}))


@pytest.fixture
def probe(recorded: Callable[[dict[str, str]], Host]) -> NoiseProbe:
    """A probe on a recorded machine where everything can be seen."""
    return NoiseProbe(recorded(OPEN), lambda _: 0)


@pytest.fixture
def blind_probe(recorded: Callable[[dict[str, str]], Host]) -> NoiseProbe:
    """A probe in a recorded container."""
    return NoiseProbe(recorded(CONTAINER), lambda _: 0)


START = Snapshot(
    wall_ns=10_000 * MS,
    own_cpu_ns=500 * MS,
    system_ns=50 * MS,
    minor_faults=1_000,
    major_faults=3,
    threads={1: (400 * MS, 10 * MS), 2: (100 * MS, 5 * MS)},
    clocks={1: 7_000 * MS, 77: 100 * MS, 123: 9_000 * MS},
    cores=CoreTimes(idle_ns=1_000_000 * MS, steal_ns=160 * MS),
    stolen_since_ns=2_000 * MS,
    throttled=4,
)


def later(**changes: object) -> Snapshot:
    """The counters 60 ms after START, both cores used up by the worker, but for what is changed."""
    quiet = msgspec.structs.replace(
        START,
        wall_ns=START.wall_ns + 60 * MS,
        own_cpu_ns=START.own_cpu_ns + 120 * MS,
        threads={1: (460 * MS, 10 * MS), 2: (160 * MS, 5 * MS)},
    )
    return msgspec.structs.replace(quiet, **changes)


def test_a_quiet_slice_shows_nothing_foreign(probe: NoiseProbe) -> None:
    """Both threads ran all the time and nobody else did."""
    found = probe.difference(START, later())
    assert found.wall_ns == 60 * MS
    assert found.own_cpu_ns == 120 * MS
    assert found.foreign_ns == 0
    assert found.run_delay_ns == 0
    assert found.wait_share == 0
    assert found.active_threads == 2
    assert found.cores == 2
    assert found.top is None
    assert found.throttled == 0
    assert found.steal_share == 0


def test_counters_of_the_worker_are_differences(probe: NoiseProbe) -> None:
    """Faults, time in the kernel and stops by the quota."""
    found = probe.difference(START, later(minor_faults=1_500, major_faults=4, system_ns=80 * MS, throttled=6))
    assert (found.minor_faults, found.major_faults, found.system_ns, found.throttled) == (500, 1, 30 * MS, 2)


def test_the_busiest_foreign_process_is_named(probe: NoiseProbe, recorded) -> None:
    """PID 123 ran for 59 of 60 ms, PID 1 for one."""
    recorded({"/proc/123/comm": "compiler\n"})
    clocks = {1: 7_001 * MS, 77: 100 * MS, 123: 9_059 * MS}
    found = probe.difference(START, later(clocks=clocks, own_cpu_ns=560 * MS))
    assert found.foreign_ns == 60 * MS
    assert found.top is not None
    assert (found.top.pid, found.top.name) == (123, "compiler")
    assert found.top.share == pytest.approx(59 / 60)


def test_a_process_that_has_ended_meanwhile_is_named_with_a_question_mark(probe: NoiseProbe) -> None:
    """Its clock was read, its name can no longer be."""
    found = probe.difference(START, later(clocks={123: 9_059 * MS}))
    assert found.top is not None
    assert found.top.name == "?"


@pytest.mark.parametrize("kind", ["probe", "blind_probe"])
def test_what_the_other_instances_take_is_not_foreign(kind: str, request: pytest.FixtureRequest) -> None:
    """Whether other processes can be seen or not: one core is the worker's, one its sibling's."""
    probe = request.getfixturevalue(kind)
    before = msgspec.structs.replace(START, siblings={500: 3 * MS})
    after = later(own_cpu_ns=560 * MS, siblings={500: 63 * MS})
    assert probe.difference(before, after).foreign_ns == 0
    assert probe.difference(START, later(own_cpu_ns=560 * MS)).foreign_ns == 60 * MS


def test_the_other_instances_are_not_among_the_foreign_processes(probe: NoiseProbe, recorded) -> None:
    """Their clocks are read apart."""
    recorded({"/proc/77/comm": "python\n", "/proc/123/comm": "compiler\n"})
    probe.siblings = (77,)
    seen = probe.snapshot()
    assert set(seen.siblings) == {77}
    assert 77 not in seen.clocks
    assert 123 in seen.clocks


def test_processes_that_were_not_there_before_count_from_nothing(probe: NoiseProbe) -> None:
    """A new PID, and one that another process has taken over."""
    clocks = {**START.clocks, 200: 20 * MS, 123: 30 * MS}
    found = probe.difference(START, later(clocks=clocks))
    assert found.foreign_ns == 50 * MS


def test_waiting_is_summed_over_threads_old_and_new(probe: NoiseProbe) -> None:
    """A thread that was started meanwhile counts whole; an idle one is not active."""
    threads = {1: (460 * MS, 20 * MS), 2: (100 * MS, 5 * MS), 3: (50 * MS, 4 * MS)}
    found = probe.difference(START, later(threads=threads))
    assert found.run_delay_ns == 14 * MS
    assert found.active_threads == 2


def test_a_housekeeping_thread_is_not_an_active_one(probe: NoiseProbe) -> None:
    """Less than 1 ms in a short slice, less than a hundredth of a long one."""
    short = probe.difference(START, later(threads={1: (460 * MS, 0), 2: (100 * MS + 900_000, 0)}))
    assert short.active_threads == 1
    slow = later(wall_ns=START.wall_ns + 5_000 * MS, threads={1: (5_400 * MS, 0), 2: (140 * MS, 0)})
    assert probe.difference(START, slow).active_threads == 1


def test_ticks_within_their_noise_do_not_accuse_anyone(probe: NoiseProbe) -> None:
    """The worker used 110 of 120 ms and no idle tick was counted: 10 ms are within what ticks can miss."""
    found = probe.difference(START, later(own_cpu_ns=610 * MS))
    assert found.foreign_ns == 0


def test_time_that_no_visible_process_used_counts_beyond_the_noise_of_ticks(probe: NoiseProbe) -> None:
    """Short-lived processes took 60 of 120 ms: born and dead within the slice, no clock shows them."""
    found = probe.difference(START, later(own_cpu_ns=560 * MS))
    assert found.foreign_ns == 60 * MS
    assert found.top is None


def test_in_a_container_idle_time_tells_what_clocks_cannot(blind_probe: NoiseProbe) -> None:
    """No tick of noise is granted where nobody can be seen: it fails closed."""
    found = blind_probe.difference(START, later(own_cpu_ns=610 * MS))
    assert found.foreign_ns == 10 * MS


def test_in_a_container_visible_processes_count_too(blind_probe: NoiseProbe) -> None:
    """The larger of both views."""
    clocks = {**START.clocks, 123: 9_050 * MS}
    found = blind_probe.difference(START, later(clocks=clocks))
    assert found.foreign_ns == 50 * MS


def test_idle_time_that_runs_backwards_is_no_foreign_work(probe: NoiseProbe) -> None:
    """The part of it that waits for disks may decrease."""
    cores = CoreTimes(idle_ns=START.cores.idle_ns - 50 * MS, steal_ns=160 * MS) if START.cores else None
    assert probe.difference(START, later(cores=cores)).foreign_ns == 0


def test_without_any_view_of_others_foreign_time_is_unknown(recorded) -> None:
    """Neither processes nor `/proc/stat`: not zero, but not known."""
    files = {name: text for name, text in CONTAINER.items() if name != "/proc/stat"}
    probe = NoiseProbe(recorded(files), lambda _: 0)
    found = probe.difference(probe.snapshot(), probe.snapshot())
    assert found.foreign_ns is None
    assert found.steal_share is None


def test_a_machine_without_proc_is_probed_for_what_the_process_itself_knows(tmp_path) -> None:
    """macOS: no gate, and no error."""
    probe = NoiseProbe(Host(tmp_path))
    found = probe.difference(probe.snapshot(), probe.snapshot())
    assert found.run_delay_ns is None
    assert found.foreign_ns is None
    assert found.active_threads is None
    assert found.throttled is None
    assert found.wall_ns >= 0
    assert probe.blind


@pytest.mark.parametrize(
    ("stolen_ticks", "since_ns", "expected"),
    [
        (1, START.wall_ns - 10 * MS, 10 / (70 * 2)),
        (1, START.wall_ns - 940 * MS, 10 / (1_000 * 2)),
        (3, START.wall_ns - 940 * MS, 30 / (60 * 2)),
    ],
)
def test_a_lone_tick_of_steal_is_spread_over_the_time_it_took_to_gather(
    probe: NoiseProbe, stolen_ticks: int, since_ns: int, expected: float
) -> None:
    """One tick soon after another tells of much steal, one after a second of silence of little."""
    assert TICK_NS == 10 * MS
    before = msgspec.structs.replace(START, stolen_since_ns=since_ns)
    cores = CoreTimes(idle_ns=1_000_000 * MS, steal_ns=160 * MS + stolen_ticks * TICK_NS)
    found = probe.difference(before, later(cores=cores))
    assert found.steal_share == pytest.approx(expected)


def test_the_probe_remembers_when_steal_last_moved(recorded) -> None:
    """The moment stays while the counter does, and moves with it."""
    probe = NoiseProbe(recorded(OPEN), lambda _: 0)
    first, second = probe.snapshot(), probe.snapshot()
    recorded({"/proc/stat": OPEN["/proc/stat"].replace(" 16 0 0", " 17 0 0")})
    third = probe.snapshot()
    assert first.stolen_since_ns == second.stolen_since_ns == first.wall_ns
    assert third.stolen_since_ns == third.wall_ns


def test_quotas_stops_are_counted_over_the_whole_line_of_groups(recorded) -> None:
    """A quota above the worker's own group stops it as well."""
    files = OPEN | {
        "/proc/self/cgroup": "0::/a/b\n",
        "/proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
        "/sys/fs/cgroup/a/b/cpu.stat": "nr_periods 9\nnr_throttled 1\n",
        "/sys/fs/cgroup/a/cpu.stat": "nr_periods 9\nnr_throttled 2\n",
    }
    probe = NoiseProbe(recorded(files), lambda _: 0)
    before = probe.snapshot()
    recorded({"/sys/fs/cgroup/a/cpu.stat": "nr_periods 9\nnr_throttled 7\n"})
    assert probe.difference(before, probe.snapshot()).throttled == 5


@pytest.mark.parametrize(
    ("changes", "blind"),
    [
        ({}, False),
        ({"/proc/2/comm": "bash\n"}, True),
        ({"/proc/self/status": "NSpid:\t4242\t7\n"}, True),
        ({"/proc/self/status": "Name:\tpython\n"}, True),
    ],
)
def test_a_namespace_of_its_own_is_recognised(recorded, changes: dict[str, str], blind: bool) -> None:
    """By the second process, or by a second number for oneself; then slices are longer."""
    probe = NoiseProbe(recorded(OPEN | changes), lambda _: 0)
    assert probe.blind is blind
    assert probe.slice_ns == (100 if blind else 60) * MS


def test_clocks_that_are_denied_blind_the_probe(recorded) -> None:
    """A sandbox can forbid the call."""

    def denied(_: int) -> int:
        raise PermissionError

    assert NoiseProbe(recorded(OPEN), denied).blind


def test_without_schedstat_slices_are_longer_still(recorded) -> None:
    """The decision then rests on ticks."""
    probe = NoiseProbe(recorded(OPEN | {"/proc/self/schedstat": "0 0 0\n"}), lambda _: 0)
    assert not probe.schedstat
    assert probe.slice_ns == 200 * MS
    assert probe.snapshot().threads == {}


def test_numbers_of_another_namespace_are_not_taken_for_clocks(recorded) -> None:
    """In a namespace with the machine's own `/proc`, the numbers there belong to others."""
    files = OPEN | {"/proc/self/status": "NSpid:\t4242\t7\n", "/proc/9/comm": "innocent\n"}
    probe = NoiseProbe(recorded(files), lambda _: 5 * MS)
    assert probe.snapshot().clocks == {}


def test_clocks_are_read_of_all_processes_but_ones_own(recorded) -> None:
    """Words among the numbers are passed over, as is what has ended meanwhile."""
    host = recorded({"/proc/7/comm": "a", "/proc/8/comm": "b", "/proc/9/comm": "c", "/proc/meminfo": "x"})
    times = {7: 70, 9: 90}

    def read(pid: int) -> int:
        if pid not in times:
            raise ProcessLookupError
        return times[pid]

    assert processes.clocks(str(host.path("/proc")), 9, read) == {7: 70}


def test_the_machines_own_sum_is_taken_when_all_cores_may_be_used(recorded) -> None:
    """It is rounded to ticks once; a mask sums its own lines."""
    text = "cpu  9 0 9 1001 10 0 0 3 0 0\ncpu0 1 0 1 600 5 0 0 1 0 0\ncpu1 1 0 1 400 5 0 0 1 0 0\nctxt 1\n"
    stat = str(recorded({"/proc/stat": text}).path("/proc/stat"))
    assert core_times(stat, frozenset({0, 1})) == CoreTimes(1011 * TICK_NS, 3 * TICK_NS)
    assert core_times(stat, frozenset({1})) == CoreTimes(405 * TICK_NS, 1 * TICK_NS)
    assert core_times(stat + ".missing", frozenset({0})) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    used=st.dictionaries(st.integers(3, 99), st.integers(0, 200 * MS), max_size=5),
    idle_ms=st.integers(0, 200),
    own_ms=st.integers(0, 130),
)
def test_what_processes_used_is_never_understated(probe, blind_probe, used, idle_ms: int, own_ms: int) -> None:
    """Foreign time is at least what the visible clocks show, and a blind probe shows no less than a seeing one."""
    before = msgspec.structs.replace(START, clocks=dict.fromkeys(used, 0))
    after = later(
        clocks=used,
        own_cpu_ns=START.own_cpu_ns + own_ms * MS,
        cores=CoreTimes(idle_ns=1_000_000 * MS + idle_ms * MS, steal_ns=160 * MS),
    )
    seeing = probe.difference(before, after).foreign_ns
    blind = blind_probe.difference(before, after).foreign_ns
    assert seeing is not None
    assert blind is not None
    assert sum(used.values()) <= seeing <= blind


@pytest.fixture
def busy_child() -> Iterator[subprocess.Popen[str]]:
    """A process that does nothing but use a core."""
    program = "print('spinning', flush=True)\nwhile True: pass"
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        yield child
    finally:
        child.kill()
        child.communicate()


@pytest.mark.linux
def test_a_busy_program_beside_a_slice_is_seen(monkeypatch: pytest.MonkeyPatch, busy_child) -> None:
    """A real child in a loop shows as foreign time, and somebody at least half as busy is named."""
    monkeypatch.undo()
    probe = NoiseProbe()
    before = probe.snapshot()
    until, spent = time.monotonic() + 60, 0
    # However little of a core other tests leave it.
    while spent < 200 * MS:
        assert time.monotonic() < until
        time.sleep(0.2)
        after = probe.snapshot()
        spent = after.clocks[busy_child.pid] - before.clocks[busy_child.pid]
    found = probe.difference(before, after)
    assert found.foreign_ns is not None
    assert found.foreign_ns > 0.8 * spent
    assert found.top is not None
    assert found.top.share > 0.5 * spent / found.wall_ns


@pytest.mark.linux
def test_an_idle_program_beside_a_slice_is_not_counted() -> None:
    """A real child that waits for input uses nothing; our own work is not foreign."""
    program = "print('idle', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.05)
        probe = NoiseProbe()
        before = probe.snapshot()
        deadline = time.perf_counter() + 0.2
        while time.perf_counter() < deadline:
            pass
        after = probe.snapshot()
        assert after.clocks[child.pid] - before.clocks[child.pid] < 20 * MS
        assert os.getpid() not in after.clocks
        assert probe.difference(before, after).own_cpu_ns > 20 * MS
        child.communicate("\n")


@pytest.mark.linux
def test_a_worker_that_shares_one_core_with_a_busy_program_is_refused(busy_child) -> None:
    """Pinned to the same core they take turns; the gate names the culprit."""
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(busy_child.pid, {core})
    program = (
        "import msgspec, os, time\n"
        f"os.sched_setaffinity(0, {{{core}}})\n"
        "from infer_compare.environment.gate import rejection\n"
        "from infer_compare.environment.noise import NoiseProbe\n"
        "probe = NoiseProbe()\n"
        "before = probe.snapshot()\n"
        "deadline = time.perf_counter() + 0.4\n"
        "while time.perf_counter() < deadline: pass\n"
        "found = probe.difference(before, probe.snapshot())\n"
        "found = msgspec.structs.replace(found, major_faults=0, steal_share=0.0, throttled=0)\n"
        "print(rejection(found, threads=1, schedstat=probe.schedstat))\n"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "other programs" in answer


def test_an_undisturbed_recorded_slice_passes_the_gate(probe: NoiseProbe) -> None:
    """Probe and gate together."""
    assert rejection(probe.difference(START, later()), threads=2, schedstat=True) is None
