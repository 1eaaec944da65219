"""Runs that begin: measured and stored, only compared, or only planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from infer_compare.api.run_folder import new_log, run_folder
from infer_compare.api.telling import Telling
from infer_compare.environment.conditions import observe
from infer_compare.phases.context import RunContext, Surroundings
from infer_compare.phases.events import Observer
from infer_compare.phases.journal import Journal
from infer_compare.phases.quiet import QuietWait
from infer_compare.phases.sweep import Sweep
from infer_compare.plugins import Plugins
from infer_compare.preparation.repetition import repeated
from infer_compare.preparation.resolve import resolve
from infer_compare.preparation.resolved import advised
from infer_compare.scratch import Scratch
from infer_compare.store import FILE, RunLog
from infer_compare.worker.supervisor import removed_if_killed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.preparation.resolved import Resolved
    from infer_compare.request.options import RunOptions
    from infer_compare.results import Header, Run


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
    """Run what was asked for and store it.

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
    meets = surroundings or Surroundings()
    # The budget of a race is what a person waits, from the beginning.
    began = meets.now() if options.race else None
    with run_folder(folder) as scratch:
        telling = Telling(plugins, observer or Observer())
        telling.preparing(options.model)
        resolved = _resolved(like, lambda: resolve(options, plugins, scratch, launch=meets.launch))
        resolved = advised(_with_command(resolved, command), plugins, meets.observe())
        quiet = QuietWait.of(resolved.header, meets, telling)
        quiet.before_run()
        resolved = _with_peak(resolved, meets)
        with new_log(folder) as log:
            return Sweep(RunContext.of(resolved, Journal(log.append), telling, scratch, meets, quiet, began)).run()


def check(
    options: RunOptions,
    *,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    surroundings: Surroundings | None = None,
) -> Run:
    """Compare the contenders' outputs at the batch sizes that were asked for; nothing is timed and nothing is kept.

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
        resolved = advised(resolve(options, plugins, scratch, launch=meets.launch), plugins, meets.observe())
        with RunLog(scratch / FILE, create=True) as log:
            context = RunContext.of(resolved, Journal(log.append), observer, scratch, meets)
            return Sweep(context).check()


def plan(
    options: RunOptions,
    *,
    plugins: Plugins | None = None,
    like: Header | None = None,
    command: tuple[str, ...] = (),
) -> Resolved:
    """Return what `sweep` would do, with nothing started and nothing stored.

    Raises:
        UsageError: something that is asked for cannot be done as it stands, or a model or data set is not what it was in
            the run that is repeated.
        NoUsableBackend: no contender can be started.
    """
    with Scratch() as scratch, removed_if_killed(scratch):
        plugins = plugins or Plugins.discover()
        resolved = _resolved(like, lambda: resolve(options, plugins, scratch, convert=False))
        return advised(_with_command(resolved, command), plugins, observe())


def _resolved(like: Header | None, resolve: Callable[[], Resolved]) -> Resolved:
    """The plan of what is asked for, which may be to repeat a stored run."""
    return resolve() if like is None else repeated(like, resolve)


def _with_command(resolved: Resolved, command: tuple[str, ...]) -> Resolved:
    return replace(resolved, header=msgspec.structs.replace(resolved.header, command=command))


def _with_peak(resolved: Resolved, surroundings: Surroundings) -> Resolved:
    """Measures what the machine can do at most; done when everything that was asked for is known to be right."""
    peak = surroundings.peak(resolved.header.largest_budget)
    if peak is None:
        return resolved
    return resolved.in_environment(peak_flops=peak.flops, copy_bytes_s=peak.copy_bytes_s)
