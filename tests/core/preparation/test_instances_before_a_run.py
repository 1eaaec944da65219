"""What is said of contenders with several instances before they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from asked import header
from infer_compare.environment.topology import Core
from infer_compare.errors import UsageError
from infer_compare.plugins import Plugins
from infer_compare.preparation.instances import instance_remarks
from infer_compare.preparation.resolve import resolve
from infer_compare.request.options import RunOptions

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.results import Header

TWO = (Core((0,)), Core((1,)))
HYBRID = (Core((0,)), Core((1,), efficiency=True))


def plan(**changes: object) -> Header:
    """A run of one contender on two cores."""
    run = header("pair", threads=1)
    return msgspec.structs.replace(run, contenders=(msgspec.structs.replace(run.contenders[0], **changes),))


def test_nothing_is_said_of_instances_that_have_a_core_for_each_thread() -> None:
    """Nor of one instance that has not."""
    assert not list(instance_remarks(plan(instances=2), TWO))
    assert not list(instance_remarks(plan(threads=4), TWO))


def test_instances_that_want_more_cores_than_there_are_are_named() -> None:
    """With what there is."""
    assert list(instance_remarks(plan(instances=2, threads=2), TWO)) == [
        "pair: 2 instances of 2 threads are more than the 2 cores that may be used, so they wait for each other (oversubscribed)"
    ]


def test_instances_on_cores_of_two_kinds_are_named() -> None:
    """With how many threads would run on one kind."""
    (clause,) = instance_remarks(plan(instances=2), HYBRID)
    assert clause == (
        "pair: 2 instances of 1 thread need performance and efficiency cores, so some are slower than others; "
        "performance cores suffice for 1 thread in all"
    )


def test_passes_over_a_data_set_are_timed_in_one_process(tmp_path: Path) -> None:
    """The contender that has several is named, and what to do."""
    options = RunOptions(contenders=("reference:instances=2",), scope="dataset", data="rows.npz")
    with pytest.raises(UsageError, match=r"reference:instances=2 has 2 instances; leave them out, or choose --scope"):
        resolve(options, Plugins.discover(), tmp_path)
