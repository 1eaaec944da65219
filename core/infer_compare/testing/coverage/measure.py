"""Runs all cases with some backends."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.environment.threads import usable_cores
from infer_compare.errors import UnknownBackend
from infer_compare.models.builtin import builtin_models
from infer_compare.plugins import Plugins
from infer_compare.plugins.entries import is_installed
from infer_compare.scratch import Scratch
from infer_compare.testing.coverage.case_files import write_case
from infer_compare.testing.coverage.model_cases import model_case
from infer_compare.testing.coverage.node_cases import PUBLISHED_OPSET, node_cases
from infer_compare.testing.coverage.pool import CasePool
from infer_compare.testing.coverage.record import BackendCoverage, CaseResult, Coverage, Trial
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from infer_compare.testing.coverage.case import Case

LIMIT_S = 120.0
"""Time limit of one case, in seconds."""
YARDSTICK = "onnx"
"""The backend whose passed cases are counted, if it is installed and not the measured one."""
EVALUATOR = "reference"
"""The backend that computes the outputs of the models without the yardstick."""


class Measured(NamedTuple):
    """A measured backend."""

    name: str
    reference: str
    """The reference by which a process finds the class."""
    options: Mapping[str, str] = {}


def measure_coverage(
    backends: Sequence[Measured],
    *,
    jobs: int | None = None,
    limit_s: float = LIMIT_S,
    models: Sequence[str] | None = None,
    tests: Callable[[Case], bool] = lambda _: True,
    watch: Callable[[str, int, int], None] = lambda *_: None,
) -> Coverage:
    """Return the coverage of backends over the node tests and the built-in models.

    Args:
        backends: the backends to measure, one after another.
        jobs: parallel processes; by default one per core.
        limit_s: time limit of a case, in seconds.
        models: names of the built-in models; all by default.
        tests: selects node tests; all by default.
        watch: called with the backend's name, the number of finished cases, and the total.

    Raises:
        BackendUnusable: a backend cannot be loaded in a process.
    """
    import onnx

    jobs = jobs or usable_cores()
    yardstick = _yardstick(backends)
    with Scratch() as scratch:
        bench = _Bench(scratch, jobs, limit_s, watch)
        bench.add([case for case in node_cases() if tests(case)])
        judged = bench.measure(yardstick) if yardstick is not None else None
        bench.add_models(builtin_models() if models is None else models, yardstick or _entry(EVALUATOR))
        results = tuple(bench.measure(backend) for backend in backends)
    return Coverage(
        tool_version=__version__,
        onnx_version=str(onnx.__version__),
        newest_opset=PUBLISHED_OPSET,
        backends=results,
        yardstick=judged,
        passed=not any(result.faults for result in results),
    )


def _yardstick(backends: Sequence[Measured]) -> Measured | None:
    with contextlib.suppress(UnknownBackend):
        kind = Plugins.discover().find(YARDSTICK).backend
        if all(map(is_installed, kind.requires)) and all(backend.name != kind.name for backend in backends):
            return _entry(YARDSTICK)
    return None


def _entry(name: str) -> Measured:
    entry = Plugins.discover().find(name)
    return Measured(entry.name, entry.reference)


class _Bench:
    """The cases as files, and their runs with backends."""

    def __init__(self, folder: Path, jobs: int, limit_s: float, watch: Callable[[str, int, int], None]) -> None:
        self._folder = folder
        self._jobs = jobs
        self._limit_s = limit_s
        self._watch = watch
        self._cases: list[tuple[CaseResult, Path]] = []
        """The cases, each with its folder."""

    def add(self, cases: Sequence[Case]) -> None:
        """Write cases."""
        for case in cases:
            folder = self._folder / f"{len(self._cases):05d}"
            write_case(case, folder)
            known = CaseResult(case=case.name, kind=case.kind, about=case.about, verdict="right")
            self._cases.append((known, folder))

    def add_models(self, names: Sequence[str] | Mapping[str, object], judge: Measured) -> None:
        """Write models with the outputs that another backend computes; models that it cannot compute are skipped."""
        first = len(self._cases)
        self.add([model_case(name) for name in names])
        added = self._cases[first:]
        pool = CasePool(judge.reference, judge.options, jobs=self._jobs, limit_s=self._limit_s, outputs=True)
        trials = pool.run(
            [folder for _, folder in added], self._progress(f"{judge.name}, outputs of models", len(added))
        )
        self._cases[first:] = [case for case, trial in zip(added, trials, strict=True) if trial.verdict == "right"]

    def measure(self, backend: Measured) -> BackendCoverage:
        """Return the coverage of a backend."""
        pool = CasePool(backend.reference, backend.options, jobs=self._jobs, limit_s=self._limit_s)
        folders = [folder for _, folder in self._cases]
        trials = pool.run(folders, self._progress(backend.name, len(folders)))
        return BackendCoverage(
            backend=backend.name,
            version=pool.version.partition("+")[0],
            results=tuple(
                msgspec.structs.replace(known, verdict=trial.verdict, message=trial.message)
                for (known, _), trial in zip(self._cases, trials, strict=True)
            ),
        )

    def _progress(self, what: str, total: int) -> Callable[[Trial], None]:
        done = 0

        def count(_: Trial) -> None:
            nonlocal done
            done += 1
            self._watch(what, done, total)

        return count
