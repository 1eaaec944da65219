"""Writes the coverage as a Markdown page: the shares, a table by operator, the models, and the reasons of failures."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from infer_compare.testing.coverage.record import CaseResult, Coverage, Verdict, count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infer_compare.testing.coverage.record import BackendCoverage

WORDS: dict[Verdict, str] = {
    "right": "right",
    "constant": "right with constants",
    "refused": "refused",
    "wrong": "wrong",
    "raised": "raised an error",
    "crashed": "crashed",
    "late": "too slow",
}
"""The verdicts, in the order in which a cell counts them."""


def page(coverage: Coverage, *, command: str, title: str = "Coverage of ONNX operators") -> str:
    """Return the text of a page.

    Args:
        coverage: the measured coverage.
        command: the command that regenerates the page.
        title: the title of the page.
    """
    return "\n".join(_lines(coverage, command, title)) + "\n"


def _lines(coverage: Coverage, command: str, title: str) -> Iterator[str]:
    yield from (f"# {title}", "", f"<!-- written by {command} -->", "")
    yield from _introduction(coverage)
    yield ""
    yield from _shares(coverage)
    yield ""
    yield "*Right with constants*: refused as it stands, and right once all inputs but the first - sizes, axes, scales - are"
    yield "constants of the model, as exporters write them. An operator that is refused takes that backend out of the"
    yield "comparison, and the report names operator, node and opset. *Wrong* counts whatever is neither right nor refused."
    yield from ("", "## By operator", "")
    of = f"of those that {_judge(coverage)} passes" if coverage.yardstick else "of all"
    yield f"Cases right, {of}; behind a plus, those right with constants, and then what is neither right nor refused."
    yield ""
    yield from _operators(coverage)
    yield from _models(coverage)
    for backend in coverage.backends:
        yield from _reasons(coverage, backend)


def _judge(coverage: Coverage) -> str:
    assert coverage.yardstick is not None
    return f"`{coverage.yardstick.backend}`"


def _introduction(coverage: Coverage) -> Iterator[str]:
    names = " and ".join(f"`{backend.backend}`" for backend in coverage.backends)
    total = len(coverage.backends[0].of_kind("node"))
    yield f"What {names} can compute of ONNX, measured with the node tests of the `onnx` package"
    yield f"{coverage.onnx_version}: {total} cases up to opset {coverage.newest_opset}, each a small model with inputs and the correct outputs."
    if coverage.yardstick:
        yield f"{_judge(coverage)} {coverage.yardstick.version} passes {len(coverage.counted)} of them on the CPU; the shares refer to these."
    yield "A backend that imports ONNX rebuilds the graph with the operators of its framework."


def _shares(coverage: Coverage) -> Iterator[str]:
    yield "| backend | version | right | share | right with constants | refused | wrong |"
    yield "|---|---|--:|--:|--:|--:|--:|"
    names = coverage.counted
    for backend in coverage.backends:
        counts = count(_of(backend, names))
        faults = sum(counts.values()) - counts["right"] - counts["constant"] - counts["refused"]
        yield (
            f"| `{backend.backend}` | {backend.version} | {counts['right']} | {counts['right'] / max(1, len(names)):.1%} "
            f"| {counts['constant']} | {counts['refused']} | {faults} |"
        )


def _operators(coverage: Coverage) -> Iterator[str]:
    yield "| operator | cases | " + " | ".join(f"`{backend.backend}`" for backend in coverage.backends) + " |"
    yield "|---|--:|" + "--:|" * len(coverage.backends)
    about = {result.case: result.about for result in coverage.backends[0].results}
    by_operator: defaultdict[str, list[str]] = defaultdict(list)
    for name in coverage.counted:
        by_operator[about[name]].append(name)
    for operator, names in sorted(by_operator.items()):
        cells = [_cell(_of(backend, names)) for backend in coverage.backends]
        yield f"| {operator} | {len(names)} | " + " | ".join(cells) + " |"


def _cell(results: Iterable[CaseResult]) -> str:
    counts = count(results)
    right = f"{counts['right']}" + (f" + {counts['constant']}" if counts["constant"] else "")
    others = [
        f"{counts[verdict]} {WORDS[verdict]}"
        for verdict in WORDS
        if counts[verdict] and verdict not in {"right", "constant", "refused"}
    ]
    return ", ".join([right, *others])


def _models(coverage: Coverage) -> Iterator[str]:
    models = coverage.backends[0].of_kind("model")
    if not models:
        return
    yield from ("", "## Built-in models", "")
    yield "| model | " + " | ".join(f"`{backend.backend}`" for backend in coverage.backends) + " |"
    yield "|---|" + "---|" * len(coverage.backends)
    for model in models:
        yield (
            f"| {model.about} | "
            + " | ".join(WORDS[backend.by_case[model.case].verdict] for backend in coverage.backends)
            + " |"
        )


def _reasons(coverage: Coverage, backend: BackendCoverage) -> Iterator[str]:
    """Yield a table of the counted cases that are not right, and of the faults among the others."""
    counted = {*coverage.counted, *(result.case for result in (*backend.of_kind("model"), *backend.faults))}
    results = [result for result in backend.results if result.case in counted and result.verdict != "right"]
    if not results:
        return
    yield from ("", f"## What `{backend.backend}` does not compute", "")
    yield from ("| operator or model | case | verdict | reason |", "|---|---|---|---|")
    for result in sorted(results, key=lambda result: (result.kind != "node", result.about, result.case)):
        name = result.case.removeprefix("test_")
        yield f"| {result.about} | {name} | {WORDS[result.verdict]} | {_text(result.message)} |"


def _of(backend: BackendCoverage, names: Iterable[str]) -> list[CaseResult]:
    results = backend.by_case
    return [results[name] for name in names]


def _text(text: str) -> str:
    """Return a message on one line, escaped for a Markdown table.

    TensorFlow's dump of the node, with names made up by tracing, is removed.
    """
    sentence = " ".join(text.partition(" for '{{node")[0].split())
    return re.sub(r"([|*_<>\[\]`\\])", r"\\\1", sentence).replace("](", "] (")
