"""Reads, resumes and compares stored runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.api.plugin_events import PluginEvents
from infer_compare.api.run_folder import scratch_in
from infer_compare.errors import StoreError
from infer_compare.phases.context import RunContext, Surroundings
from infer_compare.phases.events import Observer
from infer_compare.phases.journal import Journal
from infer_compare.phases.sweep import Sweep
from infer_compare.plugins import Plugins
from infer_compare.preparation.repetition import resumed
from infer_compare.preparation.resolve import resolve
from infer_compare.results import Note, Run
from infer_compare.results.unreached import lacks_server
from infer_compare.scratch import remove_abandoned
from infer_compare.store import RunLog, load, read_salvage, run_file
from infer_compare.verdicts.protocol import MARGIN

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.report.comparison import ComparisonDocument


def load_run(path: Path) -> Run:
    """Return the run in a folder, complete or not.

    Raises:
        StoreError: there is no run, or it cannot be read.
    """
    return load(path)


def resume(
    folder: Path,
    *,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    surroundings: Surroundings | None = None,
) -> Run:
    """Resume a run that was interrupted, stopped or cut off, or that did not reach a server. Stored results are kept and not
    measured again.

    Args:
        folder: the run folder.
        plugins: the plugins to use; all installed ones when None.
        observer: receives the events of the run.
        surroundings: see `sweep`.

    Returns:
        The run; a complete run is returned unchanged.

    Raises:
        UsageError: the model, a version or the machine has changed since.
        NoUsableBackend: no contender can be started any more.
        StoreError: there is no run, it is damaged, cannot be read or written, or is in use by another process.
        KeyboardInterrupt: after every worker was ended and the run was closed as interrupted.
    """
    plugins = plugins or Plugins.discover()
    stored = load(folder)
    file = run_file(folder)
    remove_abandoned(file.parent)
    if stored.closing is not None and stored.closing.state == "complete" and not lacks_server(stored):
        return stored
    _refuse_damaged(folder, stored.damage)
    meets = surroundings or Surroundings()
    with RunLog(file, create=False) as log, scratch_in(file.parent) as scratch:
        # Read again now that the file is locked: it may have grown in the meantime.
        records, damage = read_salvage(file)
        _refuse_damaged(folder, damage)
        resolved = resumed(Run.fold(records), lambda options: resolve(options, plugins, scratch, launch=meets.launch))
        journal = Journal(log.append, records)
        journal.add(Note(topic="resumed", text=f"the run was resumed after {len(records)} records"))
        events = PluginEvents(plugins, observer or Observer())
        return Sweep(RunContext.of(resolved, journal, events, scratch, meets)).run()


def _refuse_damaged(folder: Path, damage: tuple[str, ...]) -> None:
    """Refuse to resume a run that has lost records, such as those about differing outputs.

    Raises:
        StoreError: the run file is damaged.
    """
    if damage:
        raise StoreError(
            f"The run in {folder} is damaged ({'; '.join(damage)}) and cannot be resumed; report what is left of it with "
            "`infer-compare report`, and start a new run."
        )


def compare(
    base: Run, new: Run, *, margin: float = MARGIN, across_conditions: bool = False, loss: float | None = None
) -> ComparisonDocument:
    """Compare two stored runs of one model, contender by contender and size by size.

    Args:
        base: the run that counts as 1; it may be incomplete.
        new: the run that is compared with it.
        margin: relative difference within which throughputs count as the same.
        across_conditions: give verdicts even if the conditions of the runs differ.
        loss: `regression` of the document is true if a relative loss of throughput greater than this is proven;
            `untested` says why if nothing, or not the best contender of the base, could be tested.

    Raises:
        UsageError: the runs are of different models, or nothing was measured in both.
    """
    from infer_compare.report.comparison import document

    return document(base, new, margin=margin, across_conditions=across_conditions, loss=loss)
