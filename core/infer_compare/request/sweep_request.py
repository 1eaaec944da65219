"""What a sweep is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.results import Scope

Mode = Literal["quick", "default", "thorough"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepRequest:
    """Everything that a person can ask for; what is None is decided when the request is resolved."""

    model: str
    models: Mapping[str, str] = field(default_factory=dict)
    """Models of their own, by contender's label or by backend."""
    contenders: tuple[str, ...]
    batch_sizes: tuple[int, ...] | None = None
    """None explores powers of two."""
    device: str = "cpu"
    scope: Scope = "device"
    threads: int | None = None
    seed: int = 0
    mode: Mode = "default"
    restarts: int | None = None
    """Instead of the mode's own number."""
    rounds: int | None = None
    """Of each restart, instead of the mode's own number."""
    budget_s: float | None = None
    timeout_s: float = 60.0
    max_memory: int | None = None
    max_device_memory: int | None = None
    backstop: bool = False
    find_limit: bool = False
    latency_bound_ns: int | None = None
    percentile: float = 95.0
    inputs: tuple[str, ...] = ()
    rtol: float | None = None
    pythons: Mapping[str, str] = field(default_factory=dict)
    """Other interpreters for the workers of a backend, by its name."""
    convert: bool = True
    """Whether the model may be converted."""
    trust: bool = False
    """Whether model files may run code of their own."""
    layouts: Mapping[str, str] = field(default_factory=dict)
    """`NCHW` or `NHWC`, by label or backend: what a model of its own takes, where the run's inputs are in the other."""
    input_map: tuple[str, ...] = ()
    """`BACKEND:own=run` or `LABEL:own=run`: an input of a contender's own model, and the run's input that it is."""
    output_map: tuple[str, ...] = ()
    """`BACKEND:own=run`, of outputs."""
    data: str | None = None
    """A data set that inputs are taken from."""
    command: tuple[str, ...] = field(default=())
    """As it was typed, so that the report can say how to repeat it."""
