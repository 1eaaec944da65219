"""What workers wrote is kept by operating point, whatever axes it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from infer_compare.interfaces import OperatingPoint
from infer_compare.phases.outputs import SINGLE_ROWS, Outputs
from infer_compare.results import Memory
from infer_compare.worker.protocol import Explore, Explored

if TYPE_CHECKING:
    from pathlib import Path

SHORT, LONG = OperatingPoint(2, (("seq", 4),)), OperatingPoint(2, (("seq", 8),))


def write(outputs: Outputs, point: OperatingPoint, *, first_row: int = 0) -> None:
    """One output of a worker: each value is the length of the sequence, plus the row."""
    ((_, length),) = point.axes
    rows = np.arange(first_row, first_row + point.batch, dtype=np.float32)
    request = Explore(point=point, outputs=str(outputs.folder), rows=tuple(range(point.batch)), first_row=first_row)
    np.save(request.output_path(0), np.tile(rows[:, None] + np.float32(length), (1, length)))
    said = Explored(
        prepare_ns=1, first_call_ns=1, latency_ns=1, memory=Memory(), written=(request.output_path(0),),
        dtypes=("float32",),
    )  # fmt: skip
    outputs.accept(request, said)


def test_points_of_one_batch_size_that_differ_in_another_axis_keep_their_outputs_apart(tmp_path: Path) -> None:
    """So do their rows, each run alone."""
    outputs = Outputs(tmp_path)
    for point in (SHORT, LONG):
        write(outputs, point)
        for row in range(SINGLE_ROWS):
            write(outputs, point.with_batch(1), first_row=row)
    for point, length in ((SHORT, 4), (LONG, 8)):
        (batch,), (rows,) = outputs.of(point) or (), outputs.rows(point) or ()
        assert batch.shape == (2, length)
        assert rows.shape == (SINGLE_ROWS, length)
        np.testing.assert_array_equal(rows[:2], batch)


def test_outputs_of_a_point_that_was_not_run_are_not_those_of_another(tmp_path: Path) -> None:
    """One batch size may have been run at some sizes of the other axis alone."""
    outputs = Outputs(tmp_path)
    write(outputs, SHORT)
    assert outputs.of(SHORT) is not None
    assert outputs.of(LONG) is None
    assert outputs.rows(SHORT) is None
