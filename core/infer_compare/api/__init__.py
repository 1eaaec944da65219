"""Running sweeps and reading runs: what the command line and `infer_compare.sweep` are users of."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from infer_compare.api.devices_of import BackendDevices, devices
from infer_compare.api.explanation import Explanation, Way, explain
from infer_compare.engine.events import Observer
from infer_compare.engine.journal import Journal
from infer_compare.engine.resolve import resolve
from infer_compare.engine.resume import check_unchanged, naming_the_folder, resolve_again
from infer_compare.engine.sweep import Sweep
from infer_compare.environment import peak
from infer_compare.errors import StorageFull
from infer_compare.paths import exists
from infer_compare.plugins import Plugins
from infer_compare.results import Note, Run
from infer_compare.store import FILE, RunLog, load, make_folder, read_records, run_file
from infer_compare.verdicts.protocol import MARGIN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from infer_compare.engine.request import SweepRequest
    from infer_compare.engine.resolve import Resolved
    from infer_compare.report.comparison import ComparisonDocument
    from infer_compare.results import Header

SCRATCH = ".scratch"
"""Inputs and outputs of a run in progress, inside its folder."""


def sweep(
    request: SweepRequest,
    folder: Path,
    *,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    like: Header | None = None,
) -> Run:
    """Runs what was asked for and stores it.

    Args:
        request: what to run.
        folder: where the run goes; it must hold none yet.
        plugins: those to use; all that are installed when None.
        observer: hears what happens.
        like: the header of a stored run that this one repeats.

    Raises:
        UsageError: something in the request cannot be done as it stands, or a model or data set is not what it was in
            the run that is repeated; no folder is left.
        NoUsableBackend: no contender can be started; no folder is left.
        StoreError: the folder cannot be made or written.
        KeyboardInterrupt: after every worker was ended and the run was closed as interrupted.
    """
    plugins = plugins or Plugins.discover()
    missing = [one for one in (folder, *folder.parents) if not exists(one)]
    make_folder(folder)
    scratch = folder / SCRATCH
    try:
        scratch.mkdir(exist_ok=True)
        resolved = _with_peak(_resolved(request, plugins, scratch, like))
        log = RunLog(folder / FILE, create=True)
    except BaseException:
        _leave(folder, missing)
        raise
    with log:
        journal = Journal(log.append)
        try:
            journal.add(resolved.header)
        except StorageFull as error:
            # Without its first record a run can neither be reported nor gone on with.
            (folder / FILE).unlink(missing_ok=True)
            _leave(folder, missing)
            raise StorageFull(
                f"No room is left for a run in {folder}; free some space, or choose another folder with -o."
            ) from error
        return Sweep(resolved, journal, _Telling(plugins, observer or Observer()), scratch).run()


def _leave(folder: Path, missing: Iterable[Path]) -> None:
    """Removes what a run that does not begin has made in its folder, and the folders that were missing before it."""
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    with contextlib.suppress(OSError):
        # From the innermost; one that holds something by now ends it.
        for one in missing:
            one.rmdir()


def resume(folder: Path, *, plugins: Plugins | None = None, observer: Observer | None = None) -> Run:
    """Goes on with a run that was interrupted, stopped or cut off; nothing that is stored is measured again.

    Args:
        folder: of the run.
        plugins: those to use; all that are installed when None.
        observer: hears what happens.

    Returns:
        The run; one that is complete already as it is.

    Raises:
        UsageError: the model, a version or the machine is another than it was.
        NoUsableBackend: no contender can be started any more.
        StoreError: there is no run, it cannot be read or written, or another process is at it.
        KeyboardInterrupt: after every worker was ended and the run was closed as interrupted.
    """
    plugins = plugins or Plugins.discover()
    stored = load(folder)
    if stored.closing is not None and stored.closing.state == "complete":
        return stored
    file = run_file(folder)
    with RunLog(file, create=False) as log:
        # Read again, now that nobody else writes: it may have grown since.
        records = read_records(file)
        scratch = file.parent / SCRATCH
        try:
            scratch.mkdir(exist_ok=True)
            resolved = resolve_again(Run.fold(records), plugins, scratch)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        journal = Journal(log.append, records)
        journal.add(Note(topic="resumed", text=f"the run was resumed after {len(records)} records"))
        return Sweep(resolved, journal, _Telling(plugins, observer or Observer()), scratch).run()


def check(request: SweepRequest, *, plugins: Plugins | None = None, observer: Observer | None = None) -> Run:
    """Compares the contenders' outputs at the batch sizes that were asked for; nothing is timed and nothing is kept.

    Args:
        request: what to compare; its batch sizes are given.
        plugins: those to use; all that are installed when None.
        observer: hears what happens.

    Raises:
        UsageError: something in the request cannot be done as it stands.
        NoUsableBackend: no contender can be started.
        KeyboardInterrupt: after every worker was ended.
    """
    import tempfile
    from pathlib import Path

    plugins = plugins or Plugins.discover()
    with tempfile.TemporaryDirectory(prefix="infer-compare-") as folder:
        scratch = Path(folder, SCRATCH)
        scratch.mkdir()
        resolved = resolve(request, plugins, scratch)
        with RunLog(Path(folder, FILE), create=True) as log:
            journal = Journal(log.append)
            journal.add(resolved.header)
            return Sweep(resolved, journal, observer or Observer(), scratch).check()


def _with_peak(resolved: Resolved) -> Resolved:
    """Measures what the machine can do at most; done when everything that was asked for is known to be right."""
    found = peak.measure(resolved.header.plan.threads)
    if found is None:
        return resolved
    environment = msgspec.structs.replace(
        resolved.header.environment, peak_flops=found.flops, copy_bytes_s=found.copy_bytes_s
    )
    return replace(resolved, header=msgspec.structs.replace(resolved.header, environment=environment))


def plan(request: SweepRequest, *, plugins: Plugins | None = None, like: Header | None = None) -> Resolved:
    """What `sweep` would do, with nothing started and nothing stored.

    Raises:
        UsageError: something in the request cannot be done as it stands, or a model or data set is not what it was in
            the run that is repeated.
        NoUsableBackend: no contender can be started.
    """
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory(prefix="infer-compare-") as folder:
        return _resolved(request, plugins or Plugins.discover(), Path(folder), like, convert=False)


def _resolved(
    request: SweepRequest, plugins: Plugins, scratch: Path, like: Header | None, *, convert: bool = True
) -> Resolved:
    """The plan of a request, which may have to repeat a stored run."""
    if like is None:
        return resolve(request, plugins, scratch, convert=convert)
    with naming_the_folder(like):
        resolved = resolve(request, plugins, scratch, convert=convert)
    check_unchanged(like, resolved.header)
    return resolved


def load_run(path: Path) -> Run:
    """The run in a folder, complete or not.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    return load(path)


class _Telling(Observer):
    """Tells plugins what an observer hears."""

    def __init__(self, plugins: Plugins, observer: Observer) -> None:
        self._plugins = plugins
        self._observer = observer
        # Everything else goes straight through.
        self.starting = observer.starting  # type: ignore[method-assign]
        self.probing = observer.probing  # type: ignore[method-assign]
        self.probed = observer.probed  # type: ignore[method-assign]
        self.found_limit = observer.found_limit  # type: ignore[method-assign]
        self.measuring = observer.measuring  # type: ignore[method-assign]
        self.round_done = observer.round_done  # type: ignore[method-assign]
        self.note = observer.note  # type: ignore[method-assign]

    def resolved(self, header: Header) -> None:
        self._observer.resolved(header)
        self._plugins.run_started(header)

    def finished(self, run: Run) -> None:
        for point in run.points:
            self._plugins.point_finished(point)
        self._plugins.run_finished(run)
        self._observer.finished(run)


def compare(
    base: Run, new: Run, *, margin: float = MARGIN, across_conditions: bool = False, loss: float | None = None
) -> ComparisonDocument:
    """What two stored runs of one model say about each other, contender by contender and size by size.

    Args:
        base: the run that counts as 1; a prefix of one will do.
        new: the one that is held against it.
        margin: relative difference within which throughputs count as the same.
        across_conditions: give verdicts although conditions of the two differ.
        loss: the relative loss of throughput beyond which `regression` of the document is true, where it is proven.

    Raises:
        UsageError: the runs are of different models, or nothing was measured in both.
    """
    from infer_compare.report.comparison import document

    return document(base, new, margin=margin, across_conditions=across_conditions, loss=loss)


__all__ = [
    "BackendDevices",
    "Explanation",
    "RunLog",
    "Way",
    "check",
    "compare",
    "devices",
    "explain",
    "load_run",
    "plan",
    "resume",
    "sweep",
]
