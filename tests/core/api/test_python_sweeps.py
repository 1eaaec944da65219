"""`infer_compare.sweep` as a person at a notebook uses it."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from datetime import timedelta
from html.parser import HTMLParser

import pytest

import infer_compare as ic
from infer_compare import api
from infer_compare.errors import InferCompareError, StoreError, UsageError
from infer_compare.request.options import RunOptions

AGAIN = "<again> & again"


def test_a_sweep_gives_a_row_for_every_contender_and_size(stored) -> None:
    """With figures in units that the names tell."""
    assert [(row.contender, row.batch) for row in stored.points] == [
        ("reference", 1),
        ("reference", 2),
        (AGAIN, 1),
        (AGAIN, 2),
    ]
    for row in stored.points:
        assert row.outcome == "measured"
        assert row.measured
        assert row.throughput > 0
        assert 0 < row.latency_p50_ms <= row.latency_p95_ms < 60_000
        assert row.resident_bytes > 2**20


def test_the_best_is_the_one_that_the_answer_recommends(stored) -> None:
    """Not merely the highest figure: a smaller batch that is as good is preferred."""
    recommended = stored.document.answers[0].answer.recommended
    best = stored.best()

    assert (best.contender, best.batch) == (recommended.contender, recommended.point.batch)
    assert best in stored.points
    assert stored.answer == stored.document.answers[0].headline


def test_a_latency_bound_can_be_asked_for_afterwards(stored) -> None:
    """Only points that are shown to keep it count; the run itself stays as it is."""
    assert stored.best(latency_bound="1us") is None
    assert stored.best(latency_bound=timedelta(microseconds=1)) is None
    kept = stored.best(latency_bound="10min")
    assert kept is None or kept in stored.points
    assert stored.run.header.options.latency_bound is None


@pytest.mark.parametrize("bound", ["20", "soon", 20, 0.02, timedelta(0), timedelta(seconds=-1)])
def test_a_bound_that_is_none_is_refused(stored, bound) -> None:
    """In one sentence."""
    with pytest.raises(UsageError):
        stored.best(latency_bound=bound)


def test_the_run_is_stored_as_the_command_line_stores_it(stored) -> None:
    """In the folder that was named, with the reports that were asked for, and read back the same."""
    assert {path.name for path in stored.folder.iterdir()} == {"run.jsonl", "report.csv"}
    again = ic.load(stored.folder)
    assert again.run == stored.run
    assert again.points == stored.points
    assert ic.load(stored.folder / "run.jsonl").folder == stored.folder
    assert stored.run.header.command[:3] == ("infer-compare", "run", "--config")


def test_a_folder_that_holds_a_run_is_not_written_over(stored, sweep) -> None:
    """And what it holds stays."""
    before = (stored.folder / "run.jsonl").read_bytes()
    with pytest.raises(StoreError, match="already holds a run"):
        sweep(contenders=["reference"], folder=stored.folder)
    assert (stored.folder / "run.jsonl").read_bytes() == before


def test_the_default_folder_is_that_of_the_command_line(sweep, tmp_path, monkeypatch) -> None:
    """`runs/<time>-<model>`: nothing that was measured is lost with a temporary folder."""
    monkeypatch.chdir(tmp_path)
    found = sweep(contenders=["reference"], batch_sizes=1)
    assert found.folder.parent.name == "runs"
    assert found.folder.name.endswith("-mlp")
    assert api.load_run(tmp_path / found.folder) == found.run


def test_a_price_tells_what_samples_cost(stored) -> None:
    """Twice the price, twice the cost; the unpriced result stays unpriced."""
    assert stored.costs == ()
    once, twice = stored.price("1.20/h"), stored.price("2.40/h")
    assert twice.costs[0].per_million == pytest.approx(2 * once.costs[0].per_million)
    assert "A million samples" in once._repr_html_()
    assert stored.costs == ()
    with pytest.raises(UsageError, match="is not a price"):
        stored.price("cheap")


def test_points_become_a_data_frame(stored) -> None:
    """With the columns of the CSV report."""
    pytest.importorskip("pandas")
    frame = stored.to_pandas()
    assert list(frame["batch"]) == [1, 2, 1, 2]
    assert list(frame["throughput"]) == pytest.approx([row.throughput for row in stored.points])


def test_a_report_is_saved_after_the_ending_of_its_name(stored, tmp_path) -> None:
    """Or in a format that is named."""
    assert "<html" in stored.save(tmp_path / "report.html").read_text(encoding="utf-8")
    assert stored.save(str(tmp_path / "table"), "csv").read_text(encoding="utf-8").startswith("run,")
    assert stored.save(tmp_path / "a.benchmark.json").read_text(encoding="utf-8").startswith("[")
    assert stored.save(tmp_path / "a.json").read_text(encoding="utf-8").startswith("{")
    with pytest.raises(UsageError, match="exists already"):
        stored.save(tmp_path / "report.html")
    with pytest.raises(UsageError, match="does not have the ending of a format"):
        stored.save(tmp_path / "report.docx")


class _Cells(HTMLParser):
    """Collects texts and tags."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)

    def handle_data(self, data) -> None:
        self.texts.append(data)


def test_a_notebook_shows_the_answer_and_a_row_for_each_point(stored) -> None:
    """Names that look like markup are text."""
    cells = _Cells()
    cells.feed(stored._repr_html_())
    assert cells.tags.count("tr") == 1 + len(stored.points)
    assert cells.texts.count(AGAIN) == 2
    assert "again" not in cells.tags
    assert "script" not in cells.tags
    assert stored.answer in "".join(cells.texts)


def test_a_result_prints_as_the_text_report_and_shows_itself_in_a_line(stored) -> None:
    """`print(result)` and `result`."""
    assert "ANSWER" in str(stored)
    assert "\n" not in repr(stored)
    assert "mlp" in repr(stored)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mode": "fast"}, "mode is 'fast'; write one of quick, default, thorough"),
        ({"threads": 0}, "threads does not fit"),
        ({"threads": "two"}, "'two' is not a whole number from 1 to 8192"),
        ({"batch_sizes": [1, 1]}, "more than once"),
        ({"latency_bound": "20"}, "has no unit"),
        ({"latency_bound": timedelta(seconds=-1)}, "is not a valid duration"),
        ({"budget": 60}, "sweep: budget: 60 has no unit; write for example 20ms or 60s as a text"),
        ({"max_memory": 0}, "give bytes above zero"),
        ({"timeout": float("nan")}, "nan has no unit"),
        ({"price": "cheap"}, "is not a price"),
        ({"reports": ["htm"]}, "Did you mean 'html'"),
        ({"contenders": [{"backend": "onnx", "optoins": {}}]}, "did you mean 'options'"),
        ({"contenders": [{"options": {}}]}, "backend"),
        ({"contenders": ["onxx"]}, "Did you mean 'onnx'"),
        ({"percentile": 20}, "percentile does not fit"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_and_leaves_nothing(options, sentence, sweep, tmp_path) -> None:
    """No folder, no traceback of another library."""
    with pytest.raises(UsageError, match=re.escape(sentence)):
        sweep(**{"contenders": ["reference"], **options}, folder=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_object_that_is_no_model_is_refused(sweep, tmp_path) -> None:
    """With what can be given instead; a folder that was there stays as it was."""
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(InferCompareError, match="is not a model that an installed backend can save"):
        sweep(object(), folder=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_every_option_of_a_file_is_an_argument() -> None:
    """And the other way round: what is asked for has one name."""
    arguments = set(inspect.signature(ic.sweep).parameters)
    assert arguments - {"folder", "plugins", "observer", "cancel"} == set(RunOptions.__struct_fields__)


def test_numbers_of_numpy_and_paths_are_taken(sweep, tmp_path) -> None:
    """As they come out of a notebook's other cells."""
    np = pytest.importorskip("numpy")
    found = sweep(
        contenders=("reference",), batch_sizes=np.array([2, 1]), seed=int(np.int64(1)), folder=tmp_path / "run"
    )
    assert [row.batch for row in found.points] == [1, 2]


def test_the_names_are_there_and_cost_nothing_until_they_are_used() -> None:
    """`import infer_compare` is done by every plugin."""
    source = (
        "import sys, infer_compare as ic\n"
        "assert {'sweep', 'load', 'Result', 'PointRow'} <= set(dir(ic))\n"
        "assert not any(name.startswith('infer_compare.api') for name in sys.modules)\n"
        "assert ic.sweep.__name__ == 'sweep'\n"
        "try:\n    ic.sweeep\n"
        "except AttributeError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "has no attribute 'sweeep'" in done.stdout
