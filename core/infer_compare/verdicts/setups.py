"""What each contender computes with: server, precision, threads, instances; and in what contenders are unequal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from infer_compare.results.servers import server_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from infer_compare.results import Run

Trait = Literal["server", "precision", "threads", "instances"]
TRAITS: tuple[Trait, ...] = get_args(Trait)
BITS = {"float64": 64, "float32": 32, "tf32": 19, "float16": 16, "bfloat16": 16, "float8": 8, "int8": 8, "int4": 4}
"""Of a number, by precision: how much of a result it can hold. What is not listed is not compared."""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What a contender computes with."""

    precision: str | None
    """As its session reported it; None where no worker got that far, or where it was not told."""
    asked_precision: str | None
    """None for that of the model."""
    threads: int
    """The thread budget of one instance."""
    instances: int
    server: str = ""
    """Who does the work elsewhere, such as `localhost:8000`; empty where its own workers do."""

    @property
    def busy(self) -> int:
        """Threads of all instances."""
        return self.threads * self.instances


def setup_of(run: Run, label: str) -> Setup:
    """Return what a contender computes with."""
    spec, start, server = run.contender(label), run.start(label), server_of(run, label)
    return Setup(
        precision=start.effective.get("precision") if start is not None else None,
        asked_precision=spec.precision,
        threads=run.header.threads_of(label),
        instances=spec.instances,
        server="" if server is None else server.address or "a server",
    )


def family(run: Run, label: str) -> Hashable:
    """Return everything that was asked of a contender but for its precision, threads and instances."""
    spec = run.contender(label)
    options = frozenset(spec.options.items())
    return (spec.backend, spec.file, spec.device, spec.python, spec.model, spec.route, options)


def unequal(setups: Iterable[Setup]) -> tuple[Trait, ...]:
    """Return in what some of these differ; a precision that is not known differs from none."""
    several = list(setups)
    return tuple(
        trait for trait in TRAITS if len({value for one in several if (value := getattr(one, trait)) is not None}) > 1
    )


def lowered(run: Run, labels: Iterable[str]) -> tuple[str, ...]:
    """Return the contenders that chose a lower precision by themselves: lower than that of the model, or, where that is not
    known, than others that nothing was asked of either.
    """
    free = {label: setup.precision for label in labels if (setup := setup_of(run, label)).asked_precision is None}
    bits = {label: BITS[precision] for label, precision in free.items() if precision in BITS}
    most = BITS.get(run.header.model.precision or "") or max(bits.values(), default=0)
    return tuple(label for label, own in bits.items() if own < most)
