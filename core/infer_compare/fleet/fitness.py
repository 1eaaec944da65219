"""Checks of the facts that a machine reports when a job starts: whether it may run the job, and cautions for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.foreign import one_line
from infer_compare.stats.wording import listing
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infer_compare.fleet.records import PlannedJob

FRAMEWORK = "framework."
"""Prefix of the facts about frameworks."""


def refusal(job: PlannedJob, machine: str, facts: Mapping[str, str]) -> str:
    """Return why a machine may not run a job and how to mend that, as a clause; an empty text if it may.

    Args:
        job: the job.
        machine: the name of the machine, for the text.
        facts: those that the machine reported; a missing fact is no reason to refuse it.
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
    """Yield, as clauses, the disturbances on a machine that could not be repaired before it measured."""
    left = facts.get("not_repaired", "")
    yield from (one_line(part.strip()) for part in left.split(";") if part.strip())
