"""Metrics: what is measured around slices besides, from the option to every format."""

from __future__ import annotations

import csv
import io
import json
from statistics import fmean, median
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import infer_compare as ic
from infer_compare import api, hookimpl
from infer_compare.backends import Device, Metric, MetricUnavailable
from infer_compare.environment.energy import energy, meter_for
from infer_compare.environment.host import Host
from infer_compare.errors import UsageError
from infer_compare.plugins import Plugins
from infer_compare.report import document, find_reporter, render
from infer_compare.testing import Violation, plugins_with

from .conftest import contender, open_gate  # type: ignore[import-not-found]
from .virtual import virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.results import Run

FORMATS = ("text", "markdown", "html")


def plugin(*metrics: object) -> SimpleNamespace:
    """A plugin with these metrics."""

    @hookimpl
    def infer_compare_metrics() -> list[object]:
        return list(metrics)

    return SimpleNamespace(__name__="metering", infer_compare_metrics=infer_compare_metrics)


class Fixed:
    """Counts the same in every slice, and knows whether it is asked in turn."""

    def __init__(self, value: Any = 6.0) -> None:
        self.value = value
        self.open = False
        self.slices = 0

    def start(self) -> None:
        self.open = True

    def stop(self) -> Any:
        assert self.open
        self.open = False
        self.slices += 1
        return self.value


def metric(name: str = "spent", value: Any = 6.0, **changes: Any) -> Metric:
    """A metric that counts the same in every slice."""
    return Metric(**{"name": name, "unit": "J", "meter": lambda _device: Fixed(value), **changes})


def measured(run: Run, name: str) -> list[float]:
    """The figures of a metric at every point that has it."""
    points = [point for curve in document(run).curves for point in curve.points]
    return [one.figures.metrics[name] for one in points if one.figures is not None and name in one.figures.metrics]


def packages(root: Path, uj: int) -> Host:
    """A machine with an energy counter."""
    folder = root / "sys/class/powercap/intel-rapl:0"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {"name": "package-0", "energy_uj": str(uj), "max_energy_range_uj": "10000000"}.items():
        (folder / name).write_text(content)
    return Host(root)


class Heated:
    """The meter of a machine that takes 2 J during every slice."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._uj = 9_000_000
        self._meter = meter_for(Device("cpu"), packages(root, self._uj))

    def start(self) -> None:
        self._meter.start()

    def stop(self) -> float | None:
        # The counter begins anew at 10 J.
        self._uj = (self._uj + 2_000_000) % 10_000_000
        packages(self._root, self._uj)
        return self._meter.stop()


def test_energy_is_joules_over_the_samples_of_the_slices(sweep, tmp_path):
    """Two joules a slice, whatever the counter shows, over all samples that ran meanwhile."""
    heated = msgspec.structs.replace(energy(), name="joules", meter=lambda _device: Heated(tmp_path))
    run = sweep(contender("a", fixed_us=1000), plugins=plugins_with(plugin(heated)), metrics=("joules",))
    for point in run.points:
        slices = point.clean_slices
        samples = sum((one.calls + one.discarded) * point.point.batch for one in slices)
        figures = next(
            one.figures for one in document(run).curves[0].points if one.point == point.point and one.figures
        )
        assert all(one.metered.values == pytest.approx({"joules": 2.0}) for one in slices)
        assert figures.metrics["joules"] == pytest.approx(2.0 * len(slices) / samples)


class Counting:
    """Counts 1, 2, 4, 8, ... in one slice after the other."""

    def __init__(self) -> None:
        self.next = 1.0

    def start(self) -> None:
        pass

    def stop(self) -> float:
        self.next *= 2
        return self.next / 2


def test_slices_are_combined_as_the_metric_says(sweep):
    """The mean of the slices, their median, and the ends."""
    ways = {"total": fmean, "median": median, "largest": max, "smallest": min}
    metrics = [metric(way, combine=way, meter=lambda _device: Counting()) for way in ways]
    plugins = plugins_with(plugin(*metrics))
    run = sweep(contender("a"), plugins=plugins, metrics=tuple(ways), batch_sizes=(1,), rounds=3)
    counted = [2.0**number for number in range(len(run.points[0].clean_slices))]
    assert len(counted) >= 3
    for way, combined in ways.items():
        assert measured(run, way) == [pytest.approx(combined(counted))]


def test_a_figure_per_second_is_over_the_time_of_the_slice(sweep):
    """The clock of the parent says how long it was."""
    run = sweep(contender("a"), plugins=plugins_with(plugin(metric(per="second"))), metrics=("spent",))
    (first, *_) = run.points
    seconds = sum(one.metered.window_ns for one in first.clean_slices) / 1e9
    assert measured(run, "spent")[0] == pytest.approx(6.0 * len(first.clean_slices) / seconds)


def test_instances_are_measured_together(sweep):
    """One start and one stop for all of them, over the samples of all."""
    meters: list[Fixed] = []

    def make(_device: Device) -> Fixed:
        meters.append(Fixed())
        return meters[-1]

    own = metric(per="sample", meter=make)
    run = sweep(contender("a", instances=2), plugins=plugins_with(plugin(own)), metrics=("spent",), batch_sizes=(4,))
    (meter,) = meters
    (point,) = run.points
    assert meter.slices == len(point.slices)
    samples = sum(4 * (one.calls + one.discarded) for one in point.clean_slices)
    assert measured(run, "spent") == [pytest.approx(6.0 * len(point.clean_slices) / samples)]


def test_nothing_is_measured_unless_it_is_asked_for(sweep):
    """A metric that is installed costs nothing."""

    def make(_device: Device) -> Fixed:
        raise AssertionError("nobody asked")

    run = sweep(contender("a"), plugins=plugins_with(plugin(metric(meter=make))))
    assert all(piece.metered is None for point in run.points for piece in point.slices)


def test_a_metric_that_cannot_be_measured_is_said_once_and_the_run_goes_on(sweep):
    """For several contenders the same reason is one note."""

    def make(_device: Device) -> Fixed:
        raise MetricUnavailable("the counter is locked; unlock it")

    run = sweep(contender("a"), contender("b"), plugins=plugins_with(plugin(metric(meter=make))), metrics=("spent",))
    assert [note.text for note in run.notes if note.topic == "metrics"] == [
        "spent is not measured: the counter is locked; unlock it"
    ]
    assert run.closing.state == "complete"
    assert measured(run, "spent") == []


def test_a_meter_that_returns_no_finite_number_is_given_up(sweep):
    """Nothing of it is stored, and the reader hears why; None is no failure, only nothing."""
    values = {"nan": float("nan"), "endless": float("inf"), "word": "much", "truth": True, "nothing": None}
    plugins = plugins_with(plugin(*(metric(name, value) for name, value in values.items())))
    run = sweep(contender("a"), plugins=plugins, metrics=tuple(values), batch_sizes=(1,))
    notes = [note.text for note in run.notes if note.topic == "metrics"]
    assert [text.partition(" ")[0] for text in notes] == ["nan", "endless", "word", "truth"]
    for text in notes:
        assert " of a is no longer measured: ValueError: a meter must return a finite number or None, not " in text
    assert all(piece.metered is None for point in run.points for piece in point.slices)


def test_a_metric_that_is_not_known_is_refused_with_those_that_are(sweep, installed: Plugins):
    """Before anything is measured."""
    with pytest.raises(UsageError, match=r"There is no metric 'enery'. Did you mean 'energy'\? Known: energy"):
        sweep(contender("a"), plugins=installed, metrics=("enery",))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": "Energy"}, "may only contain lower-case letters"),
        ({"name": "energy"}, "the metric energy is already there"),
        ({"unit": ""}, "must have 1 to 12 characters"),
        ({"per": "hour"}, "Invalid enum value 'hour'"),
        ({"meter": None}, "must be a function"),
    ],
)
def test_a_metric_that_does_not_fit_is_refused(changes, reason):
    """With the reason."""
    with pytest.raises(Violation, match=reason):
        plugins_with(plugin(metric(**changes)))
    with pytest.raises(Violation, match=r"is not an infer_compare.backends.Metric"):
        plugins_with(plugin("a word"))


@pytest.fixture
def folder(sweep, tmp_path) -> Path:
    """A stored run of two contenders, with two metrics."""
    plugins = plugins_with(
        plugin(
            metric("joules", per="sample", description="energy of something"),
            metric("heat", unit="C", value=71.25, combine="largest"),
        )
    )
    sweep(contender("a"), contender("b", fixed_us=900), plugins=plugins, metrics=("joules", "heat"))
    return tmp_path / "run"


def test_every_format_shows_the_metrics_without_the_plugin(folder):
    """They are columns of tables and files, and titles of charts."""
    result = ic.load(folder)

    def rendered(name: str) -> str:
        return str(render(find_reporter(name, Plugins.discover(block=["*"])), result.document))

    for name in FORMATS:
        text = rendered(name)
        assert "71.2" in text
        assert "J/sample" in text
    rows = list(csv.DictReader(io.StringIO(rendered("csv"))))
    assert {row["heat_c"] for row in rows} == {"71.25"}
    assert all(float(row["joules_j_per_sample"]) > 0 for row in rows)
    told = json.loads(rendered("json"))
    assert [one["name"] for one in told["metrics"]] == ["joules", "heat"]
    assert told["curves"][0]["points"][0]["figures"]["metrics"]["heat"] == 71.25
    assert result.points[0].metrics["heat"] == 71.25
    frame = result.to_pandas()
    assert list(frame.columns)[-2:] == ["joules_j_per_sample", "heat_c"]
    assert frame["heat_c"].tolist() == [71.25] * len(frame)


def test_runs_with_and_without_metrics_share_one_table(folder, sweep):
    """What a run was not asked for is empty."""
    sweep(contender("a"), folder="plain")
    runs = ic.load_runs([folder, folder.parent / "plain"])
    frame = runs.to_pandas()
    assert sorted(frame["heat_c"].isna()) == [False] * 4 + [True] * 2


def test_compare_shows_the_metrics_of_both_runs(folder, sweep, tmp_path):
    """As facts, without a verdict."""
    plugins = plugins_with(plugin(metric("heat", unit="C", value=35.625, combine="largest")))
    sweep(contender("a"), contender("b", fixed_us=900), folder="new", plugins=plugins, metrics=("heat",))
    text = str(ic.compare(folder, tmp_path / "new", across_conditions=True))
    assert "MEASURED BESIDES" in text
    assert "heat C" in text
    assert "0.50x" in text
    assert "joules" not in text


def test_a_run_that_is_resumed_goes_on_measuring(sweep, tmp_path):
    """What was asked for is kept with the run."""
    plugins = plugins_with(plugin(metric()))
    whole = sweep(contender("a"), plugins=plugins, metrics=("spent",))
    path = tmp_path / "run" / "run.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if b'"round"' in line)
    path.write_bytes(b"".join(lines[:first]))
    again = api.resume(tmp_path / "run", plugins=plugins, surroundings=virtual(open_gate))
    assert again.header.metrics == whole.header.metrics
    assert measured(again, "spent") == measured(whole, "spent")
