"""What the charts draw, as plain data for the script of the page; every text in it is shown as text.

Latencies are in milliseconds, memory in bytes, throughputs in samples a second. A series names its contender by its
place among those of the page. What a chart says in words on request is written here, by the functions that write the
tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infer_compare.report.html.facets import is_rough
from infer_compare.report.phrases import OUTCOMES, milliseconds, missing_words, spread_words
from infer_compare.report.words import plain, size
from infer_compare.stats.wording import duration, rate, significant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.report.html.contenders import Contender
    from infer_compare.report.html.facets import Facet
    from infer_compare.report.schema import Curve, PointReport, ReportDocument

Chart = dict[str, Any]


def facet_charts(facet: Facet, known: Mapping[str, Contender]) -> dict[str, Chart]:
    """The charts of a facet by the name of their place on the page; those without anything to draw are left out."""
    made = {
        "throughput": _throughput(facet, known),
        "latency": _latency(facet, known),
        "frontier": _frontier(facet, known),
        "memory": _memory(facet, known, "resident"),
        "device-memory": _memory(facet, known, "allocated"),
        "parts": _parts(facet, known),
    }
    return {f"{facet.key}-{name}": chart for name, chart in made.items() if chart["series"]}


def start_up_chart(document: ReportDocument, known: Mapping[str, Contender]) -> Chart:
    """Bars of what starting each contender costs, in seconds, by part."""
    own = [(one, one.start_up) for one in document.contenders if one.start_up is not None]
    parts = {
        "process": [cost.spawn_ns for _, cost in own],
        "import": [cost.import_ns for _, cost in own],
        "load": [cost.load_ns for _, cost in own],
        "to device": [cost.to_device_ns for _, cost in own],
        "first call": [cost.first_call_ns or 0.0 for _, cost in own],
    }
    return _bars([known[one.label] for one, _ in own], parts, 1e9, "seconds")


def percentile_of(facet: Facet) -> float:
    """The percentile that the frontier is drawn at: that of the bound, or the 95th."""
    bound = facet.answer.answer.bound if facet.answer is not None else None
    return bound.percentile if bound is not None else 95.0


def _throughput(facet: Facet, known: Mapping[str, Contender]) -> Chart:
    series: list[dict[str, Any]] = []
    for curve in facet.curves:
        one = _series(curve, known)
        for point in curve.points:
            found = point.figures
            if found is None:
                continue
            spread = found.spread or 0.0
            words = f" ±{spread_words(found)} %" if found.spread is not None else ""
            _add(
                one, point, found.throughput, found.throughput * (1 - spread), found.throughput * (1 + spread),
                f"{significant(found.throughput)}{words}{_marks(point)}",
            )  # fmt: skip
        for point in filter(is_rough, curve.points):
            guess = point.point.batch * 1e9 / (point.rough_latency_ns or 1)
            one["rough"].append([point.point.batch, guess, f"~{significant(guess)} rough, never ranked"])
        if one["x"] or one["rough"] or one["missing"]:
            series.append(one)
    return {"kind": "batch", "y": "samples/s", "sizes": facet.batches, "series": series}


def _latency(facet: Facet, known: Mapping[str, Contender]) -> Chart:
    series: list[dict[str, Any]] = []
    for curve in facet.curves:
        one = _series(curve, known)
        for point in curve.points:
            found = point.figures
            if found is None:
                continue
            p50, p95 = found.latency_p50_ns, found.latency_p95_ns
            words = f"p50 {milliseconds(p50)}, p95 {milliseconds(p95)} ms{_marks(point)}"
            _add(one, point, p50 / 1e6, p50 / 1e6, p95 / 1e6, words)
        for point in filter(is_rough, curve.points):
            rough = point.rough_latency_ns or 0
            one["rough"].append([point.point.batch, rough / 1e6, f"~{milliseconds(rough)} ms rough, never ranked"])
        if one["x"] or one["rough"] or one["missing"]:
            series.append(one)
    bound = facet.document.plan.latency_bound_ns
    made: Chart = {"kind": "batch", "y": "ms", "log": True, "sizes": facet.batches, "series": series}
    if bound is not None:
        made["line"] = {"at": bound / 1e6, "text": f"bound {duration(bound)}"}
    return made


def _frontier(facet: Facet, known: Mapping[str, Contender]) -> Chart:
    percentile = percentile_of(facet)
    bound = facet.answer.answer.bound if facet.answer is not None else None
    checks = {(one.contender, one.point): one for one in bound.checks} if bound is not None else {}
    series: list[dict[str, Any]] = []
    for curve in facet.curves:
        one: dict[str, Any] = {
            "c": known[curve.contender].place,
            "x": [],
            "y": [],
            "batch": [],
            "text": [],
            "holds": [],
        }
        for point in curve.points:
            if point.figures is None:
                continue
            check = checks.get((point.contender, point.point))
            latency = check.latency_ns if check is not None else point.figures.latency_p95_ns
            one["x"].append(latency / 1e6)
            one["y"].append(point.figures.throughput)
            one["batch"].append(point.point.batch)
            one["holds"].append(check.holds if check is not None else True)
            shown = "" if check is None else "; keeps the bound" if check.holds else "; not shown to keep the bound"
            one["text"].append(
                f"{point.point}: {rate(point.figures.throughput)}, p{percentile:g} {duration(latency)}{shown}"
            )
        if one["x"]:
            series.append(one)
    made: Chart = {"kind": "frontier", "x": f"p{percentile:g} latency, ms", "series": series}
    if bound is not None:
        made["bound"] = {"at": bound.bound_ns / 1e6, "text": bound.words}
    return made


def _memory(facet: Facet, known: Mapping[str, Contender], kind: str) -> Chart:
    resident = kind == "resident"
    plan = facet.document.plan
    cap = plan.max_memory if resident else plan.max_device_memory
    series: list[dict[str, Any]] = []
    sizes = set(facet.batches)
    for curve in facet.curves:
        one = _series(curve, known)
        one["missing"] = []
        for point in curve.points:
            number = getattr(point.memory, kind) if point.memory is not None else None
            if number is not None:
                _add(one, point, number, None, None, size(number))
        if not one["x"] and resident is False:
            continue
        sizes |= _boundary(one, curve, kind)
        if one["x"] or one["missing"]:
            series.append(one)
    made: Chart = {"kind": "batch", "y": "memory", "log": True, "sizes": sorted(sizes), "series": series}
    if cap is not None:
        made["line"] = {"at": cap, "text": f"cap {size(cap)}"}
    return made


def _boundary(one: dict[str, Any], curve: Curve, kind: str) -> set[int]:
    """Adds where the contender ran out of memory, and the largest size that a search found to fit.

    Returns:
        The batch sizes of what it added.
    """
    failed = {point.point.batch for point in curve.points if point.outcome in {"out_of_memory", "limit_reached"}}
    found = curve.boundary
    if found is not None and found.smallest_failed is not None:
        failed.add(found.smallest_failed)
    for batch in sorted(failed):
        words = OUTCOMES["out_of_memory" if found is None or found.failure is None else found.failure]
        one["missing"].append([batch, f"{words} at batch {batch}"])
    if found is None or found.largest_ran is None or found.largest_ran in one["x"]:
        return failed
    number = found.resident_bytes if kind == "resident" else found.allocated_bytes
    if number is not None:
        one["fits"] = [found.largest_ran, number, f"{size(number)}, the largest that ran"]
        failed.add(found.largest_ran)
    return failed


def _parts(facet: Facet, known: Mapping[str, Contender]) -> Chart:
    bests = facet.answer.answer.by_contender if facet.answer is not None else ()
    own = [(best, best.figures.phases) for best in bests if best.figures.phases is not None]
    parts = {
        "stage": [phases.stage_ns for _, phases in own],
        "run": [phases.run_ns for _, phases in own],
        "fetch": [phases.fetch_ns for _, phases in own],
    }
    made = _bars([known[best.contender] for best, _ in own], parts, 1e6, "% of an iteration")
    made["share"] = True
    made["labels"] = [f"{best.name}, {best.point}" for best, _ in own]
    return made


def _bars(owners: list[Contender], parts: dict[str, list[float]], unit: float, title: str) -> Chart:
    series = [
        {"name": name, "x": [value / unit for value in values], "text": [f"{name} {duration(one)}" for one in values]}
        for name, values in parts.items()
        if any(values)
    ]
    places = [one.place for one in owners]
    return {"kind": "bars", "x": title, "labels": [one.name for one in owners], "places": places, "series": series}


def _series(curve: Curve, known: Mapping[str, Contender]) -> dict[str, Any]:
    """Without points yet, but with the sizes that have no figures."""
    missing = [
        [point.point.batch, f"{missing_words(point)}: {plain(point.reason)}"]
        for point in curve.points
        if point.figures is None and not is_rough(point) and point.outcome != "skipped"
    ]
    return {
        "c": known[curve.contender].place, "x": [], "y": [], "low": [], "high": [], "text": [], "fastest": [],
        "flagged": [], "rough": [], "missing": missing,
    }  # fmt: skip


def _add(one: dict[str, Any], point: PointReport, y: float, low: float | None, high: float | None, text: str) -> None:
    one["x"].append(point.point.batch)
    one["y"].append(y)
    if low is not None:
        one["low"].append(low)
        one["high"].append(high)
    one["text"].append(text)
    one["fastest"].append(point.fastest)
    one["flagged"].append(bool(point.flags))


def _marks(point: PointReport) -> str:
    """The marks of the tables, in words."""
    told = [*(["shown to beat the others"] if point.fastest else []), *(flag.replace("_", " ") for flag in point.flags)]
    return f" ({', '.join(told)})" if told else ""
