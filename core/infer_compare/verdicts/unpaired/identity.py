"""A check that two runs are of the same model: ratios of throughputs of different models mean nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import UsageError

if TYPE_CHECKING:
    from infer_compare.results import Header, Run

DIGITS = 12
"""Characters of a hash that messages show, as in reports."""


def refuse_other_models(base: Run, new: Run, *, across_conditions: bool) -> None:
    """Check that two runs are of the same model.

    Models with the same content are the same, whatever their names. Models with the same name but different content are versions
    of a model, or have different seeds; they are compared only with `across_conditions`. Others are never compared.

    Raises:
        UsageError: the runs are of different models; the message says what to do.
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
