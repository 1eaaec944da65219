"""The calls of each point in order of time, thinned out."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from infer_compare.report.schema import CallSlice, Timeline

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import Run, Slice

MOST_CALLS = 160
"""The most calls of one point that are shown; omitted calls are spread evenly."""


def timelines(run: Run) -> tuple[Timeline, ...]:
    """Return the calls of every timed point in order of time, including those of rejected slices."""
    slices: dict[tuple[str, OperatingPoint], list[tuple[int, Slice]]] = defaultdict(list)
    for measured in run.rounds:
        for piece in measured.slices:
            if piece.durations_ns and piece.series == "latency":
                slices[piece.contender, measured.point].append((measured.restart, piece))
    return tuple(
        Timeline(
            contender=contender,
            point=point,
            calls=sum(len(piece.durations_ns) for _, piece in own),
            slices=tuple(
                _thinned(restart, piece, max(1, MOST_CALLS // len(own))) for restart, piece in own[:MOST_CALLS]
            ),
        )
        for (contender, point), own in slices.items()
    )


def _thinned(restart: int, piece: Slice, most: int) -> CallSlice:
    count = len(piece.durations_ns)
    kept = range(count) if count <= most else [place * count // most for place in range(most)]
    return CallSlice(
        restart=restart,
        rejected=piece.rejected is not None,
        calls_ns=tuple(round(piece.durations_ns[place] / piece.calls_per_stamp) for place in kept),
    )
