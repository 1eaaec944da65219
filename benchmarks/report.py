"""How long the HTML report takes and how large it is: documents of 1, 10 and 100 curves of 12 batch sizes.

The aim: a report of 6 contenders in less than 1 s and less than 1.6 MB. Exits with 1 where it is missed. The documents
repeat the figures of the run that is stored with the documentation; each time is the median of several reports, the
first of which, in a fresh process, reads and compiles what the later ones find in memory.

    python benchmarks/report.py [--repetitions 5]
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from infer_compare import api
from infer_compare.interfaces import OperatingPoint
from infer_compare.report import document
from infer_compare.report.html import HtmlReporter

if TYPE_CHECKING:
    from infer_compare.report.schema import Curve, ReportDocument

RUN = Path(__file__).parents[1] / "docs" / "example"
SIZES = tuple(2**power for power in range(12))
AIM_S, AIM_BYTES = 1.0, 1_600_000
SHAPES = {"1 curve": (1, 1), "10 curves": (5, 2), "6 contenders": (6, 1), "100 curves": (10, 10)}
"""Contenders, and settings of another axis."""


def grown(source: ReportDocument, contenders: int, settings: int) -> ReportDocument:
    """A document of that many contenders and settings of the axis `seq`, with a verdict on each pair at each size."""
    labels = [f"contender-{number}" for number in range(contenders)]
    axes = [(("seq", 64 * (1 + number)),) if settings > 1 else () for number in range(settings)]
    first, answer, curve = source.contenders[0], source.answers[0], source.curves[0]
    pair = next(one for one in source.pairs if one.comparison is not None)
    return replace(
        source,
        contenders=tuple(replace(first, label=label, name=label) for label in labels),
        curves=tuple(_curve(curve, label, one) for one in axes for label in labels),
        answers=tuple(replace(answer, answer=_answer(source, labels, one)) for one in axes),
        pairs=tuple(
            replace(
                pair,
                a=replace(pair.a, label=a, name=a, point=OperatingPoint(size, one)),
                b=replace(pair.b, label=b, name=b, point=OperatingPoint(size, one)),
            )
            for one in axes
            for size in SIZES
            for a, b in itertools.combinations(labels, 2)
        ),
        agreements=tuple(replace(source.agreements[0], contender=label) for label in labels),
        timelines=tuple(
            replace(max(source.timelines, key=lambda one: one.calls), contender=label, point=OperatingPoint(size, one))
            for one in axes
            for label in labels
            for size in SIZES
        ),
        failures=(),
        excluded=(),
    )


def _curve(curve: Curve, label: str, axes: tuple[tuple[str, int], ...]) -> Curve:
    measured = next(point for point in curve.points if point.figures is not None)
    points = []
    for size in SIZES:
        place = OperatingPoint(size, axes)
        assert measured.figures is not None
        figures = replace(measured.figures, contender=label, point=place)
        points.append(replace(measured, contender=label, point=place, figures=figures))
    return replace(curve, contender=label, axes=axes, points=tuple(points))


def _answer(source: ReportDocument, labels: list[str], axes: tuple[tuple[str, int], ...]):  # noqa: ANN202
    answer = source.answers[0].answer
    best, pair = answer.by_contender[0], answer.headline[0]
    place = OperatingPoint(SIZES[-1], axes)
    bests = [replace(best, contender=label, name=label, point=place) for label in labels]
    headline = [
        replace(
            pair,
            a=replace(pair.a, label=labels[0], name=labels[0], point=place),
            b=replace(pair.b, label=label, name=label, point=place),
        )
        for label in labels[1:]
    ]
    kept = [
        replace(
            one,
            points=tuple(
                replace(
                    one.points[0],
                    contender=label,
                    name=label,
                    point=OperatingPoint(size, axes),
                    bound_ns=size * 100_000 + number,
                )
                for number, label in enumerate(labels)
                for size in SIZES
            ),
        )
        for one in answer.kept
    ]
    answer = replace(answer, kept=tuple(kept))
    return replace(answer, axes=axes, recommended=bests[0], by_contender=tuple(bests), headline=tuple(headline))


def main() -> int:
    """Prints the table; 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description="Time and size of the HTML report.")
    parser.add_argument("--repetitions", type=int, default=5)
    repetitions = parser.parse_args().repetitions
    source = document(api.load_run(RUN))
    before = time.perf_counter()
    HtmlReporter().render(source)
    print(f"{'document':16}{'points':>8}{'verdicts':>10}{'median s':>10}{'bytes':>12}")
    print(f"{'the first':16}{'':8}{'':10}{time.perf_counter() - before:10.3f}")
    missed = False
    for name, (contenders, settings) in SHAPES.items():
        made = grown(source, contenders, settings)
        taken, size = [], 0
        for _ in range(repetitions):
            before = time.perf_counter()
            size = len(HtmlReporter().render(made).encode())
            taken.append(time.perf_counter() - before)
        median = statistics.median(taken)
        points = sum(len(curve.points) for curve in made.curves)
        print(f"{name:16}{points:8,}{len(made.pairs):10,}{median:10.3f}{size:12,}")
        if name == "6 contenders":
            missed = median > AIM_S or size > AIM_BYTES
    print(f"aim for 6 contenders: {AIM_S} s and {AIM_BYTES:,} bytes; {'missed' if missed else 'met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
