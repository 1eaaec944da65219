"""What is run to test the measuring: which contenders, at which batch sizes, with how many repetitions."""

from __future__ import annotations

from dataclasses import dataclass

from infer_compare.planted import contender
from infer_compare.request.options import RunOptions
from infer_compare.stats.wording import percent
from infer_compare.verdicts.protocol import ORDINARY_RESTARTS

SLOWDOWNS = (0.05, 0.10, 0.20)
"""Planted, relative. The least lies beyond the margin of 3 %, so even that one should not be called the same."""
BATCH_SIZES = (1, 8, 32)
QUICK_ROUNDS = 2
"""Of each restart, in place of four. Fewer restarts would not do: a difference of 5 % is seldom shown by three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a self-test is asked to do, for each backend alike."""

    threads: int
    model: str = "cnn"
    batch_sizes: tuple[int, ...] = BATCH_SIZES
    quick: bool = False
    command: tuple[str, ...] = ()

    def options(self, backend: str, budget_s: float | None) -> RunOptions:
        """One sweep: the backend twice, and once for each slowdown."""
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
    """The labels of the two contenders that are the same."""
    return backend, f"{backend} again"


def planted_label(backend: str, slowdown: float) -> str:
    """The label of the contender that is slower by that share, such as `onnx +10 %`."""
    return f"{backend} +{percent(slowdown)}"
