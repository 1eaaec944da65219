"""What backends made of the cases, as it is printed with `--json`."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from infer_compare.testing.coverage.case import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Verdict = Literal["right", "constant", "refused", "wrong", "raised", "crashed", "late"]
"""`constant`: refused, and right once its inputs but the first are constants, as files that people export have them.
`crashed`: the process ended. `late`: it did not end within the time limit."""
SOUND: frozenset[Verdict] = frozenset({"right", "constant", "refused"})
"""Verdicts that are no fault: what a backend cannot compute, it refuses."""


class Trial(NamedTuple):
    """What a backend made of one case, and in words what was refused, raised or different."""

    verdict: Verdict
    message: str


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend made of one case."""

    case: str
    kind: Kind
    about: str
    """The operator that a node test is about; the name of a model."""
    verdict: Verdict
    message: str = ""
    """What was refused, raised or different; empty for what is right."""


class BackendCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """What one backend made of all cases."""

    backend: str
    version: str
    """Of its framework."""
    results: tuple[CaseResult, ...]

    def of_kind(self, kind: Kind) -> tuple[CaseResult, ...]:
        """Return the results of node tests, or of models."""
        return tuple(one for one in self.results if one.kind == kind)

    @property
    def by_case(self) -> Mapping[str, CaseResult]:
        """The results by the name of the case."""
        return {one.case: one for one in self.results}

    @property
    def faults(self) -> tuple[CaseResult, ...]:
        """Results that are neither right nor refused."""
        return tuple(one for one in self.results if one.verdict not in SOUND)


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What `infer-compare plugin check NAME --onnx --json` prints."""

    schema: str = "infer-compare/onnx-coverage"
    version: tuple[int, int] = (1, 0)
    tool_version: str
    onnx_version: str
    """Of the `onnx` package, whose node tests these are."""
    newest_opset: int
    """Of the node tests."""
    backends: tuple[BackendCoverage, ...]
    yardstick: BackendCoverage | None = None
    """Another backend; the shares refer to the node tests that it passes. None: they refer to all of them."""
    passed: bool
    """Whether every case is right or refused, of every backend."""

    @property
    def counted(self) -> tuple[str, ...]:
        """Names of the node tests to which the shares refer."""
        judge = self.yardstick or self.backends[0]
        tests = judge.of_kind("node")
        return tuple(one.case for one in tests if self.yardstick is None or one.verdict == "right")


def count(results: Iterable[CaseResult]) -> Counter[Verdict]:
    """Return how many results have which verdict."""
    return Counter(one.verdict for one in results)
