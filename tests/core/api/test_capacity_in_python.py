"""What load a run handles, asked in Python."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import infer_compare as ic
from infer_compare.errors import UsageError

EXAMPLE = Path(__file__).parents[3] / "docs" / "example"
ARRIVALS = [0.01 * number for number in range(2000)]
"""Recorded ones are simulated faster than a process."""
QUICK: dict[str, Any] = {"contenders": "onnx", "max_batch": 2, "max_delay": "0", "arrivals": ARRIVALS}


@pytest.fixture(scope="session")
def answer() -> ic.CapacityAnswer:
    """An answer about the example run."""
    return ic.load(EXAMPLE).capacity(rate="6k/min", latency_bound="2ms", price="1.20/h", **QUICK)


def test_an_answer_has_the_figures_of_the_command(answer) -> None:
    """By contender, the best first."""
    assert answer.headline.startswith("onnx handles 100 requests/s within 2 ms at the 99th percentile on 1 machine: ")
    assert answer.best is answer.contenders[0]
    assert answer.best.configuration.batching.max_batch == 2
    assert answer.best.at_rate.percentiles_s["99"].high <= 0.002
    assert answer.best.highest.rate > 100
    assert answer.replayed == ()


def test_a_question_may_be_asked_in_numbers_and_durations(answer) -> None:
    """In place of texts; what is None is not asked."""
    asked: dict[str, Any] = {
        "rate": 100,
        "latency_bound": timedelta(milliseconds=2),
        "percentile": 99.0,
        "price": "1.20/h",
    }
    quick = {**QUICK, "max_delay": timedelta(0), "contenders": ["onnx"], "copies": None}
    assert ic.load(EXAMPLE).capacity(**asked, **quick).document == answer.document


def test_an_answer_is_saved_after_the_ending_of_its_name(answer, tmp_path) -> None:
    """And never over another file."""
    for name in ("a.txt", "a.md", "a.html", "a.json", "a.csv"):
        assert answer.save(tmp_path / name).stat().st_size > 0
    with pytest.raises(UsageError, match="exists already"):
        answer.save(tmp_path / "a.csv")
    with pytest.raises(UsageError, match="does not have the ending of a format"):
        answer.save(tmp_path / "a.pdf")


def test_a_data_frame_has_the_columns_of_csv(answer, tmp_path) -> None:
    """A row for each contender and rate."""
    frame = answer.to_pandas()
    with answer.save(tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [*frame.columns] == [*rows[0]]
    assert len(frame) == len(rows)


def test_an_answer_shows_itself(answer) -> None:
    """In a line, as text, and as a table in a notebook."""
    assert repr(answer).startswith("<Capacity of cnn: onnx handles ")
    assert str(answer).startswith("CAPACITY")
    assert "<th>machines</th>" in answer._repr_html_()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"rate": 0.0}, "not a possible rate"),
        ({"rate": "soon"}, "is not a rate"),
        ({"latency_bound": 20}, "has no unit"),
        ({"percentile": 99}, "add --latency-bound"),
        ({"max_delay": 2}, "has no unit"),
        ({"contenders": "tensorflow"}, "no contender 'tensorflow'"),
        ({"axes": {"seq": 64}}, "no setting seq=64"),
        ({"bound": "20ms"}, "no option 'bound'"),
        ({"arrivals": [2.0, 1.0]}, "sort the time stamps"),
    ],
)
def test_what_makes_no_sense_is_refused(asked, words) -> None:
    """In a sentence."""
    with pytest.raises(UsageError, match=words):
        ic.load(EXAMPLE).capacity(**asked)
