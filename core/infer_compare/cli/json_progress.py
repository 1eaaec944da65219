"""Writes the events of a run as JSON, one per line, for programs that follow it."""

from __future__ import annotations

import time
from typing import IO, TYPE_CHECKING, Any

import msgspec

from infer_compare.phases.events import Observer
from infer_compare.request.axes import parse_axis
from infer_compare.results import AxisLimit
from infer_compare.verdicts.outcome_kinds import tag_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import AnyOutcome, Header, Limit, Round, Run


class JsonLines(Observer):
    """An observer that writes each event as a JSON line; `event` is its name, `elapsed_s` the time since the start."""

    def __init__(self, file: IO[str], now: Callable[[], float] = time.monotonic) -> None:
        """Write nothing yet.

        Args:
            file: where lines go.
            now: monotonic seconds.
        """
        self._file = file
        self._now = now
        self._began = now()

    def _write(self, event: str, **fields: Any) -> None:  # noqa: ANN401 - whatever an event has
        record = {"event": event, "elapsed_s": round(self._now() - self._began, 3), **fields}
        self._file.write(f"{msgspec.json.encode(record).decode()}\n")
        self._file.flush()

    def preparing(self, model: str) -> None:
        """Write `preparing`."""
        self._write("preparing", model=model)

    def waiting(self, busy: str, *, remaining_s: float) -> None:
        """Write `waiting`."""
        self._write("waiting", busy=busy, remaining_s=round(remaining_s, 3))

    def resolved(self, header: Header) -> None:
        """Write `resolved`."""
        sizes = header.plan.batch_sizes
        contenders = [contender.label for contender in header.contenders]
        self._write(
            "resolved",
            run_id=header.run_id,
            model=header.model.name,
            contenders=contenders,
            batch_sizes=sizes,
            axes={axis.name: list(axis.sizes) for axis in map(parse_axis, header.options.axis)},
        )

    def starting(self, phase: str, label: str) -> None:
        """Write `starting`."""
        self._write("starting", phase=phase, contender=label)

    def probing(self, label: str, point: OperatingPoint) -> None:
        """Write `probing`."""
        self._write("probing", contender=label, **_point(point))

    def probed(self, label: str, point: OperatingPoint, outcome: AnyOutcome) -> None:
        """Write `probed`."""
        latency = getattr(outcome, "latency_ns", None)
        latency_s = None if latency is None else latency / 1e9
        self._write("probed", contender=label, **_point(point), outcome=tag_of(outcome), latency_s=latency_s)

    def found_limit(self, limit: Limit) -> None:
        """Write `found_limit`."""
        axis = {"axis": limit.axis} if isinstance(limit, AxisLimit) else {}
        sizes = {**axis, "largest_fitting": limit.largest_fitting, "smallest_failing": limit.smallest_failing}
        self._write("found_limit", contender=limit.contender, **sizes)

    def measuring(self, restart: int, restarts: int, points: int) -> None:
        """Write `measuring`."""
        self._write("measuring", restart=restart, restarts=restarts, points=points)

    def warming(self, label: str, point: OperatingPoint) -> None:
        """Write `warming`."""
        self._write("warming", contender=label, **_point(point))

    def timing(self, point: OperatingPoint) -> None:
        """Write `timing`."""
        self._write("timing", **_point(point))

    def round_done(self, round_: Round, *, remaining_s: float) -> None:
        """Write `round_done`."""
        self._write(
            "round_done",
            round=round_.index,
            **_point(round_.point),
            clean=round_.clean,
            remaining_s=round(remaining_s, 3),
        )

    def note(self, topic: str, text: str) -> None:
        """Write `note`."""
        self._write("note", topic=topic, text=text)

    def finished(self, run: Run) -> None:
        """Write `finished`."""
        closing = run.closing
        self._write("finished", state=closing.state if closing else "", reason=closing.reason if closing else "")


def _point(point: OperatingPoint) -> dict[str, Any]:
    return {"batch": point.batch, "axes": dict(point.axes)}
