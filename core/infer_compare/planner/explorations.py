"""Exploring one contender at several settings of the axes other than the batch: one exploration for each setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.planner.explore import Exploration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.request.axes import Setting
    from infer_compare.request.options import Mode
    from infer_compare.results import AnyOutcome, Skipped


class Explorations:
    """The operating points of one contender to try: batch sizes for each setting of the other axes, the smallest setting first.

    A batch that exceeded memory, a limit or a deadline is not tried at settings whose axes are all at least as long.
    """

    def __init__(
        self,
        settings: Sequence[Setting],
        points: Sequence[OperatingPoint] | None,
        *,
        bound_ns: int | None = None,
        mode: Mode = "default",
        largest: int | None = None,
    ) -> None:
        """Begins with nothing tried.

        Args:
            settings: the requested settings; a single empty setting if the batch is the only axis.
            points: of all settings, or None for `auto`.
            bound_ns: see `Exploration`.
            mode: see `Exploration`.
            largest: see `Exploration`.
        """
        self._curves = {
            setting: Exploration(
                None if points is None else sorted(point for point in points if point.axes == setting),
                bound_ns=bound_ns,
                mode=mode,
                largest=largest,
                setting=setting,
            )
            for setting in settings
        }

    def next(self) -> OperatingPoint | None:
        """Return the next operating point to try, or None when all curves are known."""
        for setting, curve in self._curves.items():
            point = curve.next()
            if point is not None and (smaller := self._ended_below(setting, point.batch)) is not None:
                curve.end(f"{smaller} could not run either")
                point = curve.next()
            if point is not None:
                return point
        return None

    def _ended_below(self, setting: Setting, batch: int) -> OperatingPoint | None:
        """Return a point that could not run, of another setting, with no axis longer and no batch larger; None without one."""
        return next(
            (
                ended
                for other, curve in self._curves.items()
                if other != setting
                and all(size <= longest for (_, size), (_, longest) in zip(other, setting, strict=True))
                and (ended := curve.ended_at) is not None
                and ended.batch <= batch
            ),
            None,
        )

    def feed(self, point: OperatingPoint, outcome: AnyOutcome) -> None:
        """Record how a point ended."""
        self._curves[point.axes].feed(point, outcome)

    def complete(self, points: Iterable[OperatingPoint]) -> None:
        """End the search for the plateau and try further points; see `Exploration.complete`."""
        further = list(points)
        for setting, curve in self._curves.items():
            curve.complete(point for point in further if point.axes == setting)

    @property
    def skipped(self) -> tuple[tuple[OperatingPoint, Skipped], ...]:
        """Requested points that are not tried, each with the reason."""
        return tuple(skipped for curve in self._curves.values() for skipped in curve.skipped)

    @property
    def latencies_ns(self) -> dict[OperatingPoint, float]:
        """Rough latency of the points that ran."""
        return {point: latency for curve in self._curves.values() for point, latency in curve.latencies_ns.items()}

    @property
    def runnable(self) -> tuple[OperatingPoint, ...]:
        """The points that ran, ascending."""
        return tuple(sorted(point for curve in self._curves.values() for point in curve.runnable))
