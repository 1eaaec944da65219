"""The texts that reports share: sizes, places, harmless names, commands that a shell reads back."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from infer_compare.report.words import places, plain, shell_line, shell_lines, size, without_folder
from infer_compare.results import OperatingPoint


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "0.977 KiB"),
        (2**20, "1.00 MiB"),
        (166 * 2**20, "166 MiB"),
        (1000 * 2**20, "0.977 GiB"),
        (8 * 2**30, "8.00 GiB"),
        (3 * 2**40, "3.00 TiB"),
    ],
)
def test_sizes_are_in_binary_units_with_three_digits(number: int, words: str) -> None:
    """Never four digits before a unit."""
    assert size(number) == words


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([OperatingPoint(8)], "batch 8"),
        ([OperatingPoint(32), OperatingPoint(8), OperatingPoint(16)], "batch 8, 16 and 32"),
        ([OperatingPoint(4 * one) for one in range(1, 21)], "20 batch sizes from 4 to 80"),
        ([OperatingPoint(size, (("seq", 128),)) for size in (1, 2)], "batch 1 and 2, seq 128"),
        (
            [OperatingPoint(1, (("seq", 128),)), OperatingPoint(1, (("seq", 512),))],
            "batch 1, seq 128 and batch 1, seq 512",
        ),
        ([OperatingPoint(1, (("seq", seq),)) for seq in range(1, 9)], "8 operating points"),
    ],
)
def test_places_are_told_in_few_words(points: list[OperatingPoint], words: str) -> None:
    """Many of them by their number."""
    assert places(points) == words


def test_a_plain_text_is_one_line_of_printable_characters() -> None:
    """Whatever could move the cursor, hide text or turn it round is written as an escape."""
    made = plain(" a\tb\n\nc\x1b[2J\u202e\u200b\x9b\udcff ")
    assert made == r"a b c\x1b[2J\u202e\u200b\x9b\udcff"


COMMAND = (
    "infer-compare", "run", "my net.onnx", "--backends", "onnx,torch", "--quick", "--input", "x=normal(0,1)", "-o", "it's",
    "two\nlines", "naïve",
)  # fmt: skip


@pytest.mark.parametrize("width", [20, 40, 78, 500])
def test_a_command_on_several_lines_is_one_for_a_shell(width: int) -> None:
    """Bash reads the words back as they were typed."""
    script = "\n".join(["printf '%s\\0' \\", *shell_lines(COMMAND, width)])
    printed = subprocess.run(["bash", "-c", script], check=True, capture_output=True).stdout.decode()
    assert tuple(printed.split("\0")[:-1]) == COMMAND


def test_an_option_stays_beside_its_value_where_lines_are_broken() -> None:
    """Whoever edits the command sees them together."""
    lines = shell_lines(("infer-compare", "run", "cnn", "--batch-sizes", "1:256:x2", "--quick"), 40)
    assert lines == ["infer-compare run cnn \\", "  --batch-sizes 1:256:x2 --quick"]


def test_words_without_control_characters_are_quoted_as_any_shell_reads_them() -> None:
    """Bash's own way of quoting is for those alone that need it."""
    words = ("run", "my net.onnx", "$HOME", "it's")
    assert shlex.split(shell_line(words)) == list(words)
    assert "$'" in shell_line(("two\nlines",))


def test_the_command_to_repeat_leaves_out_the_folder_that_holds_a_run_by_now() -> None:
    """In each way in which it can be written; everything else stays."""
    for folder in (["-o", "out"], ["--output", "out"], ["--output=out"], ["-oout"]):
        assert without_folder(["infer-compare", "run", "mlp", *folder, "--quick"]) == (
            "infer-compare", "run", "mlp", "--quick",
        )  # fmt: skip
