"""The memory limit that applies: the machine's memory, or the smallest that a control group sets."""

from __future__ import annotations

import pytest

from infer_compare.environment import machine, memory
from infer_compare.environment.cgroup import control_groups
from infer_compare.worker.supervisor import Watchdog
from infer_compare.worker.supervisor.tree import Tree

MIB = 2**20
GIB = 2**30
POD = "/sys/fs/cgroup/kubepods/pod1"
BIG_HOST = {
    "/proc/meminfo": f"MemTotal: {256 * 2**20} kB\nMemAvailable: {200 * 2**20} kB\nSwapTotal: {8 * 2**20} kB\nSwapFree: 0 kB\n",
    "/proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "/proc/self/cgroup": "0::/kubepods/pod1/main\n",
}
V1 = {
    **BIG_HOST,
    "/proc/self/mountinfo": "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
    "/proc/self/cgroup": "4:memory:/docker/abc\n",
}


def version_2(folder: str, limit: int | str, used: int, name: str = "memory.max", **stat: int) -> dict[str, str]:
    """The files of a group of version 2."""
    return {
        f"{folder}/{name}": f"{limit}\n",
        f"{folder}/memory.current": f"{used}\n",
        f"{folder}/memory.stat": "".join(f"{key} {value}\n" for key, value in stat.items()),
    }


def version_1(limit: int, used: int, **stat: int) -> dict[str, str]:
    """The files of a container's group of version 1."""
    return {
        "/sys/fs/cgroup/memory/memory.limit_in_bytes": f"{limit}\n",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes": f"{used}\n",
        "/sys/fs/cgroup/memory/memory.stat": "".join(f"{key} {value}\n" for key, value in stat.items()),
    }


@pytest.mark.parametrize(
    ("size", "reserve"),
    [
        (600 * MIB, 60 * MIB),
        (1_100 * MIB, 110 * MIB),
        (4 * GIB, 409.6 * MIB),
        (8 * GIB, 512 * MIB),
        (64 * GIB, 3.2 * GIB),
    ],
)
def test_the_reserve_is_of_the_control_group_and_never_more_than_a_tenth_of_it(recorded, size, reserve) -> None:
    """5 % of a host of 256 GiB would be more than all that a container of 12 GiB may use."""
    limit = memory.limit(recorded({**BIG_HOST, **version_2(f"{POD}/main", size, 0)}))
    assert (limit.kind, limit.group, limit.size) == ("control group", f"{POD}/main", size)
    assert limit.reserve == pytest.approx(reserve, abs=1)


@pytest.mark.parametrize(("size", "reserve"), [(2, 0.2), (4, 0.4), (8, 0.5), (16, 0.8)])
def test_the_reserve_is_of_the_machine_where_no_group_sets_a_limit(recorded, size, reserve) -> None:
    """At least 512 MiB, 5 % of a large machine, and a tenth of a small one."""
    limit = memory.limit(recorded({"/proc/meminfo": f"MemTotal: {size * 2**20} kB\nMemAvailable: 1048576 kB\n"}))
    assert (limit.kind, limit.group) == ("machine", "")
    assert limit.reserve == pytest.approx(reserve * GIB, abs=1)


def test_a_group_that_allows_more_than_the_machine_has_is_no_limit(recorded) -> None:
    """The machine ends first."""
    assert memory.limit(recorded({**BIG_HOST, **version_2(POD, 300 * GIB, 0)})).kind == "machine"


def test_the_tightest_of_nested_groups_applies_and_each_bounds_what_is_left(recorded) -> None:
    """The container may hold 2 GiB, the pod 3 GiB, of which its other containers have left 512 MiB."""
    host = recorded(
        {**BIG_HOST, **version_2(POD, 3 * GIB, 5 * GIB // 2), **version_2(f"{POD}/main", 2 * GIB, GIB // 4)}
    )
    limit = memory.limit(host)
    assert (limit.group, limit.size, limit.available) == (f"{POD}/main", 2 * GIB, GIB // 2)


def test_memory_high_is_a_limit_too(recorded) -> None:
    """Above it the kernel slows every process of the group down."""
    host = recorded({**BIG_HOST, **version_2(POD, 2 * GIB, 0), **version_2(POD, GIB, 0, name="memory.high")})
    assert memory.limit(host).size == GIB


def test_file_pages_and_slab_that_the_kernel_drops_first_are_left(recorded) -> None:
    """Libraries that were just read, which are active pages too, do not make a container look full."""
    stat = {"anon": 100, "inactive_file": 30, "active_file": 20, "slab_reclaimable": 7, "shmem": 99}
    assert control_groups(recorded({**BIG_HOST, **version_2(POD, 1_000, 600, **stat)})).memory_left() == 457


def test_version_1_counts_the_file_pages_of_groups_below_too(recorded) -> None:
    """Its own lines do not include them, those that begin with `total_` do."""
    stat = {"active_file": 1, "total_inactive_file": 30, "total_active_file": 20}
    assert control_groups(recorded({**V1, **version_1(1_000, 600, **stat)})).memory_left() == 450


def test_a_limit_on_memory_and_swap_together_can_be_the_nearer_one(recorded) -> None:
    """300 bytes lie in swap, so that memory and swap end before memory does."""
    files = {
        "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes": "1000\n",
        "/sys/fs/cgroup/memory/memory.memsw.usage_in_bytes": "900\n",
    }
    assert control_groups(recorded({**V1, **version_1(1_000, 600), **files})).memory_left() == 100


def test_version_1_tells_the_limit_of_groups_that_a_container_cannot_see(recorded) -> None:
    """The pod above the container allows 1 GiB; only the container's own group is mounted."""
    unlimited = 9223372036854771712
    host = recorded({**V1, **version_1(unlimited, 0, hierarchical_memory_limit=GIB)})
    assert memory.limit(host).size == GIB


def test_swap_is_that_of_the_control_group(recorded) -> None:
    """What the host has in swap belongs to others."""
    files = {f"{POD}/memory.swap.max": "0\n", f"{POD}/main/memory.swap.current": "0\n"}
    assert memory.swap(recorded({**BIG_HOST, **version_2(POD, GIB, 0), **files})) == (0, 0)


def test_a_worker_may_not_hold_what_is_kept_in_reserve(recorded) -> None:
    """80 % of what is left would reach into it where little is left."""
    host = recorded({**BIG_HOST, **version_2(POD, GIB, GIB - 200 * MIB)})
    assert memory.default_cap(host) == pytest.approx(200 * MIB - GIB / 10, abs=1)
    empty = recorded({**BIG_HOST, **version_2(POD, GIB, GIB)})
    assert memory.default_cap(empty) == 0


def test_a_run_records_which_limit_applied(recorded) -> None:
    """The machine's memory, and what its control group allows of it."""
    found = machine.describe(recorded({**BIG_HOST, **version_2(POD, GIB, 0)}), environ={})
    assert (found.memory_total, found.memory_limit, found.memory_group) == (256 * GIB, GIB, POD)
    assert found.usable_memory == GIB
    bare = machine.describe(recorded({**BIG_HOST, **version_2(POD, "max", 0)}), environ={})
    assert (bare.memory_limit, bare.usable_memory) == (None, 256 * GIB)


def test_the_watchdog_keeps_the_reserve_of_the_limit_that_applies(recorded, monkeypatch) -> None:
    """A container of 1,100 MiB with 500 MiB left is far from its end, on however large a host; with 100 MiB it is not."""
    answers = {left: memory.limit(recorded({**BIG_HOST, **version_2(POD, 1_100 * MIB, 1_100 * MIB - left)}))
               for left in (500 * MIB, 100 * MIB)}  # fmt: skip
    for left, objection in ((500 * MIB, None), (100 * MIB, "machine")):
        monkeypatch.setattr(memory, "limit", lambda left=left: answers[left])
        monkeypatch.setattr(memory, "available", lambda left=left: left)
        assert Watchdog(GIB).objection(Tree("nobody.1")) == objection
