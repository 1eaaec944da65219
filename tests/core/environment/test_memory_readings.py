"""Memory of processes and of the machine."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from infer_compare.environment import memory
from infer_compare.environment.host import Host

GIB = 2**30
MIB = 2**20
MEMINFO = (
    "MemTotal:       16777216 kB\nMemFree:         1000000 kB\nMemAvailable:    8388608 kB\n"
    "SwapTotal:       2097152 kB\nSwapFree:        1048576 kB\n"
)


def test_what_is_available_and_the_caps_that_follow(recorded) -> None:
    """16 GiB, half of them available: a worker may take 80 % of the half, and 5 % of the whole stay free."""
    host = recorded({"/proc/meminfo": MEMINFO})
    assert memory.total(host) == 16 * GIB
    assert memory.available(host) == 8 * GIB
    assert memory.default_cap(host) == int(0.8 * 8 * GIB)
    assert memory.limit(host).reserve == int(0.05 * 16 * GIB)
    assert memory.swap(host) == (2 * GIB, GIB)


def test_a_memory_limit_bounds_what_is_available(recorded) -> None:
    """The container may take 1 GiB more, whatever the machine has."""
    host = recorded(
        {
            "/proc/meminfo": MEMINFO,
            "/proc/self/cgroup": "0::/\n",
            "/proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "/sys/fs/cgroup/memory.max": f"{3 * GIB}\n",
            "/sys/fs/cgroup/memory.current": f"{2 * GIB}\n",
        }
    )
    assert memory.available(host) == GIB


def test_the_kernels_kills_are_counted_on_the_machine_and_in_the_group(recorded) -> None:
    """Either count moving moves the sum."""
    files = {
        "/proc/vmstat": "nr_free_pages 5\noom_kill 3\n",
        "/proc/self/cgroup": "0::/\n",
        "/proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
        "/sys/fs/cgroup/memory.events": "oom 1\noom_kill 1\n",
    }
    before = memory.kernel_kills(recorded(files))
    after = memory.kernel_kills(recorded({"/sys/fs/cgroup/memory.events": "oom 2\noom_kill 2\n"}))
    assert before is not None
    assert after is not None
    assert after > before


def test_a_kernel_that_does_not_count_kills_is_told_apart_from_none_killed(recorded) -> None:
    """None is not 0."""
    assert memory.kernel_kills(recorded({})) is None
    assert memory.kernel_kills(recorded({"/proc/vmstat": "oom_kill 0\n"})) == 0


def test_recorded_processes_are_read_in_bytes(recorded) -> None:
    """`statm` counts pages, `status` counts kB."""
    host = recorded({"/proc/7/statm": "500 100 10 1 0 20 0\n", "/proc/7/status": "VmPeak: 9 kB\nVmHWM:\t 2048 kB\n"})
    assert memory.resident(7, host) == 100 * os.sysconf("SC_PAGESIZE")
    assert memory.peak_resident(7, host) == 2 * MIB


def test_a_process_that_has_ended_holds_nothing(recorded) -> None:
    """Reading it raises nothing; its peak is no longer known."""
    host = recorded({})
    assert memory.resident(7, host) == 0
    assert memory.peak_resident(7, host) is None
    assert memory.reset_peak(7, host) is False


@pytest.mark.linux
def test_the_peak_rises_with_an_allocation_and_can_be_started_anew() -> None:
    """A child takes 64 MiB and gives them back; the parent sees the peak, and after a reset sees it no more."""
    program = "import sys; block = bytearray(64 * 2**20); del block; print('done', flush=True); sys.stdin.readline()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        child.stdout.readline()
        peak = memory.peak_resident(child.pid)
        assert peak is not None
        assert peak > 64 * MIB
        assert 0 < memory.resident(child.pid) < peak - 32 * MIB
        assert memory.reset_peak(child.pid)
        anew = memory.peak_resident(child.pid)
        assert anew is not None
        assert anew < peak - 32 * MIB
        child.stdin.write("\n")


@pytest.mark.linux
def test_a_worker_can_offer_itself_to_the_kernel_first() -> None:
    """Raising the score needs no privilege; it is tried in a child, since lowering it again would."""
    program = (
        "from infer_compare.environment.memory import raise_oom_score\n"
        "assert raise_oom_score(800)\n"
        "print(open('/proc/self/oom_score_adj').read())"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(answer.stdout) == 800


def test_a_refused_score_is_no_error(recorded) -> None:
    """Where the file is missing the worker goes on without."""
    assert memory.raise_oom_score(host=recorded({})) is False


def test_a_value_that_the_kernel_refuses_is_no_error() -> None:
    """A score beyond 1000 is refused by the kernel, or there is no such file."""
    assert memory.raise_oom_score(5_000) is False


def test_without_proc_the_system_is_asked_instead(tmp_path) -> None:
    """macOS: figures by way of psutil, and no peak."""
    host = Host(tmp_path)
    assert memory.total(host) > GIB // 4
    assert 0 < memory.available(host) <= memory.total(host)
    assert memory.swap(host)[0] >= 0
    assert memory.resident(os.getpid(), host) > MIB
    assert memory.peak_resident(os.getpid(), host) is None
    assert memory.kernel_kills(host) is None


def test_an_ended_process_holds_nothing_by_way_of_the_system_either(tmp_path) -> None:
    """A PID beyond the largest that there can be."""
    assert memory.resident(2**22 + 1, Host(tmp_path)) == 0
