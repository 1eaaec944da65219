"""The registry of checks by name, with their groups, costs and requirements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.testing.conformance.subject import Subject

Group = Literal["identity", "options", "loading", "running", "time", "memory", "life", "threads"]
GROUPS: tuple[Group, ...] = get_args(Group)
"""The groups, in the order in which they are run."""


@dataclass(frozen=True, slots=True)
class Check:
    """A promise of the interface, and the function that checks it."""

    function: Callable[[Subject], None]
    group: Group
    dynamic: bool
    """Whether the framework is needed; other checks always run."""
    slow: bool
    """Whether it takes long, or much memory."""

    @property
    def name(self) -> str:
        """The name of its function without `check_`."""
        return self.function.__name__.removeprefix("check_")

    @property
    def sentence(self) -> str:
        """The promise, as a sentence."""
        return (self.function.__doc__ or "").partition("\n")[0]


CHECKS: dict[str, Check] = {}
"""All checks by name, in the order in which they are run; filled when `conformance.checks` is imported."""


def check(
    group: Group, *, dynamic: bool = True, slow: bool = False
) -> Callable[[Callable[[Subject], None]], Callable[[Subject], None]]:
    """Register a check function. Its docstring's first line is the promise, its name begins with `check_`."""

    def register(function: Callable[[Subject], None]) -> Callable[[Subject], None]:
        made = Check(function, group, dynamic, slow)
        CHECKS[made.name] = made
        return function

    return register
