"""What a precision brings: throughput, output error, memory and the largest batch, for several models and frameworks.

Each model takes two runs of `infer-compare run --allow-error`, one for the throughput at the best of a few batch sizes, and
one that searches for the largest batch under a cap on memory. They are kept in the folder that `--state` names and not
repeated: a command that was cut off goes on where it was, and several commands with parts of the models add up to the
whole table. `--budget` bounds each run.

    python benchmarks/contenders.py [--models cnn,resnet18] [--budget 4m] [--short] [--state runs/contenders] [--save]
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare import api
from infer_compare.errors import InferCompareError
from infer_compare.plugins import Plugins
from infer_compare.preparation.contenders import find_contenders
from infer_compare.report import document
from infer_compare.report.words import size
from infer_compare.request.units import parse_duration
from infer_compare.stats.wording import ratio, significant
from trials import report

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.report.schema import ContenderReport, ReportDocument

MODELS = ("cnn", "resnet18", "mobilenet_v2", "bert_small", "vit_tiny")
SHORT_MODELS = ("cnn", "resnet18")
CONTENDERS = (
    "torch",
    "torch:precision=bfloat16",
    "onnx",
    "onnx:precision=float16",
    "onnx:precision=int8",
    "tensorflow",
    "tensorflow:precision=bfloat16",
)
BASE = "float32"
MEMORY = "1500MiB"
KINDS = {
    "throughput": ("--batch-sizes", "1,4,16"),
    "limit": ("--batch-sizes", "1", "--find-limit", "--max-memory", MEMORY),
}
"""What each run of a model is asked for."""
WIDE = 1.2
"""Where what fits and what does not lie further apart, the limit is not found yet."""
SPARE_S = 240
"""What a run may take beyond its budget: starting, converting, comparing outputs, writing the run."""
STOPPING_S = 30
"""For a run that is interrupted."""
HEADER = f"{'model':13}{'contender':22}{'precision':>10}{'error':>9}{'samples/s':>11}{'+-%':>6}{'batch':>7}{'memory':>10}{'largest':>9}"


@dataclass(frozen=True, slots=True)
class Row:
    """One contender on one model."""

    backend: str
    precision: str
    error: float | None
    throughput: float | None
    spread: float | None
    batch: int | None
    memory: int | None
    largest: int | None
    is_open: bool
    """Whether a much larger batch may fit: the time ended before the search had come close to the limit."""
    why: str
    """Why there is no throughput."""

    @property
    def text(self) -> str:
        """The row without its model."""
        error = "" if self.error is None else f"{self.error:.1g}"
        rate = "" if self.throughput is None else significant(self.throughput)
        spread = "" if self.spread is None else f"{100 * self.spread:.1f}"
        memory = "" if self.memory is None else size(self.memory)
        largest = "" if self.largest is None else f"{self.largest:,}{'+' if self.is_open else ''}"
        figures = f"{error:>9}{rate:>11}{spread:>6}{self.batch or '':>7}{memory:>10}{largest:>9}"
        return f"{self.backend:22}{self.precision:>10}{figures}{f'  {self.why}' if self.why else ''}"


def tell(text: str) -> None:
    """Say what is done now, beside the table."""
    print(text, file=sys.stderr, flush=True)


def possible(texts: Sequence[str]) -> list[str]:
    """Return the contenders that the installed backends can be asked for."""
    plugins, kept = Plugins.discover(), []
    for text in texts:
        try:
            find_contenders([text], plugins)
        except InferCompareError as error:
            tell(f"without {text}: {error}")
        else:
            kept.append(text)
    return kept


def measured(model: str, kind: str, arguments: argparse.Namespace) -> ReportDocument | None:
    """Return the report of one run of a model, from the state where it is there; None where none was stored."""
    folder = arguments.state / f"{model}-{kind}-{arguments.budget}-{arguments.threads}"
    if not _is_complete(folder):
        seconds = parse_duration(arguments.budget)
        command = [sys.executable, "-m", "infer_compare", "run", model, "--quick", "--allow-error", *KINDS[kind]]
        command += [word for text in possible(arguments.contenders.split(";")) for word in ("-b", text)]
        command += [
            "--threads",
            str(arguments.threads),
            "--budget",
            arguments.budget,
            "--wait",
            arguments.wait,
            "-o",
            str(folder),
        ]
        if folder.exists():
            command = [sys.executable, "-m", "infer_compare", "run", "--resume", str(folder)]
        tell(f"{model}: {' '.join(command[3:])}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        process = subprocess.Popen(command, stdout=sys.stderr, env=environment)
        try:
            process.wait(seconds + SPARE_S)
        except subprocess.TimeoutExpired:
            tell(f"{model}: cut off after {seconds + SPARE_S:.0f} s; the table has what was measured until then")
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOPPING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    if not (folder / "run.jsonl").exists():
        return None
    return document(api.load_run(folder))


def _is_complete(folder: Path) -> bool:
    if not (folder / "run.jsonl").exists():
        return False
    closing = api.load_run(folder).closing
    return closing is not None and closing.state == "complete"


def rows(made: ReportDocument, limits: ReportDocument | None) -> list[Row]:
    """Return a row for each contender, in the order in which they were asked for.

    Args:
        made: the run with the throughputs.
        limits: the one with the largest batches, where there is one.
    """
    return [_row(made, limits, contender) for contender in made.contenders]


def _row(made: ReportDocument, limits: ReportDocument | None, contender: ContenderReport) -> Row:
    label = contender.label
    best = next((best for one in made.answers for best in one.answer.by_contender if best.contender == label), None)
    curve = next((curve for curve in made.curves if curve.contender == label), None)
    at = next((point for point in curve.points if best and point.point == best.point), None) if curve else None
    searched = [curve.boundary for curve in limits.curves if curve.contender == label] if limits is not None else []
    limit = next((boundary for boundary in searched if boundary is not None and boundary.searched), None)
    excluded = next((one.reason for one in made.excluded if one.contender == label), "")
    return Row(
        backend=contender.backend,
        precision=contender.precision or contender.keys.get("precision", ""),
        error=contender.output_error.relative if contender.output_error is not None else None,
        throughput=best.figures.throughput if best is not None else None,
        spread=best.figures.spread if best is not None else None,
        batch=best.point.batch if best is not None else None,
        memory=at.memory.resident if at is not None and at.memory is not None else None,
        largest=limit.largest_ran if limit is not None else None,
        is_open=limit is not None
        and (limit.smallest_failed is None or limit.smallest_failed > WIDE * (limit.largest_ran or 0)),
        why="" if best is not None else f"({excluded.partition(':')[0][:40]})",
    )


def answers(found: dict[str, Sequence[Row]]) -> Iterator[str]:
    """Yield what each lower precision brought, over the models: a line for each backend and precision."""
    kinds = dict.fromkeys((row.backend, row.precision) for own in found.values() for row in own if row.precision)
    for backend, precision in kinds:
        if precision == BASE:
            continue
        pairs = [(row, base) for own in found.values() for row, base in _against_base(own, backend, precision)]
        larger = sorted(
            row.largest / base.largest
            for row, base in pairs
            if row.largest and base.largest and not (row.is_open or base.is_open)
        )
        faster = sorted(row.throughput / base.throughput for row, base in pairs if row.throughput and base.throughput)
        if larger or faster:
            yield (
                f"{backend} in {precision} against {BASE}: largest batch {_range(larger)}, "
                f"best throughput {_range(faster)}"
            )


def _against_base(own: Sequence[Row], backend: str, precision: str) -> Iterator[tuple[Row, Row]]:
    base = next((row for row in own if (row.backend, row.precision) == (backend, BASE)), None)
    for row in own:
        if base is not None and (row.backend, row.precision) == (backend, precision):
            yield row, base


def _range(ratios: Sequence[float]) -> str:
    if not ratios:
        return "not known"
    return f"{ratio(ratios[0])}x" if len(ratios) == 1 else f"{ratio(ratios[0])}x to {ratio(ratios[-1])}x"


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table, then what each precision brought."""
    if arguments.short:
        arguments.budget = arguments.budget or "45s"
    arguments.budget = arguments.budget or "90s"
    models = arguments.models.split(",") if arguments.models else SHORT_MODELS if arguments.short else MODELS
    found: dict[str, Sequence[Row]] = {}
    about = ""
    for model in models:
        made, limits = (measured(model, kind, arguments) for kind in KINDS)
        if made is None:
            tell(f"{model}: no run was stored")
            continue
        if not about:
            machine = made.environment
            about = (
                f"{machine.cpu}, {arguments.threads} of {machine.usable_cores} cores, cap {MEMORY}, {made.created[:10]}"
            )
            yield about
            yield HEADER
        found[model] = rows(made, limits)
        for place, row in enumerate(found[model]):
            yield f"{'' if place else model:13}{row.text}".rstrip()
    yield ""
    yield from answers(found)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", help=f"separated by commas; {','.join(MODELS)} when not given")
    parser.add_argument("--contenders", default=";".join(CONTENDERS), help="as after -b, separated by semicolons")
    parser.add_argument("--budget", help="of one run, such as 3m: two runs a model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--wait", default="1m", help="how long a run waits for a quiet machine")
    parser.add_argument("--short", action="store_true", help=f"{','.join(SHORT_MODELS)} with a budget of 45s")
    parser.add_argument("--state", type=Path, default=Path("runs/contenders"), help="where runs are kept")
    report("contenders", lines, parser)


if __name__ == "__main__":
    main()
