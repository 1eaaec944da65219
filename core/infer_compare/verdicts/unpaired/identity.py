"""Whether two runs are of one model: a ratio of two models' throughputs says nothing about either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import UsageError

if TYPE_CHECKING:
    from infer_compare.results import Header, Run

DIGITS = 12
"""Of a hash, as reports show them."""


def refuse_other_models(base: Run, new: Run, *, across_conditions: bool) -> None:
    """Raises where the runs are of different models.

    The same content is the same model, whatever its file is called. Another content under the same name is a new version
    of it, or another seed: that can be asked for. Another content under another name cannot.

    Raises:
        UsageError: they are; with what to do.
    """
    old, fresh = base.header.model, new.header.model
    if old.sha256 == fresh.sha256:
        return
    if old.name != fresh.name:
        raise UsageError(
            f"These are runs of different models, {old.name} ({old.sha256[:DIGITS]}) and {fresh.name} "
            f"({fresh.sha256[:DIGITS]}), whose throughputs cannot be held against each other; compare two runs of one "
            "model. Measure a new version of a model under the name of the old one, with --name."
        )
    if not across_conditions:
        raise UsageError(
            f"Both runs are of a model called {old.name}, and its content differs ({old.sha256[:DIGITS]} and "
            f"{fresh.sha256[:DIGITS]}){_why(base.header, new.header)}; to compare two versions of a model, add "
            "--across-conditions."
        )


def _why(base: Header, new: Header) -> str:
    built_in = base.model.source == base.model.name and new.model.source == new.model.name
    if built_in and base.options.seed != new.options.seed:
        return f": the weights of built-in models follow from the seed, {base.options.seed} and {new.options.seed}"
    return ""
