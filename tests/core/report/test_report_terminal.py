"""The text report: the answer first, inside 80 columns, on any terminal, whatever names and messages hold."""

from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len
from rich.console import Console

from infer_compare.cli.console import print_text
from infer_compare.report import document
from infer_compare.report.terminal.bars import Scale
from infer_compare.report.text import TextReporter, renderables
from infer_compare.results import Closing, Died, Failed, OutOfMemory, Run, Skipped, Unusable
from infer_compare.stats.wording import significant

if TYPE_CHECKING:
    from conftest import Story
    from infer_compare.report import ReportDocument

SIZES = [2**power for power in range(9)]
LINES = {
    "onnx": {size: 0.31 + 0.12 * size for size in SIZES},
    "torch": {size: 1.2 + 0.2 * size for size in SIZES},
    "tensorflow": {size: 2.0 + 0.25 * size for size in SIZES},
}


def text(made: ReportDocument) -> str:
    """The report as a file holds it."""
    return TextReporter().render(made)


def flat(made: ReportDocument) -> str:
    """The report with its line breaks taken out, to look for sentences in."""
    return " ".join(text(made).split())


def section(made: ReportDocument, title: str) -> str:
    """The lines below a heading, up to the next empty line that a heading follows."""
    blocks = f"\n\n{text(made)}".split("\n\n")
    start = next(place for place, block in enumerate(blocks) if block.startswith(title))
    end = next(
        (place for place in range(start + 1, len(blocks)) if not blocks[place].startswith(" ")),
        len(blocks),
    )
    return "\n\n".join(blocks[start:end])


def on_console(made: ReportDocument, width: int, *, verbose: bool = False) -> str:
    """The report on a console of that width."""
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None, highlight=False)
    for one in renderables(made, verbose=verbose):
        console.print(one)
    return file.getvalue()


def printed(made: ReportDocument, encoding: str, monkeypatch: pytest.MonkeyPatch, *, verbose: bool = False) -> bytes:
    """What the command line writes to a standard output of that encoding that is no terminal."""
    out = io.BytesIO()
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding, write_through=True))
    print_text(made, verbose=verbose)
    return out.getvalue()


def test_the_answer_comes_first_and_the_command_to_repeat_it_last(story: type[Story]) -> None:
    """Sections keep one order; those that have nothing to say are left out."""
    told = text(document(story().run()))
    titles = [line.split("  ")[0] for line in told.splitlines() if line[:1].strip()]
    assert titles == [
        "ANSWER",
        "CURVES",
        "SHAPE",
        "ARITHMETIC",
        "MEMORY BOUNDARY",
        "AGREEMENT OF OUTPUTS",
        "NOTES",
        "HOW THIS WAS MEASURED",
        "CONDITIONS",
        "REPEAT WITH",
    ]
    assert told.splitlines()[1] == "  Use onnx at batch 8."


@pytest.mark.parametrize("contenders", [1, 2, 3])
def test_no_line_is_wider_than_80_columns_or_ends_in_white_space(story: type[Story], contenders: int) -> None:
    """However many contenders and batch sizes there are, and with a latency bound and failures besides."""
    curves = dict(list(LINES.items())[:contenders])
    gone = Died(exit_code=-9, signal="SIGKILL", phase="explore", stderr_tail="x" * 300)
    made = document(
        story(
            curves=curves,
            outcomes={("onnx", 256): gone},
            imported=tuple(curves),
            refused=(2,),
            plan={"latency_bound_ns": 5_000_000},
            command=("infer-compare", "run", *(f"--option-{place}=value" for place in range(20))),
        ).run()
    )
    lines = text(made).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)


def test_a_report_has_no_colour_where_there_is_no_terminal(story: type[Story], monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in a file nor in a pipe, and both begin with the answer."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    made = document(story().run())
    piped = printed(made, "utf-8", monkeypatch).decode()
    assert "\x1b" not in piped
    assert piped.startswith("Use onnx at batch 8.")
    assert "Use onnx at batch 8." in text(made)


def test_an_output_that_knows_ascii_only_still_gets_the_report(
    story: type[Story], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bars are made of number signs there, and what remains is replaced."""
    told = printed(document(story(model="modèle").run()), "ascii", monkeypatch, verbose=True).decode("ascii")
    assert told.startswith("ANSWER  mod?le, 2 threads")
    assert "4,206 0.5 * ####" in told


def test_wide_terminals_show_the_contenders_side_by_side_and_narrow_ones_in_blocks(story: type[Story]) -> None:
    """Nothing is cut off for lack of room."""
    made = document(story(curves=LINES).run())
    side_by_side, blocks = on_console(made, 120), on_console(made, 80)
    # The first title with latencies belongs to the table of the answer.
    assert [line.count("p95 ms") for line in side_by_side.splitlines() if "p95 ms" in line][1:] == [3]
    assert [line.count("p95 ms") for line in blocks.splitlines() if "p95 ms" in line][1:] == [1, 1, 1]
    for point in (point for curve in made.curves for point in curve.points):
        assert point.figures is not None
        assert significant(point.figures.throughput) in side_by_side
        assert significant(point.figures.throughput) in blocks


def test_names_with_markup_and_control_characters_stay_text(story: type[Story]) -> None:
    """They steer neither the terminal nor the layout."""
    curves = {"[red]on[/]nx": {1: 0.5, 2: 0.7}, "torch\x1b[31m\u202e\r\n": {1: 1.5, 2: 1.8}}
    failed = Failed(error="\x1b]0;title\x07Error", reason="[link=x]y[/link]", phase="explore")
    made = document(story(model="[bold]\x9bm", curves=curves, outcomes={("[red]on[/]nx", 2): failed}).run())
    told = text(made)
    assert told.startswith(r"ANSWER  [bold]\x9bm, 2 threads")
    assert told.splitlines()[1].startswith("  Use [red]on[/]nx at batch 1")
    assert "[link=x]y[/link]" in " ".join(told.split())
    assert all(character.isprintable() or character == "\n" for character in told)


@pytest.mark.parametrize("columns", ["20", "80"])
def test_no_figure_is_cut_off_for_long_names_or_on_a_narrow_terminal(
    story: type[Story], monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    """Names are broken or cut instead, and a terminal of less than 60 columns wraps the lines itself."""
    labels = [f"backend:option_{place}={'value' * 12}@device" for place in range(2)]
    made = document(story(curves={label: {128: 12.34, 1024: 98.7} for label in labels}).run())
    monkeypatch.setenv("COLUMNS", columns)
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8", write_through=True))
    print_text(made, verbose=True)
    told = out.getvalue().decode()
    assert max(map(cell_len, told.splitlines())) <= 80
    words = told.split()
    for point in (point for curve in made.curves for point in curve.points):
        assert point.figures is not None
        assert significant(point.figures.throughput) in words
        assert significant(point.figures.latency_p95_ns / 1e6) in words
        assert str(point.point.batch) in words


def test_names_of_a_double_width_script_keep_the_columns(story: type[Story]) -> None:
    """Widths are those of the terminal's cells."""
    made = document(story(curves={"模型模型": {1: 0.5, 2: 0.7}, "torch": {1: 1.5, 2: 1.8}}).run())
    lines = text(made).splitlines()
    rows = [line for line in lines[2:9] if "2.57" in line or "torch" in line or "模型" in line]
    starts = {cell_len(line[: line.index(figure)]) for line in rows for figure in ("2,854", "1,110") if figure in line}
    assert len(starts) == 1
    assert max(map(cell_len, lines)) <= 80


def test_a_verdict_reads_as_one_sentence_with_its_grounds(story: type[Story]) -> None:
    """Which, how many times, the interval, and what that rests on."""
    told = flat(document(story(refused=(2,)).run()))
    assert "onnx is 1.89x faster than torch [1.88, 1.91] (6 rounds, 3 restarts, 25 % of slices rejected)" in told
    assert "1.89x slower" in told


def test_without_a_verdict_the_answer_is_called_an_estimate_and_says_what_would_show_more(story: type[Story]) -> None:
    """The figures are there all the same."""
    made = document(story(curves={"onnx": {8: 1.90}, "torch": {8: 2.00}}, restarts=1).run())
    told = flat(made)
    assert "Probably onnx at batch 8: " in told
    assert "not confirmed" in section(made, "ANSWER")
    assert "more restarts with clean rounds could settle it" in told
    assert "Use onnx" not in told


def test_a_latency_bound_has_a_row_for_each_contender(story: type[Story]) -> None:
    """Those that keep it with their best and largest size, the others with none, and the answer keeps it."""
    curves = {"slow": {1: 5.0, 2: 6.0}, "torch": {1: 1.5, 2: 1.8}, "onnx": {1: 0.5, 2: 1.1}}
    made = document(story(curves=curves, plan={"latency_bound_ns": 2_000_000}).run())
    lines = section(made, "ANSWER").splitlines()
    assert lines[1] == "  Use onnx at batch 1 for p95 within 2.00 ms."
    place = next(place for place, line in enumerate(lines) if line.startswith("  p95 within 2.00 ms"))
    rows = [line.split() for line in lines[place + 1 : place + 4]]
    assert rows == [
        ["onnx", "1", "1,998", "0.504", "2"],
        ["torch", "2", "1,110", "1.81", "2", "1.80x"],
        ["slow", "none"],
    ]
    assert "without the bound, onnx does best at batch 1" in flat(made)


def test_a_bound_that_nothing_keeps_is_said_before_everything_else(story: type[Story]) -> None:
    """The best without it is no answer to what was asked."""
    told = text(document(story(plan={"latency_bound_ns": 100_000}).run()))
    assert told.splitlines()[1].startswith("  None was shown to keep p95 within 0.100 ms. Without that bound: onnx")
    assert "Use onnx" not in told


def test_failures_are_told_with_their_reasons(story: type[Story]) -> None:
    """A crash with the worker's last words, memory at the boundary, a size left out because of it."""
    outcomes = {
        ("onnx", 8): Died(exit_code=-11, signal="SIGSEGV", phase="explore", stderr_tail="check failed: x > 0\n"),
        ("torch", 4): OutOfMemory(reason="cap of 8 GiB reached", evidence="raised", phase="explore"),
        ("torch", 8): Skipped(reason="a smaller batch ran out of memory"),
    }
    made = document(story(outcomes=outcomes).run())
    failures = " ".join(section(made, "FAILURES").split())
    assert 'onnx at batch 8: it died of SIGSEGV; last line of stderr: "check failed: x > 0"' in failures
    assert "torch at batch 8: it was not run (a smaller batch ran out of memory)" in failures
    boundary = " ".join(section(made, "MEMORY BOUNDARY").split())
    assert "torch: batch 4 ran out of memory (cap of 8 GiB reached); the largest below it that ran is 2" in boundary
    curves = section(made, "CURVES")
    assert all(word in curves for word in ("died", "OOM", "not run"))
    assert "! onnx at batch 8: it died of SIGSEGV" in section(made, "ANSWER")


def test_a_contender_that_took_no_part_is_in_the_answer(story: type[Story]) -> None:
    """Whoever asked for it learns at once why it is missing."""
    made = document(story(unusable={"torch": Skipped(reason="torch is not installed")}).run())
    assert "! torch is not ranked: it was not run (torch is not installed)" in section(made, "ANSWER")


def test_an_unfinished_run_says_so_in_its_answer(story: type[Story]) -> None:
    """With the reason where the run left one."""
    cut = document(story(closing=None).run())
    assert "! the run was interrupted before its end" in section(cut, "ANSWER")
    stopped = document(story(closing=Closing(state="stopped", reason="the disk is full", elapsed_s=3)).run())
    assert "! the run was stopped before its end: the disk is full" in section(stopped, "ANSWER")


def test_a_run_without_any_figure_says_so_once(story: type[Story]) -> None:
    """The answer, and why there is none."""
    missing = Unusable(contender="onnx", outcome=Skipped(reason="onnx is not installed"))
    told = text(document(Run.fold((story().header(), missing))))
    assert told.splitlines()[1] == "  No answer: no contender was measured."
    assert told.count("no contender was measured") == 1
    assert "unadjusted" not in told
    assert "SHAPE" not in told


def test_what_exploring_saw_is_marked_as_rough(story: type[Story]) -> None:
    """It is better than nothing and must not be taken for a measurement."""
    told = story()
    made = document(Run.fold([told.header(), *told.explored()]))
    curves = section(made, "CURVES")
    assert "~2,000" in curves
    assert "~: rough, from exploring; never ranked" in curves


def test_the_shape_of_a_curve_is_in_words_with_the_sizes_that_it_holds_for(story: type[Story]) -> None:
    """Fixed cost, cost of a sample, half of the plateau, and where throughput falls again."""
    falling = {size: (0.31 + 0.12 * size) * (1.3 if size > 64 else 1) for size in SIZES}
    made = document(story(curves={"onnx": falling}).run())
    assert " ".join(section(made, "SHAPE").split()).endswith(
        "- onnx: fixed cost 0.31 ms, 0.12 ms a sample; reaches half of its peak at batch 3; drops after batch 64; "
        "the line holds from batch 1 to 64"
    )


def test_an_end_to_end_run_says_where_the_time_of_an_iteration_goes(story: type[Story]) -> None:
    """For each contender at its best size; the scope of the device alone has no such parts."""
    made = document(story(plan={"scope": "end_to_end"}).run())
    assert "inputs and outputs in host memory" in text(made).splitlines()[0]
    assert [line.split() for line in section(made, "PARTS OF AN ITERATION").splitlines()[2:]] == [
        ["onnx", "8", "0.190", "1.61", "0.0950"],
        ["torch", "8", "0.360", "3.06", "0.180"],
    ]
    assert "PARTS OF AN ITERATION" not in text(document(story().run()))


def test_rejections_are_told_by_cause_with_the_busiest_process(story: type[Story]) -> None:
    """Whoever wants a better run learns what to close."""
    told = " ".join(section(document(story(refused=(2,)).run()), "CONDITIONS").split())
    assert "noise 25 % of 128 slices rejected; busiest: make, pid 99, 93 % of a core" in told
    assert "rejected 32 slices, such as: other programs: make (pid 99) took 90 % of a core" in told


def test_points_whose_every_slice_was_rejected_show_trial_figures_and_are_called_disturbed(story: type[Story]) -> None:
    """An empty cell would look like a failure of the contender."""
    made = document(story(curves={"onnx": {1: 0.5}}, refused=(1, 2, 3, 4)).run())
    assert "~2,000" in section(made, "CURVES")
    assert "onnx has no figures at batch 1: every slice was disturbed" in section(made, "FAILURES")
    assert "every slice was disturbed by other processes" in section(made, "ANSWER")


def test_many_batch_sizes_are_thinned_out_unless_all_are_asked_for(story: type[Story]) -> None:
    """Powers of two, both ends and the sizes that the answer speaks of remain; the rest is a flag away."""
    curve = {size: 0.3 + 0.1 * size for size in range(1, 41)}
    made = document(story(curves={"onnx": curve}, restarts=2, rounds=1, calls=16).run())
    recommended = made.answers[0].answer.recommended
    assert recommended is not None
    shown = {int(size) for size in re.findall(r"^ +(\d+) ", section(made, "CURVES"), re.MULTILINE)}
    assert shown == {1, 2, 4, 8, 16, 32, 40, recommended.point.batch}
    assert f"{len(shown)} of 40 batch sizes shown; -v shows all" in text(made)
    everything = on_console(made, 80, verbose=True)
    assert all(f"\n  {size:>5} " in everything for size in curve)


def test_verbose_reports_hold_the_verdict_on_every_pair(story: type[Story]) -> None:
    """By batch size, and with the warning that they are many."""
    told = " ".join(on_console(document(story().run()), 120, verbose=True).split())
    assert "EVERY PAIR 4 verdicts Adjusted for the number of sizes, not of contenders." in told
    assert "batch 1: onnx is 3.00x faster than torch" in told
    assert "batch 8: onnx is 1.89x faster than torch" in told


@pytest.mark.parametrize(("value", "bar"), [(0.01, "▏"), (10.0, "████"), (5.0, "██")])
def test_bars_grow_from_zero(value: float, bar: str) -> None:
    """Half of the highest is half as long; what is nearly nothing keeps a sliver."""
    scale = Scale.over([1.0, 10.0])
    assert scale is not None
    assert scale.bar(value, 4) == bar


def test_bars_of_values_that_are_close_look_alike() -> None:
    """Noise does not look like a difference."""
    scale = Scale.over([5.0, 4.99])
    assert scale is not None
    assert scale.bar(4.99, 3) == scale.bar(5.0, 3) == "███"
    assert scale.bar(4.99, 3, ascii_only=True) == "###"


def test_there_is_no_scale_without_values() -> None:
    """Then there are no bars either."""
    assert Scale.over([]) is None
