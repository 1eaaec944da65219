"""The setup of the self-test: contenders, batch sizes, and repetitions."""

from __future__ import annotations

from dataclasses import dataclass

from infer_compare.planted import contender
from infer_compare.request.options import RunOptions
from infer_compare.stats.wording import percent
from infer_compare.verdicts.protocol import ORDINARY_RESTARTS

SLOWDOWNS = (0.05, 0.10, 0.20)
"""Planted slowdowns, relative. Even the least exceeds the margin of 3 %, so none should be called the same."""
BATCH_SIZES = (1, 8, 32)
QUICK_ROUNDS = 2
"""Rounds of each restart with --quick, instead of four. Restarts are not reduced: three rarely prove a difference of 5 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The setup of a self-test, the same for each backend."""

    threads: int
    model: str = "cnn"
    batch_sizes: tuple[int, ...] = BATCH_SIZES
    quick: bool = False
    command: tuple[str, ...] = ()

    def options(self, backend: str, budget_s: float | None) -> RunOptions:
        """Return the options of the sweep of a backend: it takes part twice, and once with each slowdown."""
        return RunOptions(
            model=self.model,
            contenders=(
                *(f"{backend}:label={label}" for label in twins(backend)),
                *(contender(backend, slowdown, planted_label(backend, slowdown)) for slowdown in SLOWDOWNS),
            ),
            batch_sizes=self.batch_sizes,
            threads=self.threads,
            restarts=ORDINARY_RESTARTS,
            rounds=QUICK_ROUNDS if self.quick else None,
            budget=budget_s,
        )


def twins(backend: str) -> tuple[str, str]:
    """Return the labels of the two identical contenders."""
    return backend, f"{backend} again"


def planted_label(backend: str, slowdown: float) -> str:
    """Return the label of the contender slowed down by a share, such as `onnx +10 %`."""
    return f"{backend} +{percent(slowdown)}"
