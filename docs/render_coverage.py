"""Measures which of ONNX's own node tests the importers pass, and writes it to `docs/coverage.md`.

Each backend goes through them in a process of its own. The tests look that the page is up to date.

    python docs/render_coverage.py
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import onnx

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "importable"))
from node_cases import PUBLISHED_OPSET, node_cases, processor_backend, verdict_on

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from node_cases import NodeCase

PAGE = Path(__file__).parent / "coverage.md"
YARDSTICK = "onnx"
"""The backend whose passes are the cases that count."""
IMPORTERS = ("torch", "tensorflow")
BACKENDS = (YARDSTICK, *IMPORTERS)

_EXPANDED = re.compile(r"_expanded.*$")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a backend made of every case."""

    version: str
    verdicts: Mapping[str, tuple[str, str]]
    """Verdict and message by the name of the case."""
    operators: Mapping[str, str]
    """The operator that each case is about."""

    def count(self, names: list[str]) -> Counter[str]:
        """How many of these cases got which verdict."""
        return Counter(self.verdicts[name][0] for name in names)


def measure_all() -> dict[str, Measured]:
    """Every backend's verdicts, the yardstick's first; each runs all cases in a process that loads no other framework.

    Raises:
        subprocess.CalledProcessError: a backend cannot be used.
    """
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, __file__, "--folder", folder], check=True)
        return {backend: Measured(*json.loads(_file(folder, backend).read_bytes())) for backend in BACKENDS}


def write_all(folder: str) -> None:
    """Runs all cases on every backend, each in a fork of this process: making the cases takes longer than many runs.

    Raises:
        SystemExit: a backend cannot be used.
    """
    cases = node_cases()
    for backend in BACKENDS:
        process = get_context("fork").Process(target=write_verdicts, args=(backend, cases, _file(folder, backend)))
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{backend} cannot be measured")


def write_verdicts(backend: str, cases: tuple[NodeCase, ...], path: Path) -> None:
    """Runs all cases on a backend in this process, and writes the verdicts."""
    ready = processor_backend(backend)
    verdicts = {case.name: verdict_on(ready, case) for case in cases}
    known = {case.name: case for case in cases}
    operators = {case.name: operator_of(case, known) for case in cases}
    path.write_text(json.dumps([ready.version().partition("+")[0], verdicts, operators]), encoding="utf-8")


def _file(folder: str, backend: str) -> Path:
    return Path(folder) / f"{backend}.json"


def counted(measured: Mapping[str, Measured]) -> list[str]:
    """The cases that the yardstick passes, by which the share is told."""
    return [name for name, (verdict, _) in measured[YARDSTICK].verdicts.items() if verdict == "pass"]


def operator_of(case: NodeCase, known: Mapping[str, NodeCase]) -> str:
    """The operator that a case is about; a function that is written out counts as the function."""
    base = known.get(_EXPANDED.sub("", case.name), case)
    return str(base.model.graph.node[-1].op_type)


def page(measured: Mapping[str, Measured]) -> str:
    """The text of the page."""
    return "\n".join(_lines(measured)) + "\n"


def _lines(measured: Mapping[str, Measured]) -> Iterator[str]:
    operators = measured[YARDSTICK].operators
    names = counted(measured)
    yield "# Coverage of ONNX operators"
    yield ""
    yield "<!-- written by docs/render_coverage.py -->"
    yield ""
    yield "`torch` and `tensorflow` import ONNX models: they rebuild the graph with their own operators. What they can import is"
    yield f"measured with the node tests of the `onnx` package {onnx.__version__}: {len(operators)} cases up to opset"
    yield f"{PUBLISHED_OPSET}, each a small model with inputs and the correct outputs. ONNX Runtime"
    yield f"{measured[YARDSTICK].version} passes {len(names)} of them on the CPU; the shares refer to these."
    yield ""
    yield "| backend | version | right | share | right with constants | refused | wrong |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    for backend in IMPORTERS:
        count = measured[backend].count(names)
        yield (
            f"| `{backend}` | {measured[backend].version} | {count['pass']} | {count['pass'] / len(names):.1%} "
            f"| {count['constant']} | {count['unsupported']} | {count['wrong'] + count['error']} |"
        )
    yield ""
    yield "*Right with constants*: refused as it stands, and right once all inputs but the first - sizes, axes, scales - are"
    yield "constants of the model, as exporters write them. An operator that is refused takes that backend out of the"
    yield "comparison, and the report names operator, node and opset. None of all the cases, those that ONNX Runtime does"
    yield "not pass among them, may be imported into something else."
    yield ""
    yield "## By operator"
    yield ""
    yield "Cases right, out of those that ONNX Runtime passes; behind a plus, those right with constants."
    yield ""
    yield "| operator | cases | " + " | ".join(f"`{backend}`" for backend in IMPORTERS) + " |"
    yield "|---|--:|" + "--:|" * len(IMPORTERS)
    by_operator: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        by_operator[operators[name]].append(name)
    for operator, its in sorted(by_operator.items()):
        counts = [measured[backend].count(its) for backend in IMPORTERS]
        told = [f"{one['pass']}" + (f" + {one['constant']}" if one["constant"] else "") for one in counts]
        yield f"| {operator} | {len(its)} | " + " | ".join(told) + " |"
    for backend in IMPORTERS:
        yield ""
        yield f"## What `{backend}` does not import"
        yield ""
        yield "| case | verdict | reason |"
        yield "|---|---|---|"
        for name in sorted(names):
            verdict, message = measured[backend].verdicts[name]
            if verdict != "pass":
                yield f"| {name.removeprefix('test_')} | {VERDICTS.get(verdict, verdict)} | {_cell(message)} |"


VERDICTS = {"unsupported": "refused", "constant": "right with constants"}


def _cell(text: str) -> str:
    """A message on one line, with nothing that a table or Markdown would take for its own.

    TensorFlow's dump of the node, with the names that tracing made up, is left out.
    """
    sentence = " ".join(text.partition(" for '{{node")[0].split())
    return re.sub(r"([|*_<>\[\]`\\])", r"\\\1", sentence).replace("](", "] (")


def main() -> None:
    """Writes the page."""
    parser = argparse.ArgumentParser(description="Measures what the importers cover.")
    parser.add_argument("--folder", help="where each backend's verdicts are written, instead of the page")
    arguments = parser.parse_args()
    if arguments.folder:
        write_all(arguments.folder)
    else:
        PAGE.write_text(page(measure_all()), encoding="utf-8")


if __name__ == "__main__":
    main()
