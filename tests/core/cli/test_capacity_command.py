"""`infer-compare capacity`: what a stored run handles, in every format, and questions that have no answer."""

from __future__ import annotations

import json
import resource
import shutil
import sys
from pathlib import Path

import msgspec
import pytest

from asked import header
from infer_compare.store import FILE

EXAMPLE = Path(__file__).parents[3] / "docs" / "example"
QUICK = ("-b", "onnx", "--max-batch", "2", "--max-delay", "0")
"""One configuration: a search takes longer."""


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> Path:
    """The folder of a stored run of onnx and torch."""
    folder = tmp_path_factory.mktemp("runs") / "example"
    shutil.copytree(EXAMPLE, folder)
    return folder


@pytest.fixture
def recording(cli) -> str:
    """The name of a file of 2000 requests at 100 a second, which are simulated faster than a process."""
    Path("arrivals.txt").write_text("".join(f"{0.01 * number:.2f}\n" for number in range(2000)), encoding="utf-8")
    return "arrivals.txt"


@pytest.mark.slow
def test_the_highest_rate_within_a_bound_is_the_first_line(cli, run):
    """With the batching and the copies that it takes."""
    result = cli("capacity", run, "--latency-bound", "2ms")
    assert result.code == 0
    assert " ".join(result.out.split()).startswith(
        "CAPACITY cnn, highest rate within 2 ms at the 99th percentile onnx handles "
    )


def test_a_rate_within_a_bound_is_answered_in_the_first_line(cli, run, recording):
    """With the batching and the copies that it takes."""
    result = cli("capacity", run, *QUICK, "--latency-bound", "2ms", "--arrivals", recording)
    assert result.code == 0
    lines = " ".join(result.out.split())
    assert lines.startswith(
        "CAPACITY cnn, 100 requests/s within 2 ms at the 99th percentile onnx handles 100 requests/s "
    )
    assert "batches of at most 2 without waiting, 1 copy." in lines
    assert "calls were timed inside the worker process" in lines


def test_a_rate_above_saturation_is_answered_by_machines_and_their_cost(cli, run, recording):
    """Everything is in the file that is named, in the format of its ending."""
    question = ("--rate", "1.2M/min", "--arrivals", recording, "--latency-bound", "2ms", "--price", "$1.20/h")
    result = cli("capacity", run, *QUICK, *question, "-o", "answer.json")
    assert (result.code, result.out) == (0, "")
    answer = json.loads(Path("answer.json").read_text(encoding="utf-8"))
    (onnx,) = answer["capacity"]["contenders"]
    assert answer["capacity"]["load"]["rate"] == 20_000
    assert onnx["machines"] >= 4
    assert onnx["state"] == "too high"
    assert onnx["cost_per_million"] == pytest.approx(1e6 * onnx["machines"] * 1.2 / 3600 / 20_000)
    assert f"on {onnx['machines']} machines" in answer["headline"]


def test_recorded_arrivals_are_asked_about_at_their_own_rate(cli, run, recording):
    """Unless a rate stretches or compresses them."""
    result = cli("capacity", run, *QUICK, "--arrivals", recording, "--json")
    answer = json.loads(result.out)
    assert answer["capacity"]["load"]["rate"] == pytest.approx(100)
    assert answer["recording"]["requests"] == 2000


def test_a_bound_that_nobody_keeps_at_any_rate_is_refused_with_one_that_is_kept(cli, run):
    """The shortest call is longer."""
    result = cli("capacity", run, "--latency-bound", "50us")
    assert result.code == 2
    assert "No contender can answer within 50.0 us" in result.err
    assert "give --latency-bound" in result.err


REFUSED = {
    "a rate without a number": (("--rate", "fast"), "'fast' is not a rate"),
    "a rate of nothing": (("--rate", "0/s"), "'0/s' is not a possible rate"),
    "a rate a week": (("--rate", "1/week"), "'week' is not a unit of time in a rate"),
    "a bound without a unit": (("--latency-bound", "20"), "'20' has no unit"),
    "a percentile of all": (("--latency-bound", "20ms", "--percentile", "100"), "'100' is not a number from 1 to"),
    "a percentile without a bound": (("--percentile", "95"), "add --latency-bound"),
    "a price of nothing": (("--price", "0/h"), "must be more than nothing"),
    "another contender": (("-b", "tensorflow"), "no contender 'tensorflow'; name torch or onnx"),
    "an axis that is not there": (("--axis", "seq=64"), "no setting seq=64"),
    "an axis of several sizes": (("--axis", "seq=16,64"), "--axis seq has several sizes"),
    "a file that is not there": (("--arrivals", "nowhere.txt"), "There is no file nowhere.txt; name one"),
    "a folder of arrivals": (("--arrivals", "."), "it is a folder, not a file"),
    "arrivals and their burstiness": (("--arrivals", "x", "--burstiness", "4"), "contradict each other"),
    "a batch that was not measured": (("--max-batch", "100000"), "largest measured batch"),
    "a format that is none": (("--format", "pdf"), "Capacity has no format 'pdf'"),
    "two formats": (("--json", "--format", "csv"), "contradict each other"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_question_that_makes_no_sense_is_refused_in_a_sentence(case, cli, run):
    """With exit code 2 and what to type."""
    arguments, words = REFUSED[case]
    if case != "a batch that was not measured":
        arguments = (*QUICK[2:], *arguments)
    result = cli("capacity", run, *arguments)
    assert (result.code, result.out) == (2, "")
    assert words in result.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "arrivals.txt"),
        (b"0.1\n", "arrivals.txt"),
        (b"0.1\nsoon\n", "line 2: 'soon' is not a number"),
        (b"0.2\n0.1\n", "line 2"),
        (b"0.1\n0.1\n", "same moment"),
        (b"\xff\xfe\x00", "is not a text file"),
    ],
)
def test_a_file_that_holds_no_arrivals_is_refused_with_the_line(content, words, cli, run):
    """And with what is wrong in it."""
    Path("arrivals.txt").write_bytes(content)
    result = cli("capacity", run, *QUICK, "--arrivals", "arrivals.txt")
    assert (result.code, result.out) == (2, "")
    assert words in result.err


def test_arrivals_that_begin_with_a_byte_order_mark_are_read(cli, run, recording):
    """As some editors and spreadsheets write them."""
    Path(recording).write_bytes(b"\xef\xbb\xbf" + Path(recording).read_bytes())
    assert cli("capacity", run, *QUICK, "--arrivals", recording).code == 0


def test_a_run_that_is_not_there_or_measured_nothing_is_refused(cli, run, tmp_path):
    """With what to do."""
    assert cli("capacity", tmp_path / "nowhere").code == 2
    begun = tmp_path / "begun"
    begun.mkdir()
    (begun / FILE).write_bytes((run / FILE).read_bytes().partition(b"\n")[0] + b"\n")
    result = cli("capacity", begun)
    assert result.code == 2
    assert "measured batch size" in result.err


def test_a_run_with_several_settings_needs_one_of_them(cli, tmp_path):
    """All are listed."""
    folder = tmp_path / "axes"
    folder.mkdir()
    (folder / FILE).write_bytes(msgspec.json.encode(header("onnx", axis=("seq=16,64",))) + b"\n")
    result = cli("capacity", folder)
    assert result.code == 2
    assert "--axis seq=16 or --axis seq=64" in result.err


def test_an_answer_is_not_written_over_a_file(cli, run):
    """Before anything is computed."""
    Path("answer.md").write_text("mine", encoding="utf-8")
    result = cli("capacity", run, "-o", "answer.md")
    assert result.code == 2
    assert "exists already; name another file, or write over it with --force" in result.err
    assert Path("answer.md").read_text(encoding="utf-8") == "mine"


def test_an_answer_is_written_over_a_file_with_force(cli, run, recording):
    """As other reports are."""
    Path("answer.md").write_text("mine", encoding="utf-8")
    assert cli("capacity", run, *QUICK, "--arrivals", recording, "-o", "answer.md", "--force").code == 0
    assert Path("answer.md").read_text(encoding="utf-8").startswith("## ")


@pytest.mark.linux
def test_of_an_answer_that_cannot_be_written_to_its_end_nothing_is_left(cli, run, recording, monkeypatch):
    """As on a full disk; a folder is refused before anything is computed."""
    question = (*QUICK, "--latency-bound", "2ms", "--arrivals", recording)
    assert "is a folder; name a file in it" in cli("capacity", run, *question, "--format", "csv", "-o", ".").err
    assert cli("capacity", run, *question, "-o", "whole.csv").code == 0
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    _, hard = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, hard))
    try:
        result = cli("capacity", run, *question, "-o", "half.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert result.code == 2
    assert "half.csv cannot be written: File too large" in result.err
    assert not Path("half.csv").exists()


def test_the_schema_of_an_answer_is_printed(cli):
    """With its version."""
    result = cli("schema", "capacity")
    assert result.code == 0
    assert json.loads(result.out)["title"].startswith("infer-compare/capacity 1.")
