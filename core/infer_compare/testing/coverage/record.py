"""The coverage of backends, as printed with `--json`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from infer_compare.testing.coverage.case import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Verdict = Literal["right", "constant", "refused", "wrong", "raised", "crashed", "late"]
"""`constant`: refused, but right if all inputs but the first are constants, as in exported files. `crashed`: the process
ended. `late`: it did not end within the time limit."""
SOUND: frozenset[Verdict] = frozenset({"right", "constant", "refused"})
"""Verdicts that are not faults: a backend may refuse what it cannot compute."""


class Trial(NamedTuple):
    """The verdict on one case, with a message about what was refused, raised or different."""

    verdict: Verdict
    message: str


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one case with a backend."""

    case: str
    kind: Kind
    about: str
    """The operator of a node test, or the name of a model."""
    verdict: Verdict
    message: str = ""
    """What was refused, raised or different; empty if the case is right."""


class BackendCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """The results of all cases with one backend."""

    backend: str
    version: str
    """The version of its framework."""
    results: tuple[CaseResult, ...]

    def of_kind(self, kind: Kind) -> tuple[CaseResult, ...]:
        """Return the results of node tests, or of models."""
        return tuple(result for result in self.results if result.kind == kind)

    @property
    def by_case(self) -> Mapping[str, CaseResult]:
        """The results by the name of the case."""
        return {result.case: result for result in self.results}

    @property
    def faults(self) -> tuple[CaseResult, ...]:
        """Results that are neither right nor refused."""
        return tuple(result for result in self.results if result.verdict not in SOUND)


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """The coverage that `infer-compare plugin check NAME --onnx --json` prints."""

    schema: str = "infer-compare/onnx-coverage"
    version: tuple[int, int] = (1, 0)
    tool_version: str
    onnx_version: str
    """The version of the `onnx` package, which provides the node tests."""
    newest_opset: int
    """The newest opset of the node tests."""
    backends: tuple[BackendCoverage, ...]
    yardstick: BackendCoverage | None = None
    """The backend whose passed node tests are counted for the shares; None if all are counted."""
    passed: bool
    """Whether every case is right or refused with every backend."""

    @property
    def counted(self) -> tuple[str, ...]:
        """Names of the node tests to which the shares refer."""
        judge = self.yardstick or self.backends[0]
        tests = judge.of_kind("node")
        return tuple(test.case for test in tests if self.yardstick is None or test.verdict == "right")


def count(results: Iterable[CaseResult]) -> Counter[Verdict]:
    """Return the number of results by verdict."""
    return Counter(result.verdict for result in results)
