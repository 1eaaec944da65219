"""Runs the self-test: one sweep for each backend."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import msgspec

from infer_compare import api
from infer_compare.environment.threads import usable_cores
from infer_compare.errors import BackendUnusable, NoUsableBackend, UnknownBackend
from infer_compare.request.contenders import DEFAULT_BACKENDS
from infer_compare.scratch import Scratch
from infer_compare.selftest.findings import BackendFindings, SkippedBackend, findings
from infer_compare.selftest.statement import advice, backend_sentence, statement
from infer_compare.stats.wording import listing
from infer_compare.version import __version__
from infer_compare.worker.supervisor import removed_if_killed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.phases.events import Observer
    from infer_compare.plugins import Plugins
    from infer_compare.selftest.setup import Setup

SCHEMA = "infer-compare/selftest"
VERSION = (1, 0)


class SelfTest(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the self-test, as `infer-compare selftest --json` prints it."""

    schema: str = SCHEMA
    version: tuple[int, int] = VERSION
    tool_version: str = __version__
    threads: int
    cores: int
    """Usable logical processors."""
    model: str
    batch_sizes: tuple[int, ...]
    backends: tuple[BackendFindings, ...]
    skipped: tuple[SkippedBackend, ...]
    statement: str
    """The result over all backends, in a sentence."""
    sentences: tuple[str, ...]
    """The result of each backend, in a sentence."""
    advice: tuple[str, ...]
    passed: bool
    """Whether every backend had no false verdict, and at least the largest slowdown was found at most batch sizes. False also
    if a named backend could not be used."""


def run_selftest(
    setup: Setup,
    plugins: Plugins,
    observer: Observer,
    *,
    backends: Sequence[str] | None = None,
    budget_s: float | None = None,
    folder: Path | None = None,
) -> SelfTest:
    """Run the self-test with each backend in turn.

    Args:
        setup: the setup.
        plugins: the installed plugins.
        observer: receives the events of the runs.
        backends: the names of backends; torch and onnx, if installed, when None.
        budget_s: seconds for all backends, split evenly; no limit when None.
        folder: where to keep the runs, in a subfolder for each backend; they are deleted when None.

    Raises:
        UsageError: a backend or the model is unknown.
        NoUsableBackend: none of the backends is installed.
        StoreError: the folder cannot be written, or already holds runs.
        KeyboardInterrupt: after every worker was ended.
    """
    usable, skipped = usable_backends(backends, plugins)
    for entry in skipped:
        observer.note(entry.backend, f"{entry.backend} is skipped: {entry.reason}")
    if not usable:
        reasons = "; ".join(f"{entry.backend}: {entry.reason}" for entry in skipped)
        raise NoUsableBackend(f"No backend can run. {reasons}.")
    results: list[BackendFindings] = []
    with ExitStack() as stack:
        place = folder
        if place is None:
            place = stack.enter_context(Scratch())
            stack.enter_context(removed_if_killed(place))
        for number, backend in enumerate(usable, 1):
            sizes = listing([str(size) for size in setup.batch_sizes])
            observer.note(
                "selftest",
                f"{backend} ({number} of {len(usable)}): against itself and slowed down, at batch sizes {sizes}",
            )
            options = setup.options(backend, budget_s / len(usable) if budget_s is not None else None)
            run = api.sweep(options, place / backend, plugins=plugins, observer=observer, command=setup.command)
            results.append(findings(run, backend))
    cores = usable_cores()
    return SelfTest(
        threads=setup.threads,
        cores=cores,
        model=setup.model,
        batch_sizes=setup.batch_sizes,
        backends=tuple(results),
        skipped=skipped,
        statement=statement(results, setup.threads),
        sentences=tuple(map(backend_sentence, results)),
        advice=advice(results, threads=setup.threads, cores=cores),
        passed=all(finding.passed for finding in results) and not (backends and skipped),
    )


def usable_backends(
    names: Sequence[str] | None, plugins: Plugins
) -> tuple[tuple[str, ...], tuple[SkippedBackend, ...]]:
    """Return the backends that can be tested, each once, and those that cannot.

    Args:
        names: the names as typed; the defaults when None, which may be unknown.
        plugins: the installed plugins.

    Raises:
        UnknownBackend: a named backend is unknown.
        BackendUnusable: the plugin of a named backend is broken.
    """
    usable: dict[str, None] = {}
    skipped: dict[str, SkippedBackend] = {}
    for name in names if names is not None else DEFAULT_BACKENDS:
        try:
            entry = plugins.find(name.strip())
        except (UnknownBackend, BackendUnusable) as error:
            if names is not None:
                raise
            skipped[name] = SkippedBackend(name, str(error).rstrip("."))
            continue
        if entry.missing:
            hint = f"; install it with: {entry.install_hint}" if entry.install_hint else ""
            reason = f"{', '.join(entry.missing)} is not installed{hint}"
            skipped[entry.name] = SkippedBackend(entry.name, reason)
        else:
            usable[entry.name] = None
    return tuple(usable), tuple(skipped.values())
