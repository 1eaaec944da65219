"""Checks and remarks on contenders of several instances before they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.environment.placement import placement
from infer_compare.errors import UsageError
from infer_compare.stats.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infer_compare.environment.topology import Core
    from infer_compare.preparation.contenders import Contender
    from infer_compare.request.options import RunOptions
    from infer_compare.results import Header


def check_scope(options: RunOptions, contenders: Iterable[Contender]) -> None:
    """Check that no contender has several instances if passes over a data set are timed.

    There are too few passes to count only those during which all instances ran.

    Raises:
        UsageError: a contender has several.
    """
    several = next((contender for contender in contenders if contender.spec.instances > 1), None)
    if options.scope == "dataset" and several is not None:
        raise UsageError(
            f"--scope dataset times passes of one process, and {several.label} has {several.spec.instances} instances; "
            "leave them out, or choose --scope device or end_to_end."
        )


def instance_remarks(header: Header, cores: Sequence[Core]) -> Iterator[str]:
    """Yield a clause on each contender whose instances compete for cores, or run on cores of two kinds.

    Args:
        header: of the run.
        cores: physical cores that may be used.
    """
    usable = header.environment.usable_cores
    for spec in header.contenders:
        if spec.instances == 1 or not spec.on_host:
            continue
        threads = header.threads_of(spec.label)
        split = f"{spec.label}: {spec.instances} instances of {count(threads, 'thread')}"
        if header.budget_of(spec.label) > usable:
            yield f"{split} are more than the {count(usable, 'core')} that may be used, so they wait for each other (oversubscribed)"
            continue
        placed = placement(cores, spec.instances, threads)
        if placed is not None and placed.mixed:
            most = sum(not core.efficiency for core in cores)
            yield (
                f"{split} need performance and efficiency cores, so some are slower than others; "
                f"performance cores suffice for {count(most, 'thread')} in all"
            )
