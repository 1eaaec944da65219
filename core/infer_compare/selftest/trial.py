"""Running the self-test: one sweep for each backend, in a folder that is kept or not."""

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
    """What the self-test found on this machine: what `infer-compare selftest --json` prints."""

    schema: str = SCHEMA
    version: tuple[int, int] = VERSION
    tool_version: str = __version__
    threads: int
    cores: int
    """Logical processors that may be used."""
    model: str
    batch_sizes: tuple[int, ...]
    backends: tuple[BackendFindings, ...]
    skipped: tuple[SkippedBackend, ...]
    statement: str
    """Over all backends, in words."""
    sentences: tuple[str, ...]
    """The same of each backend."""
    advice: tuple[str, ...]
    passed: bool
    """With every backend: no false verdict, and at least the largest slowdown found at most batch sizes. False also
    where a backend that was named could not be used."""


def run_selftest(
    setup: Setup,
    plugins: Plugins,
    observer: Observer,
    *,
    backends: Sequence[str] | None = None,
    budget_s: float | None = None,
    folder: Path | None = None,
) -> SelfTest:
    """Runs the self-test with each backend in turn.

    Args:
        setup: what to run.
        plugins: what is installed.
        observer: hears what happens.
        backends: names; those of torch and onnx that are installed when None.
        budget_s: seconds for all of them, split evenly; as long as it takes when None.
        folder: where the runs are kept, one folder in it for each backend; they are not kept when None.

    Raises:
        UsageError: a backend or the model is not known.
        NoUsableBackend: none of the backends is installed.
        StoreError: the folder cannot be written, or holds runs already.
        KeyboardInterrupt: after every worker was ended.
    """
    usable, skipped = usable_backends(backends, plugins)
    for one in skipped:
        observer.note(one.backend, f"{one.backend} is skipped: {one.reason}")
    if not usable:
        reasons = "; ".join(f"{one.backend}: {one.reason}" for one in skipped)
        raise NoUsableBackend(f"No backend can run. {reasons}.")
    found: list[BackendFindings] = []
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
            found.append(findings(run, backend))
    cores = usable_cores()
    return SelfTest(
        threads=setup.threads,
        cores=cores,
        model=setup.model,
        batch_sizes=setup.batch_sizes,
        backends=tuple(found),
        skipped=skipped,
        statement=statement(found, setup.threads),
        sentences=tuple(map(backend_sentence, found)),
        advice=advice(found, threads=setup.threads, cores=cores),
        passed=all(one.passed for one in found) and not (backends and skipped),
    )


def usable_backends(
    names: Sequence[str] | None, plugins: Plugins
) -> tuple[tuple[str, ...], tuple[SkippedBackend, ...]]:
    """The backends that can be tested, each once, and those that cannot.

    Args:
        names: as they were typed; the defaults when None, of which none need be known.
        plugins: what is installed.

    Raises:
        UnknownBackend: one that was named is not known.
        BackendUnusable: the plugin of one that was named is broken.
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
