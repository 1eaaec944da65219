"""What an exception means, with what a framework says of its own."""

from __future__ import annotations

import pytest

from infer_compare.backends import FailureKind, classify_common


class DeviceMemoryError(Exception):
    """Of a framework."""


NAME = f"{DeviceMemoryError.__module__}.DeviceMemoryError"


def raised_during(first, second):
    """An error that was raised while another one was handled."""
    second.__context__ = first
    return second


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("RESOURCE_EXHAUSTED: out of 4 GiB"),
        DeviceMemoryError(),
        type("Derived", (DeviceMemoryError,), {})("no room"),
        raised_during(DeviceMemoryError(), ValueError("the call failed")),
    ],
)
def test_what_a_framework_says_of_memory_is_out_of_memory(error):
    """By a part of its text in any case, or by a class, of the error or of what it was raised from."""
    assert classify_common(error).kind is FailureKind.NO
    assert classify_common(error, oom=("resource_exhausted", NAME)).kind is FailureKind.OOM


def test_interrupts_come_first_then_limits_then_memory_then_what_is_ambiguous():
    """Whatever was being handled."""
    words = {"oom": ("no room",), "limit": ("too many",), "ambiguous": ("failed",)}
    memory = RuntimeError("failed: no room")
    assert classify_common(raised_during(memory, KeyboardInterrupt()), **words).kind is FailureKind.NO
    assert classify_common(RuntimeError("too many rows: no room"), **words).kind is FailureKind.LIMIT
    assert classify_common(memory, **words).kind is FailureKind.OOM
    assert classify_common(RuntimeError("failed"), **words).kind is FailureKind.AMBIGUOUS
    assert classify_common(RuntimeError("lost"), **words).kind is FailureKind.NO
