"""Whether a machine may run a job, by what it says of itself when the job starts, and what a reader of the result must know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.foreign import one_line
from infer_compare.stats.wording import listing
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infer_compare.fleet.records import PlannedJob

FRAMEWORK = "framework."
"""What the facts about frameworks begin with."""


def refusal(job: PlannedJob, machine: str, facts: Mapping[str, str]) -> str:
    """Return why a machine is not to run a job, as a clause with what to do; empty where it may.

    Args:
        job: the job.
        machine: what people call the machine.
        facts: that it stated; what it did not state is not held against it.
    """
    version = facts.get("infer_compare")
    if version is not None and version != __version__:
        return (
            f"{machine} has infer-compare {one_line(version, 40)}, and this machine {__version__}; install "
            f"infer-compare=={__version__} there"
        )
    has = {name.removeprefix(FRAMEWORK) for name in facts if name.startswith(FRAMEWORK)}
    lacks = [name for name in job.backends if name not in has] if has else []
    return f"{machine} lacks {listing(lacks)}; install {'it' if len(lacks) == 1 else 'them'} there" if lacks else ""


def cautions(facts: Mapping[str, str]) -> Iterator[str]:
    """Yield what of a machine's surroundings disturbs what was measured there, and could not be repaired."""
    left = facts.get("not_repaired", "")
    yield from (one_line(part.strip()) for part in left.split(";") if part.strip())
