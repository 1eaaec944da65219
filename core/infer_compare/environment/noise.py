"""What disturbed a slice: read inside the worker, before and after it, outside its stamps."""

from __future__ import annotations

import os
import resource
import time
from math import sqrt
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment import processes
from infer_compare.environment.cgroup import control_groups
from infer_compare.environment.host import LOCAL, Host
from infer_compare.environment.threads import affinity
from infer_compare.results.slices import Diagnostics, ForeignProcess

if TYPE_CHECKING:
    from collections.abc import Callable

MILLISECOND = 1_000_000
SLICE_NS = 60 * MILLISECOND
BLIND_SLICE_NS = 100 * MILLISECOND
"""Where other processes cannot be seen, shorter slices drown in the coarseness of `/proc/stat`."""
NO_SCHEDSTAT_SLICE_NS = 200 * MILLISECOND
"""Without the time that threads waited, the decision rests on `/proc/stat` alone."""
STAT_NOISE_NS = 12 * MILLISECOND
"""Difference between `/proc/stat` and processor-time clocks on two idle cores; see `NoiseProbe`."""
ACTIVE_NS = MILLISECOND
ACTIVE_SHARE = 0.01


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """Counters at one moment. Only differences mean something."""

    wall_ns: int
    own_cpu_ns: int
    system_ns: int
    minor_faults: int
    major_faults: int
    threads: dict[int, tuple[int, int]]
    """Per thread of this process: processor time and time spent runnable but waiting, in nanoseconds."""
    clocks: dict[int, int]
    """Processor time of every other visible process, by PID."""
    idle_ns: int | None
    """Idle time of the cores that may be used, summed."""
    steal_ns: int | None
    stolen_since_ns: int
    """When the steal counter last moved."""
    throttled: int | None


class NoiseProbe:
    """Counts what other programs and the kernel took while a slice ran.

    Make one per worker, before a framework is imported: some pin the thread that imports them, and the affinity
    mask then no longer tells which cores may be used. A snapshot takes 0.2 to 0.5 ms.

    Foreign processor time is known in two ways. The sum of all other processes' clocks is exact to about 1 ms, but
    sees only visible processes, and none that began and ended within the slice. What `/proc/stat` leaves
    (`wall x cores - idle - own`) sees everything, but is coarse: against exact accounting it is off by 5 to 6 ms
    (standard deviation, on two cores, whether a slice lasts 50, 100 or 200 ms), so that taken at face value it
    would refuse one quiet slice of 50 ms in twenty. The rule fails closed:

    * where processes cannot be seen (`blind`), the larger of the two counts. Beside a busy loop of 300 ms in another
      process namespace the clocks show 0 ms and `/proc/stat` 317 ms: the sum alone would let everything pass in
      every container;
    * where they can be seen, `/proc/stat` counts as soon as it exceeds the clocks by more than its noise: 12 ms,
      two standard deviations, growing with the root of the number of cores as independent errors do. What stays
      below that cannot bring the wait share of a 60 ms slice on two cores above the gate's 0.10.

    Attributes:
        blind: whether processes outside this one's namespace are hidden.
        schedstat: whether the kernel tells how long threads waited (a file full of zeros counts as absent).
        cores: logical processors that this process may use.
        slice_ns: how long a slice must be, at least, for its diagnostics to mean something.
    """

    def __init__(self, host: Host = LOCAL, read_clock: Callable[[int], int] = processes.clock_of) -> None:
        self._host = host
        self._read_clock = read_clock
        self._proc = str(host.path("/proc"))
        self._tasks = f"{self._proc}/self/task"
        self._stat = f"{self._proc}/stat"
        self._mask = affinity()
        self._throttle_files = tuple(
            str(path) for group in control_groups(host).cpu if (path := host.path(f"{group}/cpu.stat")).exists()
        )
        self._own_pid = os.getpid()
        self._last_steal: tuple[int | None, int] = (None, 0)
        self._tick_ns = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
        self.cores = len(self._mask)
        self._countable = processes.numbers_match(host)
        self.blind = not processes.all_visible(host, read_clock)
        self.schedstat = has_schedstat(host)

    @property
    def slice_ns(self) -> int:
        """How long a slice must be, at least, for its diagnostics to mean something."""
        if not self.schedstat:
            return NO_SCHEDSTAT_SLICE_NS
        return BLIND_SLICE_NS if self.blind else SLICE_NS

    def snapshot(self) -> Snapshot:
        """The counters now."""
        wall_ns = time.perf_counter_ns()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        idle_ns, steal_ns = self._machine()
        last_steal, since_ns = self._last_steal
        if steal_ns != last_steal:
            since_ns = wall_ns
            self._last_steal = (steal_ns, wall_ns)
        return Snapshot(
            wall_ns=wall_ns,
            own_cpu_ns=time.process_time_ns(),
            system_ns=int(usage.ru_stime * 1e9),
            minor_faults=usage.ru_minflt,
            major_faults=usage.ru_majflt,
            threads=self._threads(),
            clocks=processes.clocks(self._proc, self._own_pid, self._read_clock) if self._countable else {},
            idle_ns=idle_ns,
            steal_ns=steal_ns,
            stolen_since_ns=since_ns,
            throttled=self._throttled(),
        )

    def difference(self, before: Snapshot, after: Snapshot) -> Diagnostics:
        """What happened between two snapshots of this probe."""
        wall_ns = after.wall_ns - before.wall_ns
        own_ns = after.own_cpu_ns - before.own_cpu_ns
        used = _advance(before.clocks, after.clocks)
        threads = {
            tid: (cpu - before.threads.get(tid, (0, 0))[0], delay - before.threads.get(tid, (0, 0))[1])
            for tid, (cpu, delay) in after.threads.items()
        }
        active_ns = max(ACTIVE_NS, ACTIVE_SHARE * wall_ns)
        return Diagnostics(
            wall_ns=wall_ns,
            own_cpu_ns=own_ns,
            system_ns=after.system_ns - before.system_ns,
            run_delay_ns=sum(delay for _, delay in threads.values()) if self.schedstat else None,
            foreign_ns=self._foreign(before, after, sum(used.values()), wall_ns, own_ns),
            steal_share=self._steal_share(before, after, wall_ns),
            minor_faults=after.minor_faults - before.minor_faults,
            major_faults=after.major_faults - before.major_faults,
            active_threads=sum(cpu > active_ns for cpu, _ in threads.values()) if self.schedstat else None,
            cores=self.cores,
            throttled=_subtract(after.throttled, before.throttled),
            top=self._top(used, wall_ns),
        )

    def _foreign(self, before: Snapshot, after: Snapshot, seen_ns: int, wall_ns: int, own_ns: int) -> int | None:
        """Processor time of everything else, by the rule that the class docstring gives; None where it is unknown."""
        idle_ns = _subtract(after.idle_ns, before.idle_ns)
        if idle_ns is None:
            return None if self.blind else seen_ns
        # `iowait` can run backwards, and ticks can show more idle time than there was.
        left_ns = wall_ns * self.cores - max(0, idle_ns) - own_ns
        noise_ns = 0 if self.blind else int(STAT_NOISE_NS * sqrt(max(1.0, self.cores / 2)))
        return left_ns if left_ns > seen_ns + noise_ns else seen_ns

    def _steal_share(self, before: Snapshot, after: Snapshot, wall_ns: int) -> float | None:
        """Share of the cores' time that the hypervisor took.

        The counter moves in ticks of 10 ms, so that a lone tick was gathered ever since the tick before it: it is
        spread over that time, lest steal of 1 % look like 8 % in every eighth slice of 60 ms on two cores.
        """
        stolen_ns = _subtract(after.steal_ns, before.steal_ns)
        if stolen_ns is None:
            return None
        span_ns = wall_ns if stolen_ns > self._tick_ns else after.wall_ns - before.stolen_since_ns
        return max(0, stolen_ns) / (span_ns * self.cores) if span_ns > 0 else 0.0

    def _top(self, used: dict[int, int], wall_ns: int) -> ForeignProcess | None:
        """The process that used most, if any used anything."""
        pid = max(used, key=used.__getitem__, default=None)
        if pid is None or used[pid] <= 0 or wall_ns <= 0:
            return None
        return ForeignProcess(pid, processes.name_of(pid, self._host), used[pid] / wall_ns)

    def _threads(self) -> dict[int, tuple[int, int]]:
        """Processor and waiting time of this process's threads, by thread number; empty without schedstat."""
        found: dict[int, tuple[int, int]] = {}
        if not self.schedstat:
            return found
        for name in os.listdir(self._tasks):  # noqa: PTH208 - faster than making paths, and in every slice
            match _read(f"{self._tasks}/{name}/schedstat").split():
                case [cpu, delay, *_]:
                    found[int(name)] = (int(cpu), int(delay))
        return found

    def _machine(self) -> tuple[int | None, int | None]:
        """Idle and stolen time of the cores that may be used, in nanoseconds; None where the kernel does not tell."""
        whole: tuple[int, int] | None = None
        of_mask = [0, 0]
        listed = in_mask = 0
        for line in _read(self._stat).splitlines():
            if not line.startswith(b"cpu"):
                break
            words = line.split()
            if len(words) < 9:
                return None, None
            idle, steal = int(words[4]) + int(words[5]), int(words[8])
            if words[0] == b"cpu":
                whole = idle, steal
                continue
            listed += 1
            if int(words[0][3:]) in self._mask:
                in_mask += 1
                of_mask[0] += idle
                of_mask[1] += steal
        if whole is None:
            return None, None
        # The machine's own sum is rounded to ticks once, not once per core.
        idle, steal = whole if in_mask == listed else of_mask
        return idle * self._tick_ns, steal * self._tick_ns

    def _throttled(self) -> int | None:
        """How often quotas have stopped the control groups of this process; None where that is not counted."""
        counts = [
            int(words[1])
            for file in self._throttle_files
            for line in _read(file).splitlines()
            if (words := line.split()) and words[0] == b"nr_throttled"
        ]
        return sum(counts) if counts else None


def has_schedstat(host: Host = LOCAL) -> bool:
    """Whether the kernel tells how long threads waited for a core; some keep the file and fill it with zeros."""
    match (host.text("/proc/self/schedstat") or "").split():
        case [cpu, _, _]:
            return cpu != "0"
    return False


def _advance(before: dict[int, int], after: dict[int, int]) -> dict[int, int]:
    """How far each clock moved; a process that was not there before, or took over a PID, counts from 0."""
    moved = {pid: clock - before.get(pid, 0) for pid, clock in after.items()}
    return {pid: ns if ns >= 0 else after[pid] for pid, ns in moved.items()}


def _subtract(after: int | None, before: int | None) -> int | None:
    """The difference of two readings; None where one is missing."""
    return None if after is None or before is None else after - before


def _read(path: str) -> bytes:
    """The content of a small kernel file, with as little work as Python allows; empty where it is gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(descriptor, 65_536):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
