"""The default number of threads: physical cores within mask and quota."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infer_compare.environment.cgroup import control_groups
from infer_compare.environment.host import Host
from infer_compare.environment.threads import affinity, default_threads, logical_cores, physical_cores, usable_cores

FOUR_CORES_TWO_THREADS_EACH = {
    "/sys/devices/system/cpu/online": "0-7\n",
    **{
        f"/sys/devices/system/cpu/cpu{processor}/topology/core_cpus_list": f"{processor % 4},{processor % 4 + 4}\n"
        for processor in range(8)
    },
}


def quota(cores: float) -> dict[str, str]:
    """The files of a quota."""
    return {
        "/proc/self/cgroup": "0::/\n",
        "/proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
        "/sys/fs/cgroup/cpu.max": f"{int(cores * 100_000)} 100000\n",
    }


def test_two_threads_of_one_core_count_once(recorded) -> None:
    """Eight logical processors on four cores."""
    host = recorded(FOUR_CORES_TWO_THREADS_EACH)
    assert logical_cores(host) == 8
    assert physical_cores(host) == 4


@pytest.mark.parametrize(
    ("mask", "expected"),
    [({0, 1, 2, 3}, 4), ({0, 4}, 1), ({0, 4, 1}, 2), (set(range(8)), 4)],
)
def test_cores_outside_the_affinity_mask_do_not_count(recorded, mask: set[int], expected: int) -> None:
    """A mask can hold both halves of a core, or one half of each."""
    assert default_threads(recorded(FOUR_CORES_TWO_THREADS_EACH), frozenset(mask)) == expected


@pytest.mark.parametrize(("cores", "expected"), [(2.5, 2), (4.0, 4), (16.0, 4), (0.5, 1)])
def test_a_quota_bounds_the_threads_in_whole_cores_and_one_remains(recorded, cores: float, expected: int) -> None:
    """A third thread on two and a half cores would be stopped half of the time."""
    host = recorded({**FOUR_CORES_TWO_THREADS_EACH, **quota(cores)})
    assert default_threads(host, frozenset(range(8))) == expected


def test_usable_cores_are_logical_ones(recorded) -> None:
    """They tell what the scheduler may use, not what is worth starting."""
    host = recorded({**FOUR_CORES_TWO_THREADS_EACH, **quota(6)})
    assert usable_cores(host, frozenset(range(8))) == 6


def test_older_kernels_name_the_siblings_file_differently(recorded) -> None:
    """`thread_siblings_list` until version 5.5."""
    host = recorded(
        {f"/sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list": "0-1" for processor in (0, 1)}
    )
    assert physical_cores(host, frozenset({0, 1})) == 1


def test_without_topology_every_processor_counts_as_a_core(recorded) -> None:
    """Some sandboxes show no topology."""
    assert physical_cores(recorded({}), frozenset({0, 1, 2})) == 3


def test_without_proc_the_count_comes_from_the_system(tmp_path) -> None:
    """macOS: no topology files, no mask, no quota."""
    assert 1 <= default_threads(Host(tmp_path)) <= len(affinity())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(mask=st.frozensets(st.integers(0, 7), min_size=1), cores=st.floats(0.1, 20))
def test_the_default_is_at_least_one_and_never_more_than_mask_or_quota(recorded, mask, cores: float) -> None:
    """Whatever mask and quota leave."""
    control_groups.cache_clear()
    threads = default_threads(recorded({**FOUR_CORES_TWO_THREADS_EACH, **quota(cores)}), mask)
    assert 1 <= threads <= min(len(mask), 4)
    assert threads <= max(1, cores)


def test_this_machine_has_a_budget() -> None:
    """At least one thread, and no more than the mask holds."""
    assert 1 <= default_threads() <= len(affinity())
