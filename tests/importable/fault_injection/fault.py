"""What a fault is: what it is made of, and what must come of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fault_injection.shadowed import Constants

if TYPE_CHECKING:
    from collections.abc import Mapping

Act = Literal[
    "",
    "kill worker",
    "break package",
    "fill disk",
    "remove folder",
    "kill parent",
    "interrupt start",
    "interrupt explore",
    "interrupt measure",
    "interrupt twice",
]
"""What is done to the run from outside."""


State = Literal["complete", "stopped", "interrupted", "cut off"]
"""How a run ends; one that is cut off has no closing record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A contender with a fault."""

    label: str
    options: Mapping[str, object] = field(default_factory=dict)
    """Of `FaultBackend`; without any it is the framework itself."""
    outcomes: frozenset[str] = frozenset()
    """What its points come to beside being measured: words of outcomes, and `differs`."""
    evidence: frozenset[str] = frozenset()
    """Any of these, where it is out of memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One line of the matrix."""

    name: str
    text: str
    targets: tuple[Target, ...]
    model: str = "mlp"
    batch_sizes: str = "1,2"
    arguments: tuple[str, ...] = ()
    constants: Constants = field(default_factory=Constants)
    act: Act = ""
    exit_code: int = 1
    states: tuple[State, ...] = ("complete",)
    """How the run may end."""
    said: tuple[str, ...] = ()
    """What must stand in the report or on standard error, with white space made single."""
