"""A laptop that sleeps or changes its power source in the middle of a slice, on recorded machines and injected clocks."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from infer_compare.environment import gate, power
from infer_compare.environment.gate import other_power, rejection
from infer_compare.environment.noise import NoiseProbe

from .conftest import slice_with  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from infer_compare.results import Diagnostics

AC = "/sys/class/power_supply/AC/online"
LAPTOP = {
    "/proc/self/status": "NSpid:\t1\n",
    "/proc/stat": "cpu  1 0 1 1 0 0 0 0 0 0\n",
    "/sys/class/power_supply/AC/type": "Mains\n",
    AC: "1\n",
    "/sys/class/power_supply/BAT0/type": "Battery\n",
    "/sys/class/power_supply/BAT0/status": "Discharging\n",
}
SERVER = {name: LAPTOP[name] for name in ("/proc/self/status", "/proc/stat")}


def judged(diagnostics: Diagnostics) -> str | None:
    """What the gate says."""
    return rejection(diagnostics, threads=2, schedstat=True)


def test_a_slice_during_which_the_machine_slept_is_rejected(recorded) -> None:
    """The clock that goes on in sleep is ahead of the other afterwards."""
    asleep = iter([5_000_000_000, 95_000_000_000])
    probe = NoiseProbe(recorded(LAPTOP), lambda _: 0, lambda: next(asleep))
    seen = probe.difference(probe.snapshot(), probe.snapshot())
    assert seen.asleep_ns == 90_000_000_000
    assert judged(slice_with(asleep_ns=seen.asleep_ns)) == gate.SLEPT


def test_reading_two_clocks_one_after_the_other_is_no_sleep() -> None:
    """It takes microseconds; on a machine that does not sleep the difference stays."""
    before = power.asleep_ns()
    time.sleep(0.01)
    assert abs(power.asleep_ns() - before) < gate.SLEPT_NS
    assert judged(slice_with(asleep_ns=2_000_000)) is None


def test_a_slice_during_which_the_machine_is_unplugged_is_rejected(recorded) -> None:
    """And nothing else of it has changed."""
    probe = NoiseProbe(recorded(LAPTOP), lambda _: 0)
    before = probe.snapshot()
    recorded({AC: "0\n"})
    seen = probe.difference(before, probe.snapshot())
    assert (seen.on_battery, seen.power_changed) == (True, True)
    assert judged(slice_with(power_changed=True)) == gate.POWER_CHANGED


@pytest.mark.parametrize(
    ("began", "now", "reason"),
    [
        (False, True, gate.ON_BATTERY),
        (True, False, gate.ON_MAINS),
        (False, False, None),
        (True, True, None),
        (None, True, None),
        (False, None, None),
    ],
)
def test_slices_count_on_the_power_source_of_the_beginning_only(began, now, reason) -> None:
    """Where one is not known there is nothing to compare."""
    assert other_power(slice_with(on_battery=now), began_on_battery=began) == reason


def test_a_machine_without_a_battery_is_asked_once(recorded) -> None:
    """A slice on a server costs nothing more."""
    host = recorded(SERVER)
    read = power.source_of(host)
    recorded(LAPTOP)
    assert read() is None
