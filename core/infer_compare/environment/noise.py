"""A probe of disturbances, which a worker reads before and after each slice, outside the timed section."""

from __future__ import annotations

import os
import resource
import time
from heapq import nlargest
from math import sqrt
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment import power, processes
from infer_compare.environment.cgroup import control_groups
from infer_compare.environment.cores import TICK_NS, CoreTimes, core_times
from infer_compare.environment.host import LOCAL, Host, read
from infer_compare.environment.schedstat import has_schedstat, thread_times
from infer_compare.environment.threads import affinity
from infer_compare.results.slices import Diagnostics, ForeignProcess
from infer_compare.verdicts.protocol import GATE_BLIND_NS

if TYPE_CHECKING:
    from collections.abc import Callable

MILLISECOND = 1_000_000
SLICE_NS = 60 * MILLISECOND
BLIND_SLICE_NS = 100 * MILLISECOND
"""Shortest slice if other processes cannot be seen: `/proc/stat` is too coarse for shorter ones."""
STAT_NOISE_NS = 12 * MILLISECOND
"""Difference between `/proc/stat` and processor-time clocks on two cores; see `NoiseProbe`."""
ACTIVE_NS = MILLISECOND
ACTIVE_SHARE = 0.01
NAMED = 3
"""The most processes that are named."""
WORTH_NAMING = 0.05
"""Share of a core below which only the busiest process is named."""


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """Counters at one moment; only their differences are meaningful."""

    wall_ns: int
    own_cpu_ns: int
    system_ns: int
    minor_faults: int
    major_faults: int
    threads: dict[int, tuple[int, int]]
    """Processor time and time spent waiting for a core, in nanoseconds, by thread of this process."""
    clocks: dict[int, int]
    """Processor time of every other visible process, by PID."""
    cores: CoreTimes | None
    """Times of the cores that this process may use."""
    stolen_since_ns: int
    """Time of the last change of the steal counter."""
    throttled: int | None
    asleep_ns: int = 0
    """How long the machine has slept since it started."""
    on_battery: bool | None = None
    siblings: dict[int, int] = {}
    """Processor time of the other instances of the contender, by PID."""


class NoiseProbe:
    """Measures what other programs and the kernel took from a worker during a slice.

    Create one per worker, before a framework is imported: some frameworks pin the thread that imports them, and the
    affinity mask then no longer shows which cores may be used. A snapshot takes 0.2 to 0.5 ms.

    Foreign processor time is measured in two ways. The sum of all other processes' clocks is exact to about 1 ms, but
    covers only visible processes, and none that began and ended within the slice. The rest of `/proc/stat`
    (`wall x cores - idle - own`) covers everything, but has an error of 5 to 6 ms (standard deviation on two cores, for
    slices of 50, 100 and 200 ms). Beside a load of 3 % it alone would reject 28 % of the slices of 50 ms, and 6 % of
    those of 100 ms, of a framework whose threads wait for each other. Therefore:

    * if other processes cannot be seen (`blind`), the larger value counts. Beside a busy loop of 300 ms in another
      process namespace the clocks show 0 ms and `/proc/stat` 317 ms: with the clocks alone every slice in a container
      would pass;
    * if they can be seen, `/proc/stat` counts if it exceeds the clocks by more than its noise: 12 ms on two cores, two
      standard deviations, which grow with the square root of the number of cores because the errors are independent.
      Smaller differences are at most a tenth of what two threads use in a slice of 60 ms.

    Attributes:
        blind: whether processes outside the namespace of this process are hidden.
        schedstat: whether the kernel reports how long threads waited (a file full of zeros counts as absent).
        cores: number of logical processors that this process may use.
        slice_ns: shortest slice with meaningful diagnostics.
        siblings: PIDs of the other instances of the same contender, which do not count as foreign.
    """

    def __init__(
        self,
        host: Host = LOCAL,
        read_clock: Callable[[int], int] = processes.clock_of,
        asleep: Callable[[], int] = power.asleep_ns,
    ) -> None:
        self._host = host
        self._asleep = asleep
        self._power = power.source_of(host)
        self._read_clock = read_clock
        self._proc = str(host.path("/proc"))
        self._tasks = f"{self._proc}/self/task"
        self._stat = f"{self._proc}/stat"
        self._mask = affinity()
        self._throttle_files = tuple(
            str(path) for group in control_groups(host).cpu if (path := host.path(f"{group}/cpu.stat")).exists()
        )
        self._own_pid = os.getpid()
        self._stolen_ns = -1
        self._stolen_since_ns = 0
        self.cores = len(self._mask)
        self._countable = processes.numbers_match(host)
        self.blind = not processes.all_visible(host, read_clock)
        self.schedstat = has_schedstat(host)
        self.siblings: tuple[int, ...] = ()

    @property
    def slice_ns(self) -> int:
        """The shortest slice with meaningful diagnostics, in nanoseconds."""
        if not self.schedstat:
            return GATE_BLIND_NS
        return BLIND_SLICE_NS if self.blind else SLICE_NS

    def snapshot(self) -> Snapshot:
        """Return the current counters."""
        wall_ns = time.perf_counter_ns()
        usage = resource.getrusage(resource.RUSAGE_SELF)
        cores = core_times(self._stat, self._mask)
        if cores is not None and cores.steal_ns != self._stolen_ns:
            self._stolen_ns, self._stolen_since_ns = cores.steal_ns, wall_ns
        clocks = processes.clocks(self._proc, self._own_pid, self._read_clock) if self._countable else {}
        for pid in self.siblings:
            clocks.pop(pid, None)
        return Snapshot(
            wall_ns=wall_ns,
            own_cpu_ns=time.process_time_ns(),
            system_ns=int(usage.ru_stime * 1e9),
            minor_faults=usage.ru_minflt,
            major_faults=usage.ru_majflt,
            threads=thread_times(self._tasks) if self.schedstat else {},
            clocks=clocks,
            cores=cores,
            stolen_since_ns=self._stolen_since_ns,
            throttled=self._throttled(),
            asleep_ns=self._asleep(),
            on_battery=self._power(),
            siblings=processes.clocks_of(self.siblings, self._read_clock),
        )

    def difference(self, before: Snapshot, after: Snapshot) -> Diagnostics:
        """Return what happened between two snapshots of this probe."""
        wall_ns = after.wall_ns - before.wall_ns
        own_ns = after.own_cpu_ns - before.own_cpu_ns
        used = _advance(before.clocks, after.clocks)
        siblings_ns = sum(_advance(before.siblings, after.siblings).values())
        snapshots = (before, after)
        ran = _advance(*({tid: cpu for tid, (cpu, _) in snapshot.threads.items()} for snapshot in snapshots))
        waited = _advance(*({tid: delay for tid, (_, delay) in snapshot.threads.items()} for snapshot in snapshots))
        busiest = self._busiest(used, wall_ns)
        active_ns = max(ACTIVE_NS, ACTIVE_SHARE * wall_ns)
        return Diagnostics(
            wall_ns=wall_ns,
            own_cpu_ns=own_ns,
            # The counter is rounded from seconds, and can run backwards.
            system_ns=max(0, after.system_ns - before.system_ns),
            run_delay_ns=sum(waited.values()) if self.schedstat else None,
            foreign_ns=self._foreign(before, after, sum(used.values()), wall_ns, own_ns + siblings_ns),
            steal_share=self._steal_share(before, after, wall_ns),
            minor_faults=after.minor_faults - before.minor_faults,
            major_faults=after.major_faults - before.major_faults,
            active_threads=sum(ns > active_ns for ns in ran.values()) if self.schedstat else None,
            cores=self.cores,
            throttled=None
            if before.throttled is None or after.throttled is None
            else max(0, after.throttled - before.throttled),
            top=busiest[0] if busiest else None,
            others=tuple(busiest[1:]),
            asleep_ns=max(0, after.asleep_ns - before.asleep_ns),
            on_battery=after.on_battery,
            power_changed=before.on_battery is not after.on_battery,
        )

    def _foreign(self, before: Snapshot, after: Snapshot, seen_ns: int, wall_ns: int, own_ns: int) -> int | None:
        """Return the processor time of other programs except siblings, by the rule of the class docstring; None if unknown."""
        if before.cores is None or after.cores is None:
            return None if self.blind else seen_ns
        # The part of idle time that waits for a disk can run backwards.
        idle_ns = max(0, after.cores.idle_ns - before.cores.idle_ns)
        left_ns = wall_ns * self.cores - idle_ns - own_ns
        noise_ns = 0 if self.blind else int(STAT_NOISE_NS * sqrt(max(1.0, self.cores / 2)))
        return left_ns if left_ns > seen_ns + noise_ns else seen_ns

    def _steal_share(self, before: Snapshot, after: Snapshot, wall_ns: int) -> float | None:
        """Return the share of the cores' time that the hypervisor took.

        The counter moves in ticks of 10 ms. A single tick is spread over the time since the previous tick: otherwise a
        steal of 1 % would look like 8 % in every eighth slice of 60 ms on two cores.
        """
        if before.cores is None or after.cores is None:
            return None
        stolen_ns = max(0, after.cores.steal_ns - before.cores.steal_ns)
        span_ns = wall_ns if stolen_ns > TICK_NS else after.wall_ns - before.stolen_since_ns
        return stolen_ns / (span_ns * self.cores) if span_ns > 0 else 0.0

    def _busiest(self, used: dict[int, int], wall_ns: int) -> list[ForeignProcess]:
        """Return the processes that used most processor time, the busiest first."""
        if wall_ns <= 0:
            return []
        pids = [pid for pid in nlargest(NAMED, used, key=used.__getitem__) if used[pid] > 0]
        # Reading a name opens a file: read only those worth naming.
        named = [pid for place, pid in enumerate(pids) if not place or used[pid] >= WORTH_NAMING * wall_ns]
        return [ForeignProcess(pid, processes.name_of(pid, self._host), used[pid] / wall_ns) for pid in named]

    def _throttled(self) -> int | None:
        """Return how often quotas have stopped the control groups of this process; None if the kernel does not count it."""
        counts = [
            int(words[1])
            for file in self._throttle_files
            for line in (read(file) or b"").splitlines()
            if (words := line.split()) and words[0] == b"nr_throttled"
        ]
        return sum(counts) if counts else None


def _advance(before: dict[int, int], after: dict[int, int]) -> dict[int, int]:
    """Return the increase of each counter, from 0 if it is new or its number now belongs to another process or thread."""
    moved = {pid: clock - before.get(pid, 0) for pid, clock in after.items()}
    return {pid: ns if ns >= 0 else after[pid] for pid, ns in moved.items()}
