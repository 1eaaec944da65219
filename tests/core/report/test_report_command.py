"""`infer-compare report`: files that are written whole or not at all, and every bad input in one sentence."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, NamedTuple

import pyarrow.parquet as pq
import pytest

from infer_compare.cli import main
from infer_compare.store import FILE, RunLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Story


class Result(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: bytes
    err: str


@pytest.fixture
def cli(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs `infer-compare` with arguments; a traceback on standard error fails the test."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Result:
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        printed = capfdbinary.readouterr()
        assert b"Traceback" not in printed.err
        return Result(int(ended.value.code or 0), printed.out, printed.err.decode())

    return run


@pytest.fixture
def store(tmp_path: Path, story: type[Story]) -> Callable[..., Path]:
    """Writes the run of a story into a folder."""

    def write(name: str, **told: object) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        with RunLog(folder / FILE, create=True) as log:
            for record in story(**told).records():
                log.append(record)
        return folder

    return write


def _refused(result: Result, *words: str) -> None:
    assert result.code == 2
    assert result.err.count("\n") == 1
    for word in words:
        assert word in result.err


@pytest.mark.parametrize(
    ("name", "begins"), [("parquet", b"PAR1"), ("png", b"\x89PNG"), ("svg", b"<?xml"), ("csv", b"run,")]
)
def test_a_format_goes_to_a_file_or_through_a_pipe(cli, store, tmp_path, name, begins):
    """The same either way."""
    run = store("one")
    piped = cli("report", run, "--format", name)
    written = cli("report", run, "--format", name, "-o", tmp_path / "report")
    assert (piped.code, written.code) == (0, 0)
    assert piped.out.startswith(begins)
    assert (tmp_path / "report").read_bytes() == piped.out
    assert not list(tmp_path.glob("*.part")) + list(tmp_path.glob(".*"))


def test_several_runs_go_into_one_table(cli, store, tmp_path):
    """The rows of one after those of the other."""
    runs = (store("one"), store("two", model="mlp"))
    cli("report", *runs, "--format", "parquet", "-o", tmp_path / "both.parquet")
    assert pq.read_table(tmp_path / "both.parquet").column("model").to_pylist() == ["cnn"] * 8 + ["mlp"] * 8
    rows = list(csv.DictReader(io.StringIO(cli("report", *runs, "--format", "csv").out.decode())))
    assert len(rows) == 16


def test_several_runs_are_printed_one_after_the_other(cli, store):
    """With the best of each first."""
    printed = cli("report", store("one"), store("two", model="mlp")).out.decode()
    assert printed.startswith("RUNS  the best of each of 2 runs")
    assert "RUN 2" not in printed
    full = cli("report", "one", "two", "-v").out.decode()
    assert full.startswith("RUNS  the best of each of 2 runs")
    assert "RUN 2  mlp on Test Processor, 4 cores" in full


def test_a_price_adds_costs(cli, store):
    """In the document too."""
    run = store("one")
    priced = ("report", run, "--price", "EUR 1.20/h")
    assert "EUR per million samples with onnx at batch 8" in cli(*priced).out.decode()
    assert "COST  of a million samples at 1.20 EUR an hour" in cli(*priced, "-v").out.decode()
    made = json.loads(cli("report", run, "--price", "1.20/h", "--format", "json").out)
    first = made["costs"]["by_contender"][0]
    assert first["per_million"] == pytest.approx(1.2 / 3600 * 1e6 / first["throughput"])
    _refused(cli("report", run, "--price", "cheap"), "'cheap' is not a price", "1.20/h")


@pytest.mark.parametrize("kind", ["report", "reports"])
def test_the_schema_tells_of_costs(cli, kind):
    """For one run and for several."""
    schema = json.loads(cli("schema", kind).out)
    assert "costs" in schema["$defs"]["ReportDocument"]["properties"]
    assert schema["title"].startswith(f"infer-compare/{kind} 3.")
    assert {"per_million", "throughput", "point"} <= set(schema["$defs"]["Cost"]["properties"])


def test_a_file_that_exists_is_kept_unless_forced(cli, store, tmp_path):
    """With --force it is replaced, and keeps its permissions."""
    run, file = store("one"), tmp_path / "report.md"
    file.write_text("mine", encoding="utf-8")
    file.chmod(0o640)
    _refused(cli("report", run, "--format", "markdown", "-o", file), "exists already", "--force")
    assert file.read_text(encoding="utf-8") == "mine"
    assert cli("report", run, "--format", "markdown", "-o", file, "--force").code == 0
    assert file.read_text(encoding="utf-8").startswith("## cnn")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_json_has_a_flag_of_its_own(cli, store):
    """As in every command that prints a document."""
    run = store("one")
    assert cli("report", run, "--json").out == cli("report", run, "--format", "json").out
    _refused(cli("report", run, "--json", "--format", "csv"), "--json and --format csv contradict each other")


def test_a_link_is_followed_and_not_replaced(cli, store, tmp_path):
    """The file that it leads to is."""
    (tmp_path / "there").write_text("old", encoding="utf-8")
    (tmp_path / "link").symlink_to("there")
    assert cli("report", store("one"), "--format", "json", "-o", tmp_path / "link", "--force").code == 0
    assert (tmp_path / "link").is_symlink()
    assert json.loads((tmp_path / "there").read_text(encoding="utf-8"))["run_id"]


def test_a_pipe_is_written_to_and_not_replaced(cli, store, tmp_path):
    """As devices are."""
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    assert cli("report", store("one"), "--format", "csv", "-o", pipe, "--force").code == 0
    reader.join(timeout=30)
    assert got[0].startswith(b"run,")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_place_that_cannot_be_written_is_one_sentence(cli, store, tmp_path):
    """A folder, a folder that is not there, a file for a folder."""
    run = store("one")
    _refused(cli("report", run, "-o", tmp_path), "is a folder")
    _refused(cli("report", run, "-o", tmp_path / "no" / "where.txt"), "there is no folder", "no")
    _refused(cli("report", run, "-o", run / FILE / "report.txt"), "cannot be written")
    _refused(cli("report", run, "-o", "/proc/report.txt"), "/proc/report.txt cannot be written")


def test_a_name_that_is_too_long_is_one_sentence(cli, store):
    """It cannot even be looked for."""
    _refused(cli("report", store("one"), "-o", "x" * 300), "cannot be written")


def test_a_format_of_one_run_refuses_several_before_it_reads_them(cli):
    """They need not even be there."""
    _refused(cli("report", "a", "b", "--format", "github-action-benchmark"), "takes one run, and 2 were given")


def test_a_missing_extra_is_told_with_the_pip_command(store):
    """Before the run is read; nothing else of the command line needs it."""
    run = store("one")
    source = (
        "import importlib.abc, sys\n"
        "class Tripwire(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in {'matplotlib', 'pyarrow', 'pandas'}:\n"
        "            raise ModuleNotFoundError('No module named ' + repr(name), name=name)\n"
        "sys.meta_path.insert(0, Tripwire())\n"
        "from infer_compare.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    for name, extra in (("png", "plots"), ("svg", "plots"), ("parquet", "data"), ("csv", "")):
        done = subprocess.run(
            [sys.executable, "-c", source, "report", run, "--format", name],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == (2 if extra else 0), done.stderr
        assert (f"pip install 'infer-compare[{extra}]'" in done.stderr) == bool(extra)
        assert done.stderr.count("\n") == bool(extra)


@pytest.mark.parametrize("words", [["--format", "parquet"], ["--format", "html"], ["--format", "html", "-o", "-"]])
def test_what_a_terminal_cannot_show_is_not_thrown_at_it(store, words):
    """It asks for a file instead, and says what to type."""
    ours, theirs = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "infer_compare", "report", store("one"), *words],
            stdout=theirs, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert f"The format {words[1]!r} is not for a terminal; write it to a file: infer-compare report " in done.stderr
    assert f" -o report.{words[1]} (or" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["text", "parquet", "png"])
def test_a_torn_run_is_reported_as_far_as_it_goes(cli, store, tmp_path, name):
    """In the new formats as in the old."""
    whole = (store("one") / FILE).read_bytes()
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / FILE).write_bytes(whole[: len(whole) // 2])
    assert cli("report", torn, "--format", name).code == 0


def test_a_folder_that_holds_no_run_that_can_be_read_is_one_sentence(cli, store, tmp_path):
    """Empty, without records, of a newer schema, of another tool; also as the second of two."""
    good, bad = store("one"), tmp_path / "bad"
    bad.mkdir()
    _refused(cli("report", good, bad), "There is no run at", "bad")
    (bad / FILE).write_bytes(b"")
    _refused(cli("report", bad, "--format", "png"), "is empty")
    header = json.loads((good / FILE).read_bytes().splitlines()[0])
    (bad / FILE).write_text(json.dumps({**header, "version": [99, 0]}) + "\n", encoding="utf-8")
    _refused(cli("report", bad, "--format", "parquet"), "newer infer-compare", "pip install -U")
    (bad / FILE).write_text('{"tool": "another"}\n', encoding="utf-8")
    _refused(cli("report", bad, good, "--format", "json"), "is not a run of infer-compare")


def test_no_run_at_all_is_a_usage_error(cli):
    """RUN is needed."""
    assert cli("report").code == 2


@pytest.mark.parametrize(
    ("file", "begins"), [("a.html", "<!doctype html>"), ("b.CSV", "run,"), ("c.json", "{"), ("d.md", "## ")]
)
def test_the_ending_of_a_file_chooses_the_format(cli, store, tmp_path, file, begins):
    """In capitals too."""
    assert cli("report", store("one"), "-o", file).code == 0
    assert (tmp_path / file).read_text(encoding="utf-8").lower().startswith(begins)


def test_a_format_that_contradicts_the_ending_is_refused(cli, store, tmp_path):
    """With both ways out; nothing is written."""
    result = cli("report", store("one"), "--format", "csv", "-o", "a.html")
    _refused(result, "--format csv and the ending of a.html contradict each other", "-o a.csv")
    assert not (tmp_path / "a.html").exists()


def test_an_ending_that_is_no_formats_is_refused_without_a_format(cli, store):
    """Nobody gets text in a file that is called a spreadsheet."""
    _refused(
        cli("report", store("one"), "-o", "a.xlsx"), "a.xlsx does not say its format by its ending", "--format", ".csv"
    )
    assert cli("report", store("two"), "--format", "csv", "-o", "a.data").code == 0


def test_a_dash_is_standard_output(cli, store, tmp_path):
    """No file of that name is made."""
    run = store("one")
    assert cli("report", run, "--format", "csv", "-o", "-").out == cli("report", run, "--format", "csv").out
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize("name", ["text", "markdown", "html", "json"])
def test_a_stored_run_answers_for_another_latency_bound(cli, store, name):
    """From its calls, in every format that has an answer."""
    run = store("one", calls=4000)
    told = cli("report", run, "--latency-bound", "15ms", "--percentile", "90", "--format", name)
    assert told.code == 0
    assert b"p90 within 15" in told.out
    assert b"p90 within 15" not in cli("report", run, "--format", name).out


def test_a_percentile_needs_a_latency_bound(cli, store):
    """Of the run, or typed."""
    _refused(cli("report", store("one"), "--percentile", "90"), "--latency-bound")
    assert cli("report", store("two", plan={"latency_bound_ns": 15_000_000}), "--percentile", "90").code == 0


def test_another_bound_and_a_price_go_together(cli, store):
    """What a million samples cost at the size that keeps the bound."""
    told = cli("report", store("one", calls=4000), "--latency-bound", "15ms", "--price", "$1.20/h")
    assert b"p95 within 15" in told.out
    assert b"$" in told.out
