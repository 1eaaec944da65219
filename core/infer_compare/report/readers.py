"""What the columns of the table of points read off a point, a contender and a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.recommended import recommended_points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infer_compare.report.metric import Place, Value

MILLISECOND = 1e6


def figure(name: str) -> Callable[[Place], Value]:
    """Read a field of the figures; None where a point has none."""
    return lambda place: getattr(place.point.figures, name, None)


def memory(name: str) -> Callable[[Place], Value]:
    """Read a field of the memory figures."""
    return lambda place: getattr(place.point.memory, name, None)


def point(name: str) -> Callable[[Place], Value]:
    """Read a field of the point."""
    return lambda place: getattr(place.point, name)


def contender(name: str) -> Callable[[Place], Value]:
    """Read a field of the contender."""
    return lambda place: getattr(place.contender, name)


def rough_latency_ns(place: Place) -> int:
    """Read the latency that was predicted, or else what exploring saw."""
    return place.point.predicted_latency_ns or place.point.rough_latency_ns or 1


def rough_throughput(place: Place) -> float:
    """Compute the samples a second of all instances together from that latency."""
    return place.contender.instances * place.point.point.batch * 1e9 / rough_latency_ns(place)


def output_error(name: str) -> Callable[[Place], Value]:
    """Read a part of the output error."""
    return lambda place: getattr(place.point.output_error, name, None)


def compile_ms(place: Place) -> Value:
    """Read what preparing and the first call of a fresh worker took, in milliseconds."""
    ran = place.point.outcome == "measured"
    return _ms(getattr(place.contender.start_up, "compile_ns", None)) if ran else None


def part_ms(name: str) -> Callable[[Place], Value]:
    """Read the median of one part of an end-to-end iteration, in milliseconds."""
    return lambda place: _ms(getattr(place.point.figures and place.point.figures.phases, f"{name}_ns", None))


def figure_ms(name: str) -> Callable[[Place], Value]:
    """Read a duration of the figures, in milliseconds."""
    return lambda place: _ms(getattr(place.point.figures, f"{name}_ns", None))


def point_ms(name: str) -> Callable[[Place], Value]:
    """Read a duration of the point, in milliseconds."""
    return lambda place: _ms(getattr(place.point, f"{name}_ns"))


def end(sign: int) -> Callable[[Place], Value]:
    """Read the lower (-1) or the upper (1) end of the throughput's interval."""

    def read(place: Place) -> Value:
        figures = place.point.figures
        return None if figures is None or figures.spread is None else figures.throughput * (1 + sign * figures.spread)

    return read


def inputs(place: Place) -> Value:
    """Read names, types and shapes of the model's inputs."""
    return joined(f"{one.name}:{one.dtype}[{','.join(map(str, one.shape))}]" for one in place.document.model.inputs)


def options(place: Place) -> Value:
    """Read the options of the contender, as they were given."""
    return joined(f"{name}={value}" for name, value in place.contender.options.items())


def axes(place: Place) -> Value:
    """Read the sizes of the axes other than the batch."""
    return joined(f"{name}={size}" for name, size in place.point.point.axes)


def largest_fitting(place: Place) -> Value:
    """Read the largest batch size that the search for the memory boundary found to fit."""
    for curve in place.document.curves:
        if (curve.contender, curve.axes) == (place.point.contender, place.point.point.axes):
            found = curve.boundary
            return found.largest_ran if found is not None and found.searched else None
    return None


def recommended(place: Place) -> Value:
    """Read whether the answer recommends the point."""
    return any(
        (one.contender, one.point) == (place.point.contender, place.point.point)
        for one in recommended_points(place.document)
    )


def joined(parts: Iterable[str]) -> str:
    """Several values in one cell."""
    return ";".join(parts)


def _ms(nanoseconds: float | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / MILLISECOND
