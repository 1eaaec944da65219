"""Readers of the columns of the table of points: they take a point with its contender and document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.recommended import recommended_points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infer_compare.report.metric import Place, Value

MILLISECOND = 1e6


def figure(name: str) -> Callable[[Place], Value]:
    """Return a reader of a field of the figures; None if a point has none."""
    return lambda place: getattr(place.point.figures, name, None)


def memory(name: str) -> Callable[[Place], Value]:
    """Return a reader of a field of the memory figures."""
    return lambda place: getattr(place.point.memory, name, None)


def point(name: str) -> Callable[[Place], Value]:
    """Return a reader of a field of the point."""
    return lambda place: getattr(place.point, name)


def contender(name: str) -> Callable[[Place], Value]:
    """Return a reader of a field of the contender."""
    return lambda place: getattr(place.contender, name)


def rough_latency_ns(place: Place) -> int:
    """Return the predicted latency, or else the rough latency from exploring."""
    return place.point.predicted_latency_ns or place.point.rough_latency_ns or 1


def rough_throughput(place: Place) -> float:
    """Return the samples per second of all instances together that follow from the rough latency."""
    return place.contender.instances * place.point.point.batch * 1e9 / rough_latency_ns(place)


def output_error(name: str) -> Callable[[Place], Value]:
    """Return a reader of a part of the output error."""
    return lambda place: getattr(place.point.output_error, name, None)


def compile_ms(place: Place) -> Value:
    """Return the duration of preparing and the first call of a fresh worker, in milliseconds."""
    ran = place.point.outcome == "measured"
    return _ms(getattr(place.contender.start_up, "compile_ns", None)) if ran else None


def part_ms(name: str) -> Callable[[Place], Value]:
    """Return a reader of the median of one part of an end-to-end iteration, in milliseconds."""
    return lambda place: _ms(getattr(place.point.figures and place.point.figures.phases, f"{name}_ns", None))


def figure_ms(name: str) -> Callable[[Place], Value]:
    """Return a reader of a duration of the figures, in milliseconds."""
    return lambda place: _ms(getattr(place.point.figures, f"{name}_ns", None))


def point_ms(name: str) -> Callable[[Place], Value]:
    """Return a reader of a duration of the point, in milliseconds."""
    return lambda place: _ms(getattr(place.point, f"{name}_ns"))


def end(sign: int) -> Callable[[Place], Value]:
    """Return a reader of the lower (-1) or the upper (1) end of the throughput's interval."""

    def read(place: Place) -> Value:
        figures = place.point.figures
        return None if figures is None or figures.spread is None else figures.throughput * (1 + sign * figures.spread)

    return read


def inputs(place: Place) -> Value:
    """Return names, types and shapes of the model's inputs."""
    return joined(
        f"{value.name}:{value.dtype}[{','.join(map(str, value.shape))}]" for value in place.document.model.inputs
    )


def options(place: Place) -> Value:
    """Return the options of the contender as given."""
    return joined(f"{name}={value}" for name, value in place.contender.options.items())


def axes(place: Place) -> Value:
    """Return the sizes of the axes other than the batch."""
    return joined(f"{name}={size}" for name, size in place.point.point.axes)


def largest_fitting(place: Place) -> Value:
    """Return the largest batch size that fits, if it was searched for."""
    for curve in place.document.curves:
        if (curve.contender, curve.axes) == (place.point.contender, place.point.point.axes):
            boundary = curve.boundary
            return boundary.largest_ran if boundary is not None and boundary.searched else None
    return None


def recommended(place: Place) -> Value:
    """Return whether the answer recommends the point."""
    return any(
        (point.contender, point.point) == (place.point.contender, place.point.point)
        for point in recommended_points(place.document)
    )


def joined(parts: Iterable[str]) -> str:
    """Return several values as the text of one cell."""
    return ";".join(parts)


def _ms(nanoseconds: float | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / MILLISECOND
