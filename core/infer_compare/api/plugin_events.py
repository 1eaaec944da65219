"""Passes the events of a run to plugins."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from infer_compare.phases.events import Observer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.plugins import Plugins
    from infer_compare.results import Header, Run


EVENTS = tuple(name for name in vars(Observer) if not name.startswith("_"))


class PluginEvents(Observer):
    """An observer that forwards all events, and notifies plugins of the start, the points and the end of a run."""

    def __init__(self, plugins: Plugins, observer: Observer) -> None:
        """Forward to an observer and to plugins.

        Args:
            plugins: the plugins to notify.
            observer: receives every event.
        """
        self._plugins = plugins
        self._observer = observer
        for event in EVENTS:
            # Events without a method here go directly to the observer.
            if event not in vars(PluginEvents):
                setattr(self, event, getattr(observer, event))

    def resolved(self, header: Header) -> None:
        """Notify plugins that a run begins."""
        self._observer.resolved(header)
        with self._watched():
            self._plugins.run_started(header)

    def finished(self, run: Run) -> None:
        """Notify plugins of every point, with the figures that reports show, and that the run has ended."""
        with self._watched():
            if self._plugins.hears("infer_compare_point_finished"):
                self._tell_points(run)
            self._plugins.run_finished(run)
        self._observer.finished(run)

    def _tell_points(self, run: Run) -> None:
        from infer_compare.verdicts.measurements import Candidate, Measurements
        from infer_compare.verdicts.point_figures import figures_table

        points = run.points
        table = figures_table(points, Measurements(run.rounds, run.header.budget_of), run.header.metrics)
        for point in points:
            self._plugins.point_finished(point, table.get(Candidate(point.contender, point.point)))

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        """Report plugins that fail inside the block to the observer; the run continues without them."""
        before = len(self._plugins.broken)
        yield
        for plugin in self._plugins.broken[before:]:
            self._observer.note("plugin", f"{plugin.origin}: {plugin.reason}")
