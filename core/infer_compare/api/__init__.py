"""Running sweeps and reading runs: what the command line and `infer_compare.sweep` are users of."""

from __future__ import annotations

import contextlib
import errno
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from infer_compare.api.devices_of import BackendDevices, devices
from infer_compare.api.explanation import ConversionPath, Explanation, explain
from infer_compare.api.telling import Telling
from infer_compare.environment.conditions import observe
from infer_compare.errors import StorageFull, StoreError
from infer_compare.phases.context import RunContext, Surroundings
from infer_compare.phases.events import Observer
from infer_compare.phases.journal import Journal
from infer_compare.phases.quiet import QuietWait
from infer_compare.phases.sweep import Sweep
from infer_compare.plugins import Plugins
from infer_compare.preparation.resolve import advised, resolve
from infer_compare.preparation.resume import check_unchanged, naming_the_folder, resolve_again
from infer_compare.results import Note, Run
from infer_compare.scratch import Scratch, remove_abandoned
from infer_compare.store import FILE, RunLog, load, make_folder, read_salvage, run_file
from infer_compare.verdicts.protocol import MARGIN
from infer_compare.worker.supervisor import removed_if_killed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from infer_compare.preparation.resolve import Resolved
    from infer_compare.report.comparison import ComparisonDocument
    from infer_compare.request.options import RunOptions
    from infer_compare.results import Header


def sweep(
    options: RunOptions,
    folder: Path,
    *,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    like: Header | None = None,
    command: tuple[str, ...] = (),
    surroundings: Surroundings | None = None,
) -> Run:
    """Runs what was asked for and stores it.

    Args:
        options: what to run.
        folder: where the run goes; it must hold none yet.
        plugins: those to use; all that are installed when None.
        observer: hears what happens.
        like: the header of a stored run that this one repeats.
        command: the command line as typed; the report shows it.
        surroundings: workers, clock and load in place of those of this machine, for tests.

    Raises:
        UsageError: something that is asked for cannot be done as it stands, or a model or data set is not what it was in
            the run that is repeated; no folder is left.
        NoUsableBackend: no contender can be started; no folder is left.
        StoreError: the folder cannot be made or written.
        KeyboardInterrupt: after every worker was ended and the run was closed as interrupted.
    """
    plugins = plugins or Plugins.discover()
    made = make_folder(folder)
    try:
        with _scratch(folder) as scratch:
            meets = surroundings or Surroundings()
            telling = Telling(plugins, observer or Observer())
            telling.preparing(options.model)
            resolved = advised(_resolved(options, plugins, scratch, like, command), plugins, meets.observe())
            quiet = QuietWait.of(resolved.header, meets, telling)
            quiet.before_run()
            resolved = _with_peak(resolved, meets)
            with RunLog(folder / FILE, create=True) as log:
                try:
                    context = RunContext.of(resolved, Journal(log.append), telling, scratch, meets, quiet)
                    return Sweep(context).run()
                except BaseException as error:
                    # Without its first record a run can neither be reported nor resumed.
                    if not log.lines:
                        (folder / FILE).unlink(missing_ok=True)
                        if isinstance(error, StorageFull):
                            raise _no_room(folder) from error
                    raise
    finally:
        _leave(made)


def _scratch(folder: Path) -> Scratch:
    """Make the temporary folder of a run inside its folder.

    Raises:
        StoreError: it cannot be made there.
    """
    try:
        return Scratch(folder)
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise _no_room(folder) from error
        raise StoreError(
            f"The run folder {folder} cannot be written: {error.strerror}; choose another with -o."
        ) from error


def _no_room(folder: Path) -> StorageFull:
    return StorageFull(f"No room is left for a run in {folder}; free some space, or choose another folder with -o.")


def _leave(made: Iterable[Path]) -> None:
    """Remove the folders that were made for a run, from the innermost on, up to one that holds something."""
    with contextlib.suppress(OSError):
        for one in made:
            one.rmdir()


def resume(
    folder: Path,
    *,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    surroundings: Surroundings | None = None,
) -> Run:
    """Goes on with a run that was interrupted, stopped or cut off; nothing that is stored is measured again.

    Args:
        folder: of the run.
        plugins: those to use; all that are installed when None.
        observer: hears what happens.
        surroundings: see `sweep`.

    Returns:
        The run; one that is complete already as it is.

    Raises:
        UsageError: the model, a version or the machine is another than it was.
        NoUsableBackend: no contender can be started any more.
        StoreError: there is no run, it is damaged, it cannot be read or written, or another process is at it.
        KeyboardInterrupt: after every worker was ended and the run was closed as interrupted.
    """
    plugins = plugins or Plugins.discover()
    stored = load(folder)
    file = run_file(folder)
    remove_abandoned(file.parent)
    if stored.closing is not None and stored.closing.state == "complete":
        return stored
    _refuse_damaged(folder, stored.damage)
    with RunLog(file, create=False) as log, _scratch(file.parent) as scratch:
        # Read again, now that nobody else writes: it may have grown since.
        records, damage = read_salvage(file)
        _refuse_damaged(folder, damage)
        resolved = resolve_again(Run.fold(records), plugins, scratch)
        journal = Journal(log.append, records)
        journal.add(Note(topic="resumed", text=f"the run was resumed after {len(records)} records"))
        telling = Telling(plugins, observer or Observer())
        return Sweep(RunContext.of(resolved, journal, telling, scratch, surroundings)).run()


def _refuse_damaged(folder: Path, damage: tuple[str, ...]) -> None:
    """Refuse to go on with a run that has lost records: which outputs differ, for one, may be among them.

    Raises:
        StoreError: it has.
    """
    if damage:
        raise StoreError(
            f"The run in {folder} is damaged ({'; '.join(damage)}) and cannot be resumed; report what is left of it with "
            "`infer-compare report`, and start a new run."
        )


def check(
    options: RunOptions,
    *,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    surroundings: Surroundings | None = None,
) -> Run:
    """Compares the contenders' outputs at the batch sizes that were asked for; nothing is timed and nothing is kept.

    Args:
        options: what to compare; its batch sizes are given.
        plugins: those to use; all that are installed when None.
        observer: hears what happens.
        surroundings: see `sweep`.

    Raises:
        UsageError: something that is asked for cannot be done as it stands.
        NoUsableBackend: no contender can be started.
        KeyboardInterrupt: after every worker was ended.
    """
    plugins = plugins or Plugins.discover()
    with Scratch() as scratch, removed_if_killed(scratch):
        meets = surroundings or Surroundings()
        observer = observer or Observer()
        observer.preparing(options.model)
        resolved = advised(resolve(options, plugins, scratch), plugins, meets.observe())
        with RunLog(scratch / FILE, create=True) as log:
            context = RunContext.of(resolved, Journal(log.append), observer, scratch, meets)
            return Sweep(context).check()


def _with_peak(resolved: Resolved, surroundings: Surroundings) -> Resolved:
    """Measures what the machine can do at most; done when everything that was asked for is known to be right."""
    found = surroundings.peak(resolved.header.plan.threads)
    if found is None:
        return resolved
    environment = msgspec.structs.replace(
        resolved.header.environment, peak_flops=found.flops, copy_bytes_s=found.copy_bytes_s
    )
    return replace(resolved, header=msgspec.structs.replace(resolved.header, environment=environment))


def plan(
    options: RunOptions,
    *,
    plugins: Plugins | None = None,
    like: Header | None = None,
    command: tuple[str, ...] = (),
) -> Resolved:
    """What `sweep` would do, with nothing started and nothing stored.

    Raises:
        UsageError: something that is asked for cannot be done as it stands, or a model or data set is not what it was in
            the run that is repeated.
        NoUsableBackend: no contender can be started.
    """
    with Scratch() as scratch, removed_if_killed(scratch):
        plugins = plugins or Plugins.discover()
        return advised(_resolved(options, plugins, scratch, like, command, convert=False), plugins, observe())


def _resolved(
    options: RunOptions,
    plugins: Plugins,
    scratch: Path,
    like: Header | None,
    command: tuple[str, ...],
    *,
    convert: bool = True,
) -> Resolved:
    """The plan of what is asked for, which may be to repeat a stored run."""
    if like is None:
        return resolve(options, plugins, scratch, convert=convert, command=command)
    with naming_the_folder(like):
        resolved = resolve(options, plugins, scratch, convert=convert, command=command)
    check_unchanged(like, resolved.header)
    return resolved


def load_run(path: Path) -> Run:
    """The run in a folder, complete or not.

    Raises:
        StoreError: there is none, or it cannot be read.
    """
    return load(path)


def compare(
    base: Run, new: Run, *, margin: float = MARGIN, across_conditions: bool = False, loss: float | None = None
) -> ComparisonDocument:
    """What two stored runs of one model say about each other, contender by contender and size by size.

    Args:
        base: the run that counts as 1; a prefix of one will do.
        new: the one that is held against it.
        margin: relative difference within which throughputs count as the same.
        across_conditions: give verdicts although conditions of the two differ.
        loss: the relative loss of throughput beyond which `regression` of the document is true, where it is proven;
            `untested` says why, where nothing could be tested, or not the best contender of the base.

    Raises:
        UsageError: the runs are of different models, or nothing was measured in both.
    """
    from infer_compare.report.comparison import document

    return document(base, new, margin=margin, across_conditions=across_conditions, loss=loss)


__all__ = [
    "BackendDevices",
    "ConversionPath",
    "Explanation",
    "RunLog",
    "check",
    "compare",
    "devices",
    "explain",
    "load_run",
    "plan",
    "resume",
    "sweep",
]
