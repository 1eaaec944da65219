"""What a run's header tells about the machine."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from infer_compare import __version__
from infer_compare.environment import gpus, machine, packages, power, threads
from infer_compare.environment.host import Host
from infer_compare.environment.variables import relevant
from infer_compare.results import Environment

LAPTOP = {
    "/proc/cpuinfo": (
        "processor\t: 0\nmodel name\t: Some CPU @ 2.40GHz\nflags\t\t: fpu sse2 avx2\n\n"
        "processor\t: 1\nmodel name\t: Some CPU @ 2.40GHz\nflags\t\t: fpu sse2 avx2\n"
    ),
    "/proc/meminfo": "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\nSwapTotal: 1024 kB\nSwapFree: 1024 kB\n",
    "/proc/loadavg": "0.50 0.25 0.10 1/200 999\n",
    "/proc/self/schedstat": "163753 4627 2\n",
    "/sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "/sys/devices/system/cpu/online": "0-1\n",
    "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
    "/sys/devices/system/cpu/cpu0/topology/core_cpus_list": "0-1\n",
    "/sys/devices/system/cpu/cpu1/topology/core_cpus_list": "0-1\n",
    "/sys/class/power_supply/AC/type": "Mains\n",
    "/sys/class/power_supply/AC/online": "0\n",
    "/sys/class/power_supply/BAT0/type": "Battery\n",
    "/sys/class/power_supply/BAT0/status": "Discharging\n",
}


@pytest.fixture(autouse=True)
def first_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The affinity mask of the test's own process plays no part."""
    monkeypatch.setattr(threads, "affinity", lambda: frozenset({0}))


def test_a_recorded_laptop_is_described_whole(recorded) -> None:
    """Every field comes from the recorded files."""
    found = machine.describe(recorded(LAPTOP), environ={"OMP_NUM_THREADS": "3", "HOME": "/home/someone"})
    assert found.cpu == "Some CPU @ 2.40GHz"
    assert (found.physical_cores, found.logical_cores, found.usable_cores) == (1, 2, 1)
    assert found.governor == "powersave"
    assert found.memory_total == 16 * 2**30
    assert found.memory_available == 8 * 2**30
    assert found.swap_total == 2**20
    assert found.load_average == (0.5, 0.25, 0.1)
    assert found.hypervisor is None
    assert found.clock_source == "tsc"
    assert found.on_battery is True
    assert found.schedstat is True
    assert found.variables == {"OMP_NUM_THREADS": "3"}
    assert found.tool_version == __version__


def test_an_empty_machine_is_described_without_an_error(recorded) -> None:
    """No file at all but the memory's: nothing is invented."""
    host = recorded({"/proc/meminfo": "MemTotal: 1024 kB\nMemAvailable: 512 kB\n"})
    found = machine.describe(host, environ={})
    assert found.cpu
    assert found.governor is None
    assert found.hypervisor is None
    assert found.clock_source is None
    assert found.on_battery is None
    assert found.gpus == ()
    assert found.schedstat is False
    assert found.quota_cores is None


def test_a_machine_without_proc_is_described_by_what_is_portable(tmp_path) -> None:
    """macOS: memory and cores, and no schedstat."""
    found = machine.describe(Host(tmp_path), environ={})
    assert found.memory_total > 0
    assert found.physical_cores >= 1
    assert found.schedstat is False


def test_this_machine_is_described_in_a_form_that_can_be_stored() -> None:
    """A real description survives encoding and decoding, and names what is installed."""
    found = machine.describe()
    assert msgspec.json.decode(msgspec.json.encode(found), type=Environment) == found
    assert found.logical_cores >= found.usable_cores >= 1
    assert "numpy" in found.packages
    assert "infer-compare" in found.packages


def test_describing_loads_no_framework_and_no_numpy() -> None:
    """Versions come from the installation's records."""
    program = (
        "import sys\nfrom infer_compare.environment import machine\nmachine.describe()\n"
        "assert not {'numpy', 'torch', 'onnx', 'onnxruntime', 'tensorflow'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_arm_processors_have_numbers_for_a_name(recorded) -> None:
    """Their `/proc/cpuinfo` names no model."""
    host = recorded({"/proc/cpuinfo": "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n"})
    assert machine._cpu(host) == "implementer 0x41, part 0xd0c"


def test_a_schedstat_full_of_zeros_counts_as_absent(recorded) -> None:
    """Kernels without accounting keep the file."""
    assert machine.describe(recorded({**LAPTOP, "/proc/self/schedstat": "0 0 0\n"}), {}).schedstat is False


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, "unnamed"),
        ({"/sys/class/dmi/id/sys_vendor": "QEMU\n", "/sys/class/dmi/id/product_name": "KVM\n"}, "QEMU KVM"),
        ({"/sys/hypervisor/type": "xen\n"}, "xen"),
    ],
)
def test_a_virtual_machine_is_recognised_by_a_flag_and_named_where_it_can_be(recorded, extra, expected) -> None:
    """The flag says that it is one; the firmware may say which."""
    host = recorded({"/proc/cpuinfo": "flags\t\t: fpu hypervisor avx2\n", **extra})
    assert machine._hypervisor(host) == expected


def test_a_virtual_machine_on_arm_is_recognised_by_its_device_tree(recorded) -> None:
    """There the processor has no such flag."""
    assert machine._hypervisor(recorded({"/proc/device-tree/hypervisor/compatible": "linux,kvm\0"})) == "linux,kvm"


def test_governors_that_differ_are_all_named(recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Big and small cores can have different ones."""
    monkeypatch.setattr(threads, "affinity", lambda: frozenset({0, 1, 2}))
    host = recorded(
        {
            f"/sys/devices/system/cpu/cpu{processor}/cpufreq/scaling_governor": name
            for processor, name in enumerate(["schedutil", "performance", "schedutil"])
        }
    )
    assert machine._governor(host) == "performance, schedutil"


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, True),
        ({"/sys/class/power_supply/AC/online": "1\n"}, False),
        ({"/sys/class/power_supply/BAT0/status": "Full\n"}, False),
        ({"/sys/class/power_supply/BAT0/scope": "Device\n"}, None),
    ],
)
def test_a_machine_runs_on_its_battery_only_when_nothing_else_feeds_it(recorded, extra, expected) -> None:
    """A plugged adapter decides; a mouse's battery does not count."""
    assert power.on_battery(recorded({**LAPTOP, **extra})) is expected


def test_gpus_are_named_by_the_driver(recorded) -> None:
    """In the order of their bus addresses, without a library."""
    host = recorded(
        {
            "/proc/driver/nvidia/gpus/0000:81:00.0/information": "Model: \t\t NVIDIA B\nIRQ:   \t\t 9\n",
            "/proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t\t NVIDIA A\n",
            "/proc/driver/nvidia/gpus/0000:99:00.0/other": "x",
        }
    )
    assert gpus.names(host) == ("NVIDIA A", "NVIDIA B")


def test_processes_on_the_gpu_are_read_from_the_drivers_tool(tmp_path) -> None:
    """A stand-in for `nvidia-smi` that answers with three lines, one of them not understood."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho '41, /usr/bin/train, with comma, 512'\necho '42, other, [N/A]'\necho broken\n")
    tool.chmod(0o755)
    assert gpus.processes(str(tool)) == (
        gpus.GpuProcess(41, "train, with comma", 512 * 2**20),
        gpus.GpuProcess(42, "other", None),
    )


def test_a_driver_tool_that_fails_or_is_missing_tells_of_no_process(tmp_path) -> None:
    """Neither stops a run."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nexit 9\n")
    tool.chmod(0o755)
    assert gpus.processes(str(tool)) == ()
    assert gpus.processes(str(tmp_path / "nothing")) == ()


def test_a_driver_tool_that_hangs_is_given_up(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wedged driver holds nothing up."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\nexec sleep 30\n")
    tool.chmod(0o755)
    monkeypatch.setattr(gpus, "TIMEOUT_S", 0.1)
    assert gpus.processes(str(tool)) == ()


def test_only_variables_that_change_frameworks_are_kept_and_no_secret_is() -> None:
    """Reports are passed on; another program's variables begin like TensorFlow's and hold passwords."""
    kept = {
        "OMP_NUM_THREADS": "2",
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "CUDA_VISIBLE_DEVICES": "0",
        "MALLOC_ARENA_MAX": "2",
        "LD_PRELOAD": "libjemalloc.so",
        "XLA_FLAGS": "--x",
        "GLIBC_TUNABLES": "glibc.malloc.trim_threshold=1",
    }
    left_out = {
        "HOME": "/root",
        "TF_VAR_db_password": "hunter2",
        "TF_TOKEN_app_terraform_io": "x",
        "TORCH_HUB_API_KEY": "x",
        "ORT_AUTH_TOKEN": "x",
        "NVIDIA_API_KEY": "x",
    }
    assert relevant(kept | left_out, ("ORT_", "TF_", "TORCH_", "XLA_")) == kept


def test_packages_of_third_party_plugins_are_known(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution that registers a plugin is found by its entry point."""
    records = tmp_path / "their_backend-2.5.dist-info"
    records.mkdir()
    (records / "METADATA").write_text("Metadata-Version: 2.1\nName: their-backend\nVersion: 2.5\n")
    (records / "entry_points.txt").write_text("[infer_compare]\ntheirs = their_backend\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert packages.versions(packages.plugins())["their-backend"] == "2.5"


def test_only_packages_that_are_installed_are_recorded() -> None:
    """Each with its version, beside those that every run depends on."""
    found = machine.describe(names=["pytest", "nonexistent"]).packages
    assert found["pytest"] == pytest.__version__
    assert set(found) == {"pytest", *packages.OWN}
