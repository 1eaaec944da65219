"""The setups of contenders: server, precision, threads and instances; and in what they differ."""

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
"""Bits of a number by precision; precisions that are not listed are not compared."""


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """The server, precision, threads and instances with which a contender computes."""

    precision: str | None
    """As its session reported it; None if no session did."""
    asked_precision: str | None
    """The requested precision; None for that of the model."""
    threads: int
    """The thread budget of one instance."""
    instances: int
    server: str = ""
    """The server that does the work, such as `localhost:8000`; empty if its own workers do."""

    @property
    def busy(self) -> int:
        """Threads of all instances together."""
        return self.threads * self.instances


def setup_of(run: Run, label: str) -> Setup:
    """Return the setup of a contender."""
    spec, start, server = run.contender(label), run.start(label), server_of(run, label)
    return Setup(
        precision=start.effective.get("precision") if start is not None else None,
        asked_precision=spec.precision,
        threads=run.header.threads_of(label),
        instances=spec.instances,
        server="" if server is None else server.address or "a server",
    )


def family(run: Run, label: str) -> Hashable:
    """Return a key that contenders share if they differ only in precision, threads or instances."""
    spec = run.contender(label)
    options = frozenset(spec.options.items())
    return (spec.backend, spec.file, spec.device, spec.python, spec.model, spec.route, options)


def unequal(setups: Iterable[Setup]) -> tuple[Trait, ...]:
    """Return the traits in which some setups differ; an unknown precision does not count as different."""
    several = list(setups)
    return tuple(
        trait
        for trait in TRAITS
        if len({value for setup in several if (value := getattr(setup, trait)) is not None}) > 1
    )


def lowered(run: Run, labels: Iterable[str]) -> tuple[str, ...]:
    """Return the contenders that compute in a lower precision without being asked to.

    It is lower than that of the model, or, if that is not known, than that of other contenders without a requested precision.
    """
    free = {label: setup.precision for label in labels if (setup := setup_of(run, label)).asked_precision is None}
    bits = {label: BITS[precision] for label, precision in free.items() if precision in BITS}
    most = BITS.get(run.header.model.precision or "") or max(bits.values(), default=0)
    return tuple(label for label, width in bits.items() if width < most)
