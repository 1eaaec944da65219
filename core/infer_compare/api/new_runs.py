"""Starts new runs: measured and stored, checked for agreement only, or only planned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from infer_compare.api.plugin_events import PluginEvents
from infer_compare.api.run_folder import new_log, run_folder
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
    """Measure a model on its contenders and store the run.

    Args:
        options: what to run.
        folder: the run folder; it must not hold a run yet.
        plugins: the plugins to use; all installed ones when None.
        observer: receives the events of the run.
        like: the header of a stored run that this one repeats.
        command: the command line as typed, for the report.
        surroundings: workers, clock and load in place of those of this machine, for tests.

    Raises:
        UsageError: the options are invalid or contradict each other, or the model or data set has changed since the run
            that is repeated; no folder is left.
        NoUsableBackend: no contender can be started; no folder is left.
        StoreError: the folder cannot be created or written.
        KeyboardInterrupt: after every worker was ended and the run was closed as interrupted.
    """
    plugins = plugins or Plugins.discover()
    meets = surroundings or Surroundings()
    # The budget of a search includes the preparation.
    began = meets.now() if options.race else None
    with run_folder(folder) as scratch:
        events = PluginEvents(plugins, observer or Observer())
        events.preparing(options.model)
        resolved = _resolved(like, lambda: resolve(options, plugins, scratch, launch=meets.launch))
        resolved = advised(_with_command(resolved, command), plugins, meets.observe())
        quiet = QuietWait.of(resolved.header, meets, events)
        quiet.before_run()
        resolved = _with_peak(resolved, meets)
        with new_log(folder) as log:
            return Sweep(RunContext.of(resolved, Journal(log.append), events, scratch, meets, quiet, began)).run()


def check(
    options: RunOptions,
    *,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    surroundings: Surroundings | None = None,
) -> Run:
    """Compare the contenders' outputs at the requested batch sizes; nothing is timed or stored.

    Args:
        options: what to compare; `batch_sizes` must be set.
        plugins: the plugins to use; all installed ones when None.
        observer: receives the events of the run.
        surroundings: see `sweep`.

    Raises:
        UsageError: the options are invalid or contradict each other.
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
    """Return the plan that `sweep` would carry out; nothing is started or stored.

    Raises:
        UsageError: the options are invalid or contradict each other, or the model or data set has changed since the run
            that is repeated.
        NoUsableBackend: no contender can be started.
    """
    with Scratch() as scratch, removed_if_killed(scratch):
        plugins = plugins or Plugins.discover()
        resolved = _resolved(like, lambda: resolve(options, plugins, scratch, convert=False))
        return advised(_with_command(resolved, command), plugins, observe())


def _resolved(like: Header | None, resolve: Callable[[], Resolved]) -> Resolved:
    """Return the resolved plan; if it repeats a stored run, check that model and data are still the same."""
    return resolve() if like is None else repeated(like, resolve)


def _with_command(resolved: Resolved, command: tuple[str, ...]) -> Resolved:
    return replace(resolved, header=msgspec.structs.replace(resolved.header, command=command))


def _with_peak(resolved: Resolved, surroundings: Surroundings) -> Resolved:
    """Return the plan with the measured peak performance of the machine; called once all options are known to be valid."""
    peak = surroundings.peak(resolved.header.largest_budget)
    if peak is None:
        return resolved
    return resolved.in_environment(peak_flops=peak.flops, copy_bytes_s=peak.copy_bytes_s)
