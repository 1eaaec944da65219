"""Limits of control groups, as recorded on machines with version 1, version 2 and both."""

from __future__ import annotations

from infer_compare.environment.cgroup import control_groups

GIB = 2**30
V2_MOUNT = "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
V1_MOUNTS = (
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
)
USER_SLICE = "/sys/fs/cgroup/user.slice"
SCOPE = f"{USER_SLICE}/run-1.scope"


def test_a_machine_without_control_groups_sets_no_limit(recorded) -> None:
    """No quota, no memory limit, and counters that are not there."""
    groups = control_groups(recorded({}))
    assert groups.quota_cores() is None
    assert groups.memory_left() is None
    assert groups.throttled() is None
    assert groups.kills() is None


def test_the_tightest_quota_of_version_2_counts_wherever_it_is_set(recorded) -> None:
    """A scope allows four cores, the slice above it one and a half."""
    host = recorded(
        {
            "/proc/self/cgroup": "0::/user.slice/run-1.scope\n",
            "/proc/self/mountinfo": V2_MOUNT,
            f"{SCOPE}/cpu.max": "400000 100000\n",
            f"{USER_SLICE}/cpu.max": "150000 100000\n",
        }
    )
    assert control_groups(host).quota_cores() == 1.5


def test_a_quota_of_max_is_no_quota(recorded) -> None:
    """Version 2 writes `max`."""
    host = recorded(
        {
            "/proc/self/cgroup": "0::/user.slice\n",
            "/proc/self/mountinfo": V2_MOUNT,
            f"{USER_SLICE}/cpu.max": "max 100000\n",
        }
    )
    assert control_groups(host).quota_cores() is None


def test_a_container_of_version_2_finds_its_limits_at_the_mount_point(recorded) -> None:
    """With a namespace of its own the path is `/`, or leads out of what is mounted."""
    for path in ("/", "/../other"):
        control_groups.cache_clear()
        host = recorded(
            {
                "/proc/self/cgroup": f"0::{path}\n",
                "/proc/self/mountinfo": V2_MOUNT,
                "/sys/fs/cgroup/cpu.max": "200000 100000\n",
                "/sys/fs/cgroup/memory.max": f"{4 * GIB}\n",
                "/sys/fs/cgroup/memory.current": f"{3 * GIB}\n",
                "/sys/fs/cgroup/memory.stat": f"anon {GIB}\ninactive_file {2 * GIB}\n",
                "/sys/fs/cgroup/memory.events": "low 0\nmax 7\noom 2\noom_kill 1\n",
                "/sys/fs/cgroup/cpu.stat": "usage_usec 1\nnr_periods 9\nnr_throttled 5\n",
            }
        )
        groups = control_groups(host)
        assert groups.quota_cores() == 2.0
        assert groups.memory_left() == 3 * GIB
        assert groups.kills() == 1
        assert groups.throttled() == 5


def test_version_1_sets_its_quota_in_two_files(recorded) -> None:
    """The controllers `cpu` and `cpuacct` share a folder there."""
    host = recorded(
        {
            "/proc/self/cgroup": "4:memory:/job\n2:cpu,cpuacct:/job\n0::/\n",
            "/proc/self/mountinfo": V1_MOUNTS,
            "/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "250000\n",
            "/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
            "/sys/fs/cgroup/cpu,cpuacct/job/cpu.stat": "nr_periods 10\nnr_throttled 2\nthrottled_time 5\n",
            "/sys/fs/cgroup/cpu,cpuacct/cpu.stat": "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n",
            "/sys/fs/cgroup/memory/job/memory.limit_in_bytes": f"{2 * GIB}\n",
            "/sys/fs/cgroup/memory/job/memory.usage_in_bytes": f"{GIB}\n",
            "/sys/fs/cgroup/memory/job/memory.stat": f"inactive_file 1\ntotal_inactive_file {GIB // 2}\n",
            "/sys/fs/cgroup/memory/job/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes": f"{9 * GIB}\n",
        }
    )
    groups = control_groups(host)
    assert groups.quota_cores() == 2.5
    assert groups.throttled() == 2
    assert groups.memory_left() == GIB + GIB // 2
    assert groups.kills() == 4


def test_a_quota_of_minus_one_is_no_quota(recorded) -> None:
    """Version 1 writes -1."""
    host = recorded(
        {
            "/proc/self/cgroup": "2:cpu,cpuacct:/\n",
            "/proc/self/mountinfo": V1_MOUNTS,
            "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        }
    )
    assert control_groups(host).quota_cores() is None


def test_a_container_of_version_1_sees_only_its_part_of_the_tree(recorded) -> None:
    """The path is told from the machine's root, and the mount shows the container's own group."""
    host = recorded(
        {
            "/proc/self/cgroup": "2:cpu,cpuacct:/docker/abc/inner\n",
            "/proc/self/mountinfo": "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu,cpuacct\n",
            "/sys/fs/cgroup/cpu/inner/cpu.cfs_quota_us": "300000\n",
            "/sys/fs/cgroup/cpu/inner/cpu.cfs_period_us": "100000\n",
            "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n",
            "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        }
    )
    assert control_groups(host).quota_cores() == 1.0


def test_a_group_above_its_memory_limit_leaves_nothing(recorded) -> None:
    """Never a negative number of bytes."""
    host = recorded(
        {
            "/proc/self/cgroup": "0::/\n",
            "/proc/self/mountinfo": V2_MOUNT,
            "/sys/fs/cgroup/memory.max": "100\n",
            "/sys/fs/cgroup/memory.current": "300\n",
        }
    )
    assert control_groups(host).memory_left() == 0


def test_a_limit_without_a_figure_of_use_says_nothing(recorded) -> None:
    """What is left is then not known."""
    host = recorded(
        {
            "/proc/self/cgroup": "0::/\n",
            "/proc/self/mountinfo": V2_MOUNT,
            "/sys/fs/cgroup/memory.max": "100\n",
        }
    )
    assert control_groups(host).memory_left() is None


def test_torn_lines_are_passed_over(recorded) -> None:
    """What cannot be understood is as if it were not there."""
    host = recorded({"/proc/self/cgroup": "nonsense\n0::/\n", "/proc/self/mountinfo": f"1 2\n- -\n{V2_MOUNT}"})
    assert control_groups(host).cpu == ("/sys/fs/cgroup",)


def test_this_machine_has_an_answer() -> None:
    """Whatever this machine has, asking works and answers make sense."""
    groups = control_groups()
    quota, left = groups.quota_cores(), groups.memory_left()
    assert quota is None or quota > 0
    assert left is None or left >= 0
