"""Every format of the six stored runs is what it was, character by character.

A change of words changes these files on purpose: `INFER_COMPARE_WRITE_GOLDEN=1 pytest tests/core/report/test_golden_reports.py`
writes them anew, and the difference is read before it is committed.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infer_compare.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).with_name("golden")
RUNS = {
    "example": "docs/example",
    **{name: f"docs/figures/batch-size/{name}" for name in ("float32", "frameworks", "int8", "resnet18")},
    "contenders": "docs/figures/contenders",
}
REPORTS = {
    "60.txt": ("text", "60"),
    "80.txt": ("text", "80"),
    "md": ("markdown", "80"),
    "html": ("html", "80"),
    "csv": ("csv", "80"),
    "json": ("json", "80"),
}
COMPARISONS = {"txt": "text", "md": "markdown", "html": "html", "json": "json"}
BETWEEN_ELEMENTS = re.compile(r"(?<=>)\s*\n\s*|\n\s*(?=<)")
"""Line breaks of the page's source, which no reader sees."""
LIBRARY = re.compile(r"(?<=<script>)(?P<body>.{20000,}?)(?=</script>)", re.DOTALL)
"""A script so long is a library that the page carries, and no text of ours."""
PACKED = re.compile(r"(?<=data:application/gzip;base64,)(?P<content>[A-Za-z0-9+/=]+)")


@pytest.fixture
def printed(capfdbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """What a command prints in a terminal of so many columns."""

    def run(columns: str, *arguments: str) -> str:
        monkeypatch.chdir(ROOT)
        monkeypatch.setenv("COLUMNS", columns)
        with pytest.raises(SystemExit) as ended:
            main(list(arguments))
        assert not ended.value.code
        return PACKED.sub(_unpacked, LIBRARY.sub(_digest, capfdbinary.readouterr().out.decode()))

    return run


def _digest(match: re.Match[str]) -> str:
    return f"/* sha256 {hashlib.sha256(match['body'].encode()).hexdigest()} */"


def _unpacked(match: re.Match[str]) -> str:
    """What is packed: the packing differs between versions of zlib."""
    return f"sha256 {hashlib.sha256(gzip.decompress(base64.b64decode(match['content']))).hexdigest()}"


def is_golden(text: str, name: str) -> bool:
    """Return whether a text is that of a golden file, which is written anew where that is asked for."""
    file = GOLDEN / name
    if os.environ.get("INFER_COMPARE_WRITE_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, newline="")
    golden = file.read_bytes().decode()
    if name.endswith(".html"):
        return BETWEEN_ELEMENTS.sub("", text) == BETWEEN_ELEMENTS.sub("", golden)
    return text == golden


@pytest.mark.parametrize("ending", REPORTS)
@pytest.mark.parametrize("run", RUNS)
def test_a_report_of_a_stored_run_is_what_it_was(run: str, ending: str, printed: Callable[..., str]) -> None:
    """A report of a stored run is what it was."""
    form, columns = REPORTS[ending]
    text = printed(columns, "report", RUNS[run], "--format", form)
    assert is_golden(text, f"{run}.{ending}")
    # Names that hold options are long: eight sentences of them need more lines of a terminal.
    if ending in {"60.txt", "80.txt"} and run != "contenders":
        assert len(text.splitlines()) <= 8


@pytest.mark.parametrize("columns", ["60", "80", "120"])
@pytest.mark.parametrize("run", RUNS)
def test_a_verbose_report_of_a_stored_run_is_what_it_was(run: str, columns: str, printed: Callable[..., str]) -> None:
    """And no line of it is wider than the terminal, but for a command, which must not be broken."""
    text = printed(columns, "report", RUNS[run], "--verbose")
    assert is_golden(text, f"{run}.verbose.{columns}.txt")
    shown, _, _ = text.partition("REPEAT WITH")
    assert [line for line in shown.splitlines() if len(line) > int(columns)] == []


@pytest.mark.parametrize("ending", COMPARISONS)
def test_a_comparison_of_stored_runs_is_what_it_was(ending: str, printed: Callable[..., str]) -> None:
    """A comparison of stored runs is what it was, conditions that differ included."""
    pair = (RUNS["example"], RUNS["frameworks"])
    text = printed("80", "compare", *pair, "--across-conditions", "--format", COMPARISONS[ending])
    assert is_golden(text, f"example-frameworks.{ending}")
