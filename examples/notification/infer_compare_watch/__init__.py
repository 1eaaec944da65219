"""Appends every finished point to the file that `INFER_COMPARE_WATCH` names, as OpenMetrics text."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare import hookimpl
from infer_compare_watch.metrics import append, sample

if TYPE_CHECKING:
    from infer_compare.reports import Figures, Header, Point

VARIABLE = "INFER_COMPARE_WATCH"


class Watch:
    """Remembers the run that is going on, since a point does not say of which run it is."""

    def __init__(self) -> None:
        """Start without a run."""
        self._labels: dict[str, str] = {}

    def started(self, header: Header) -> None:
        """Note the run's labels."""
        self._labels = {"run": header.run_id, "model": header.model.name}

    def finished(self, point: Point, figures: Figures | None) -> None:
        """Write a line, where a file is named. An error is listed with the plugin, and the run goes on."""
        if path := os.environ.get(VARIABLE):
            append(Path(path), sample(point, figures, self._labels, time.time()))


_watch = Watch()


@hookimpl
def infer_compare_run_started(header: Header) -> None:
    """A run begins."""
    _watch.started(header)


@hookimpl
def infer_compare_point_finished(point: Point, figures: Figures | None) -> None:
    """A point has its outcome, and figures as in every report, or None. Called outside any timed region."""
    _watch.finished(point, figures)
