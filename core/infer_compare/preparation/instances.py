"""What is to be said of instances before they run: more threads than cores, and cores of two kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.environment.placement import placement
from infer_compare.stats.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.environment.topology import Core
    from infer_compare.results import Header


def instance_warnings(header: Header, cores: Sequence[Core]) -> Iterator[str]:
    """Yield a sentence for each contender whose instances take time from each other, or run on cores of two kinds.

    Args:
        header: of the run.
        cores: physical cores that may be used.
    """
    usable = header.environment.usable_cores
    for spec in header.contenders:
        if spec.instances == 1 or spec.device != "cpu":
            continue
        threads = header.threads_of(spec.label)
        split = f"{spec.label} runs {count(spec.instances, 'instance')} of {count(threads, 'thread')}"
        if header.budget_of(spec.label) > usable:
            yield (
                f"{split} on {count(usable, 'core')} and is marked oversubscribed: its threads wait for each other, which "
                f"counts as its own time; choose at most {count(usable, 'thread')} in all"
            )
            continue
        placed = placement(cores, spec.instances, threads)
        if placed is not None and placed.mixed:
            most = sum(not core.efficiency for core in cores)
            yield (
                f"{split} on performance and efficiency cores, so some instances are slower than others; choose at most "
                f"{count(most, 'thread')} in all for performance cores alone"
            )
