"""The section about the method: what was timed, how often, and what counts as a difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.sections.blocks import Section, Sentences
from infer_compare.stats.wording import count, margin_words, percent

if TYPE_CHECKING:
    from infer_compare.report.sections.view import View
    from infer_compare.results import Scope

TIMED: dict[Scope, str] = {
    "device": "the model call only, inputs already on the device",
    "end_to_end": "from inputs in host memory to outputs in host memory",
    "dataset": "whole passes over the data set, loading included",
}

SCOPES: dict[Scope, str] = {
    "device": "model call only",
    "end_to_end": "inputs and outputs in host memory",
    "dataset": "whole passes over the data set",
}
"""The scopes in fewer words, beside a heading."""


def method(view: View) -> Section | None:
    """Return how the figures were measured; None if nothing was timed."""
    plan, noise = view.document.plan, view.document.noise
    if not noise.slices:
        return None
    margin = margin_words(plan.margin)
    repetitions = f"{count(plan.restarts, 'restart')} with {count(plan.rounds_per_restart, 'round')} each"
    items = (
        f"timed: {TIMED[plan.scope]}",
        f"{plan.mode} mode: at most {repetitions}; a restart is a fresh process, and contenders take turns in a round",
        f"{count(noise.slices, 'slice')} timed, {percent(noise.share)} rejected as noisy",
        f"figures are medians over slices; intervals hold with 95 %; differences within {margin} count as none",
    )
    return Section(title="How this was measured", blocks=(Sentences(items=items),))
