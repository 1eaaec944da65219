"""Runs that are stored: read, resumed, and held against one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.api.run_folder import scratch_in
from infer_compare.api.telling import Telling
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
        StoreError: there is none, or it cannot be read.
    """
    return load(path)


def resume(
    folder: Path,
    *,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    surroundings: Surroundings | None = None,
) -> Run:
    """Resume a run that was interrupted, stopped or cut off, or that did not reach a server; nothing else that is stored is
    measured again.

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
    if stored.closing is not None and stored.closing.state == "complete" and not lacks_server(stored):
        return stored
    _refuse_damaged(folder, stored.damage)
    meets = surroundings or Surroundings()
    with RunLog(file, create=False) as log, scratch_in(file.parent) as scratch:
        # Read again, now that nobody else writes: it may have grown since.
        records, damage = read_salvage(file)
        _refuse_damaged(folder, damage)
        resolved = resumed(Run.fold(records), lambda options: resolve(options, plugins, scratch, launch=meets.launch))
        journal = Journal(log.append, records)
        journal.add(Note(topic="resumed", text=f"the run was resumed after {len(records)} records"))
        telling = Telling(plugins, observer or Observer())
        return Sweep(RunContext.of(resolved, journal, telling, scratch, meets)).run()


def _refuse_damaged(folder: Path, damage: tuple[str, ...]) -> None:
    """Refuse to resume a run that has lost records: which outputs differ, for one, may be among them.

    Raises:
        StoreError: it has.
    """
    if damage:
        raise StoreError(
            f"The run in {folder} is damaged ({'; '.join(damage)}) and cannot be resumed; report what is left of it with "
            "`infer-compare report`, and start a new run."
        )


def compare(
    base: Run, new: Run, *, margin: float = MARGIN, across_conditions: bool = False, loss: float | None = None
) -> ComparisonDocument:
    """Return what two stored runs of one model say about each other, contender by contender and size by size.

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
