"""Plans for repeating or resuming a stored run."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.paths import exists
from infer_compare.preparation.differences import changed_files, differences
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infer_compare.preparation.resolved import Resolved
    from infer_compare.request.options import RunOptions
    from infer_compare.results import Header, Run


def resumed(run: Run, resolve: Callable[[RunOptions], Resolved]) -> Resolved:
    """Return the resolved plan for resuming a stored run.

    Args:
        run: the interrupted run.
        resolve: makes a plan from options.

    Raises:
        UsageError: the model, a version or the machine has changed; the message names the differences.
        NoUsableBackend: no contender can be started any more.
    """
    header = run.header
    with naming_the_folder(header):
        resolved = resolve(header.repeated)
    reasons = [*differences(header, resolved.header), *_lost(run, resolved)]
    if reasons:
        raise UsageError(
            f"The run cannot be resumed, since {listing(reasons)}. Results from before and after cannot be "
            "compared; start a new run."
        )
    return replace(resolved, header=header)


def repeated(then: Header, resolve: Callable[[], Resolved]) -> Resolved:
    """Return the resolved plan of a run that repeats a stored one; its options may differ.

    Args:
        then: of the stored run.
        resolve: makes the plan.

    Raises:
        UsageError: the content of a model or data set has changed; the message names it.
        NoUsableBackend: no contender can be started.
    """
    with naming_the_folder(then):
        resolved = resolve()
    # With another seed, a model with random weights has changed as intended.
    same_seed = then.options.seed == resolved.header.options.seed
    changes = list(changed_files(then, resolved.header)) if same_seed else []
    if changes:
        raise UsageError(
            f"The run {then.run_id} cannot be repeated, since {listing(changes)}; restore that, or start a new run."
        )
    return resolved


@contextmanager
def naming_the_folder(then: Header) -> Iterator[None]:
    """Add a hint to errors about missing files of a stored run: it was started in another folder.

    Args:
        then: of the stored run.
    """
    try:
        yield
    except UsageError as error:
        named = [then.model.source, *(contender.model for contender in then.contenders), then.options.data]
        # A callable is named after a colon that follows its file; a built-in model has no file.
        files = dict.fromkeys(name.partition(":")[0] for name in named if name and not Path(name).is_absolute())
        lost = [name for name in files if Path(name).suffix and not exists(name)]
        if not lost or not any(name in str(error) for name in lost):
            raise
        hint = f"The run was started in another folder, relative to which it names {listing(lost)}; repeat it there."
        raise type(error)(f"{error} {hint}") from error


def _lost(run: Run, resolved: Resolved) -> Iterator[str]:
    """Yield a clause on each contender that took part and can no longer run."""
    before = {record.contender for record in run.unusable}
    for record in resolved.unusable:
        if record.contender not in before:
            yield f"{record.contender} can no longer run ({getattr(record.outcome, 'reason', '')})"
