"""Reading the kernel's files, present or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.environment.host import Host, parse_list, read


def test_missing_files_read_as_none(recorded) -> None:
    """A machine without a file has no answer, and nothing raises."""
    host = recorded({})
    assert host.text("/proc/meminfo") is None
    assert host.number("/sys/fs/cgroup/memory.max") is None
    assert host.fields("/proc/meminfo") == {}
    assert host.names("/sys/class/power_supply") == ()
    assert read(str(host.path("/proc/stat"))) is None


def test_a_folder_in_the_place_of_a_file_reads_as_none(recorded) -> None:
    """Other systems use the same names for other things."""
    host = recorded({"/proc/stat/inner": "x"})
    assert host.text("/proc/stat") is None
    assert read(str(host.path("/proc/stat"))) is None


def test_words_where_a_number_is_expected_read_as_none(recorded) -> None:
    """`max` is not a number."""
    assert recorded({"/sys/limit": "max\n"}).number("/sys/limit") is None


def test_fields_are_read_with_and_without_colons(recorded) -> None:
    """`MemTotal: 16 kB` and `oom_kill 3` are the two ways of the kernel; lines of words are left out."""
    host = recorded({"/proc/x": "MemTotal:       16384 kB\nName:\tpython\noom_kill 3\n\n"})
    assert host.fields("/proc/x") == {"MemTotal": 16384, "oom_kill": 3}


def test_a_machine_without_proc_says_so(tmp_path) -> None:
    """As on macOS, which has no such folder."""
    assert not Host(tmp_path).has_proc


def test_kernel_lists_of_numbers_are_understood() -> None:
    """Single numbers and ranges, and nothing."""
    assert parse_list("0-3,8") == {0, 1, 2, 3, 8}
    assert parse_list("") == frozenset()
    with pytest.raises(ValueError, match="invalid literal"):
        parse_list("all")


@given(st.frozensets(st.integers(0, 500), max_size=40))
def test_any_set_of_numbers_survives_being_written_as_a_list(numbers: frozenset[int]) -> None:
    """Ranges are only a shorter way to write numbers."""
    assert parse_list(",".join(f"{number}-{number}" if number % 2 else str(number) for number in numbers)) == numbers
