"""`infer-compare plugin new` and `plugin check` for what is no backend: sound things pass, each lie is caught by its check."""

from __future__ import annotations

import json
import os
import random
import sys
import sysconfig
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from infer_compare.backends import BuiltinDataset, Metric, MetricUnavailable
from infer_compare.scaffold import KINDS
from infer_compare.testing import Violation, check_dataset, check_metric, check_reporter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from infer_compare.testing.checking import PluginReport

SMALL = tuple(kind for kind in KINDS if kind != "backend")


def failed(report: PluginReport) -> set[str]:
    """The checks that failed."""
    return {result.check for result in report.results if type(result).__name__ == "Failed"}


class Sound:
    """A report format that nothing is wrong with."""

    name = "sound"
    suffix = ".json"

    def render(self, document: Any) -> Any:
        return json.dumps([ascii(curve.contender) for curve in document.curves])


def saying(make: Callable[[Any], Any]) -> Any:
    """A report format that renders so."""
    return type("Saying", (Sound,), {"render": lambda _, document: make(document)})()


def test_a_sound_format_passes():
    """All but what it has not."""
    assert not failed(check_reporter(Sound()))
    check_reporter(Sound()).verify()


REPORTERS: dict[str, tuple[Any, str]] = {
    "raises where there is no figure": (
        lambda document: json.dumps([point.figures.throughput for curve in document.curves for point in curve.points]),
        "renders",
    ),
    "returns a list": (lambda _: ["text"], "renders"),
    "returns nothing": (lambda _: "", "renders"),
    "draws": (lambda _: json.dumps(random.random()), "repeatable"),
    "writes NaN": (lambda _: json.dumps(float("nan")), "numbers"),
    "writes no JSON": (lambda _: "{", "numbers"),
    "lets names steer the terminal": (
        lambda document: "".join(one.label for one in document.contenders) or "-",
        "terminal",
    ),
}


@pytest.mark.parametrize("lie", REPORTERS)
def test_a_format_that_breaks_a_promise_is_caught(lie):
    """By the check of that promise."""
    make, check = REPORTERS[lie]
    report = check_reporter(saying(make))
    assert check in failed(report)
    with pytest.raises(Violation, match=f"{check}: "):
        report.verify()


class Counter:
    """A meter that nothing is wrong with."""

    def start(self) -> None:
        self.began = time.perf_counter()

    def stop(self) -> Any:
        return time.perf_counter() - self.began


def measuring(meter: Callable[[], Any], **changes: Any) -> Metric:
    """A metric with such meters."""
    return Metric(**{"name": "odd", "unit": "s", "description": "odd", "meter": lambda _: meter(), **changes})


def with_stop(value: Any) -> type[Counter]:
    """Meters that return such a value."""
    return type("Odd", (Counter,), {"stop": lambda _: value})


class Threading(Counter):
    """Watches from a thread."""

    def start(self) -> None:
        super().start()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.ended.wait)
        self.thread.start()

    def stop(self) -> float:
        self.ended.set()
        self.thread.join()
        return 1.0


class Shared(Counter):
    """Keeps the state of all meters in one place."""

    state: ClassVar[list[float]] = []

    def start(self) -> None:
        self.state.append(1.0)

    def stop(self) -> float | None:
        value = self.state.pop() if self.state else None
        self.state.clear()
        return value


class Slow(Counter):
    """Takes its time."""

    def start(self) -> None:
        super().start()
        time.sleep(0.6)


METRICS: dict[str, tuple[Metric, str]] = {
    "no description": (measuring(Counter, description=""), "declared"),
    "no unit": (measuring(Counter, unit=""), "declared"),
    "NaN": (measuring(with_stop(float("nan"))), "measures"),
    "a word": (measuring(with_stop("much")), "measures"),
    "nothing": (measuring(with_stop(None)), "measures"),
    "a thread": (measuring(Threading), "quiet"),
    "one state for all": (measuring(Shared), "side_by_side"),
}


@pytest.mark.parametrize("lie", METRICS)
def test_a_metric_that_breaks_a_promise_is_caught(lie):
    """By the check of that promise."""
    metric, check = METRICS[lie]
    assert check in failed(check_metric(metric))


@pytest.mark.slow
def test_a_metric_that_takes_long_is_caught():
    """Runs would take several times as long."""
    assert failed(check_metric(measuring(Slow))) == {"quick"}


def test_a_metric_that_cannot_be_measured_here_is_skipped_with_the_reason():
    """What it declares is checked all the same."""

    def unavailable() -> Counter:
        raise MetricUnavailable("there is no counter")

    report = check_metric(measuring(unavailable))
    assert report.passed
    assert {getattr(one, "reason", "") for one in report.results} == {
        "",
        "it cannot be measured here: there is no counter",
    }
    assert not failed(check_metric(measuring(Counter)))


def rows(**changes: Any) -> dict[str, Any]:
    """Arrays of a data set."""
    return {"x": np.ones((4, 3), np.float32), **changes}


DATASETS: dict[str, tuple[Callable[[int], Any], str]] = {
    "it draws": (lambda _seed: np.random.default_rng().random((4, 3)), "repeatable"),
    "NaN": (lambda _seed: rows(x=np.full((4, 3), np.nan)), "finite"),
    "rows of unlike number": (lambda _seed: rows(y=np.ones((3, 1))), "rows"),
    "no rows": (lambda _seed: rows(x=np.ones((0, 3))), "rows"),
    "words": (lambda _seed: {"x": np.array(["a", "b"])}, "arrays"),
    "another shape for another seed": (lambda seed: rows(x=np.ones((4, 3 + seed))), "any_seed"),
}


@pytest.mark.parametrize("lie", DATASETS)
def test_a_data_set_that_breaks_a_promise_is_caught(lie):
    """By the check of that promise."""
    load, check = DATASETS[lie]
    assert check in failed(check_dataset(BuiltinDataset(name="odd", summary="odd", load=load)))


def test_a_sound_data_set_passes():
    """Of one array, or of several."""
    for load in (lambda seed: np.random.default_rng(seed).random((4, 3)), lambda _seed: rows()):
        assert not failed(check_dataset(BuiltinDataset(name="sound", summary="sound", load=load)))


@pytest.fixture
def projects(cli, tmp_path, monkeypatch) -> Iterator[dict[str, Path]]:
    """A fresh project of each kind, found by its entry point as if it were installed."""
    made = {}
    for kind in SMALL:
        assert cli("plugin", "new", kind, f"my_{kind}").code == 0
        made[kind] = project = tmp_path / f"infer-compare-my-{kind}"
        settings = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        info = tmp_path / f"site/infer_compare_my_{kind}-0.1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {settings['name']}\nVersion: 0.1\n")
        points = "".join(f"{name} = {value}\n" for name, value in settings["entry-points"]["infer_compare"].items())
        (info / "entry_points.txt").write_text(f"[infer_compare]\n{points}")
    for folder in (tmp_path / "site", *(project / "src" for project in made.values())):
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
    yield made
    for kind in made:
        sys.modules.pop(f"infer_compare_my_{kind}", None)


def test_a_fresh_project_of_each_kind_passes_its_checks(cli, projects):
    """And says where to fill in what."""
    for kind, project in projects.items():
        for place, _ in KINDS[kind].filling:
            assert "Fill in" in (project / place.format(name=f"my_{kind}")).read_text(encoding="utf-8")
        done = cli("plugin", "check", f"my_{kind}", "--json")
        assert done.code == 0, done.out
        report = json.loads(done.out)
        assert report["kind"] == kind
        assert "passed" in {one["outcome"] for one in report["results"]}
    printed = cli("plugin", "check", "my_metric")
    assert "passed  declared: name, unit, direction and description are there" in printed.out
    assert printed.out.endswith("metric my_metric passes: 5 passed.\n")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_project_of_each_kind_installs_and_passes_its_own_tests(
    projects, tmp_path, new_environment, builder, run_apart, monkeypatch
):
    """With pip, in an environment that sees this one's packages and those that the projects ask for to build them."""
    monkeypatch.delenv("PYTHONPATH")
    pip = new_environment(tmp_path, builder, sysconfig.get_path("purelib"))
    editable = [word for project in projects.values() for word in ("-e", project)]
    pip("install", "--no-deps", "--no-build-isolation", "--check-build-dependencies", *editable)
    python = tmp_path / "venv" / "bin" / "python"

    def check(kind):
        for command in (("infer_compare", "plugin", "check", f"my_{kind}"), ("pytest", "-q", "-p", "no:cacheprovider")):
            done = run_apart(
                python, "-m", *command, cwd=projects[kind], timeout=200, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"
            )
            assert done.returncode == 0, done.stdout + done.stderr

    # The last kind, a launcher, mostly waits for processes to end.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(check, reversed(projects)))


def test_a_name_of_several_kinds_must_be_said_with_its_kind(cli, projects):
    """Built-in ones count."""
    (projects["dataset"] / "src/infer_compare_my_dataset/__init__.py").write_text(
        "from infer_compare import hookimpl\n"
        "from infer_compare.backends import BuiltinDataset\n"
        "@hookimpl\n"
        "def infer_compare_datasets():\n"
        "    return [BuiltinDataset(name='csv', summary='rows', load=lambda seed: [[1.0], [2.0]])]\n"
    )
    done = cli("plugin", "check", "csv")
    assert done.code == 2
    assert "'csv' is a reporter and a dataset; say which with --kind dataset" in done.err
    assert cli("plugin", "check", "csv", "--kind", "dataset").code == 0
    done = cli("plugin", "check", "reference", "--kind", "metric")
    assert done.code == 2
    assert "There is no metric 'reference'" in done.err


def test_a_thing_of_a_file_is_checked_by_what_it_is(cli, projects, tmp_path):
    """A class, or an object."""
    for kind, name in (("reporter", "MyReporterReporter"), ("metric", "metric"), ("dataset", "dataset")):
        file = projects[kind] / f"src/infer_compare_my_{kind}/__init__.py"
        assert f"{kind} my_{kind} passes" in cli("plugin", "check", f"{file}:{name}").out
    done = cli("plugin", "check", f"{projects['metric'] / 'src/infer_compare_my_metric/__init__.py'}:time")
    assert done.code == 2
    assert "is none of backend, converter, reporter, metric, dataset and launcher" in done.err


def test_a_kind_or_a_name_that_cannot_be_is_refused(cli, tmp_path):
    """Before anything is written; a backend is still made without its kind."""
    for words, sentence in (
        (
            ("writer", "mine"),
            "There is no kind of plugin 'writer'; take one of backend, converter, reporter, metric, dataset",
        ),
        (("reporter", "csv"), "There is a report format 'csv' already"),
        (("metric", "energy"), "There is a metric 'energy' already"),
        (("converter", "onnx"), "There is a converter 'onnx' already"),
        (("dataset", "a-b"), "'a-b' cannot be the name of a data set"),
        (("dataset", "a", "b"), "'b' is too much"),
        (("launcher",), "add a name: infer-compare plugin new launcher NAME"),
    ):
        done = cli("plugin", "new", *words)
        assert done.code == 2
        assert sentence in done.err
    assert list(tmp_path.iterdir()) == []
    assert cli("plugin", "new", "backend", "warp").code == 0
    assert cli("plugin", "new", "warp", "-o", "again").code == 0
    first, second = (
        sorted(path.read_text() for path in (tmp_path / folder).rglob("*") if path.is_file())
        for folder in ("infer-compare-warp", "again")
    )
    assert first == second


def test_a_backend_that_brings_converters_too_is_checked_as_a_backend(cli):
    """As it was before there were checks of other things."""
    done = cli("plugin", "check", "tensorflow", "--group", "memory", "--fast", "--json")
    assert json.loads(done.out)["backend"] == "tensorflow"
