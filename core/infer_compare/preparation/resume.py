"""Going on with a run that was cut off: as it was asked for, or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.paths import exists
from infer_compare.preparation.resolve import resolve
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.plugins import Plugins
    from infer_compare.preparation.resolve import Resolved
    from infer_compare.results import Header, Run

DIGITS = 12
"""Of a hash, as reports show them."""


def resolve_again(run: Run, plugins: Plugins, scratch: Path) -> Resolved:
    """The plan of a stored run, with everything that going on with it needs.

    Args:
        run: as far as it came.
        plugins: what is installed.
        scratch: a folder for files that the run needs and nobody keeps.

    Raises:
        UsageError: the model, a version or the machine is another than it was; what differs is told.
        NoUsableBackend: no contender can be started any more.
    """
    header = run.header
    with naming_the_folder(header):
        resolved = resolve(header.options, plugins, scratch)
    differences = [*_differences(header, resolved.header), *_lost(run, resolved)]
    if differences:
        raise UsageError(
            f"The run cannot be resumed, since {listing(differences)}; figures from before and after cannot be "
            "compared. Start a new run."
        )
    return replace(resolved, header=header)


@contextmanager
def naming_the_folder(then: Header) -> Iterator[None]:
    """Says of a file that is not there that the run may have been begun in another folder.

    Args:
        then: of the stored run, whose files are looked for.
    """
    try:
        yield
    except UsageError as error:
        named = [then.model.source, *(one.model for one in then.contenders), then.plan.data]
        # A callable follows its file after a colon; a model that is built in has no file.
        files = dict.fromkeys(name.partition(":")[0] for name in named if name and not Path(name).is_absolute())
        lost = [name for name in files if Path(name).suffix and not exists(name)]
        if not lost or not any(name in str(error) for name in lost):
            raise
        hint = f"The run was begun in another folder, from which it names {listing(lost)}; repeat this there."
        raise type(error)(f"{error} {hint}") from error


def check_unchanged(then: Header, now: Header) -> None:
    """Looks whether a run that repeats another has its models and its data; what is asked for anew is not compared.

    Args:
        then: of the stored run.
        now: of the one that is to repeat it.

    Raises:
        UsageError: a model or the data set is not what it was; it is named.
    """
    if then.plan.seed != now.plan.seed:
        # Weights that are drawn are others then.
        return
    changes = list(_changed_files(then, now))
    if changes:
        raise UsageError(
            f"The run {then.run_id} cannot be repeated, since {listing(changes)}; bring back what it ran, or ask for a "
            "run of what is there now."
        )


def _changed_files(then: Header, now: Header) -> Iterator[str]:
    """Models and data sets that are named as they were and hold something else, in clauses."""
    if then.model.source == now.model.source and then.model.sha256 != now.model.sha256:
        hashes = f"{then.model.sha256[:DIGITS]} then, {now.model.sha256[:DIGITS]} now"
        yield f"the model {then.model.source} has changed ({hashes})"
    before = {one.label: one for one in then.contenders}
    for new in now.contenders:
        old = before.get(new.label)
        if old is not None and old.model == new.model and old.model_sha256 != new.model_sha256:
            yield f"the model {old.model} of {old.label} has changed"
    if then.plan.data == now.plan.data and then.plan.data_sha256 != now.plan.data_sha256:
        yield f"the data set {then.plan.data} has changed"


def _differences(then: Header, now: Header) -> Iterator[str]:
    """What is not as it was, in clauses."""
    yield from _changed_files(then, now)
    was, has = then.environment, now.environment
    for name in sorted({*was.packages, *has.packages}):
        before, after = was.packages.get(name), has.packages.get(name)
        if before != after:
            yield f"{name} was {before or 'not installed'} and is {after or 'not installed'}"
    for name, before, after in (
        ("Python", was.python, has.python),
        ("the processor", was.cpu, has.cpu),
        ("the number of usable cores", str(was.usable_cores), str(has.usable_cores)),
    ):
        if before != after:
            yield f"{name} was {before} and is {after}"


def _lost(run: Run, resolved: Resolved) -> Iterator[str]:
    """Contenders that took part and cannot any more."""
    before = {one.contender for one in run.unusable}
    for one in resolved.unusable:
        if one.contender not in before:
            yield f"{one.contender} cannot take part any more ({getattr(one.outcome, 'reason', '')})"
