"""Why contenders are not ranked, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.schema import Excluded
from infer_compare.report.sentences.outcomes import obstacle_words
from infer_compare.report.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.verdicts import Exclusion


def excluded(exclusions: Iterable[Exclusion]) -> tuple[Excluded, ...]:
    """Return the contenders that are not ranked, each with its reason as a clause."""
    return tuple(
        Excluded(contender=exclusion.contender, reason=plain(obstacle_words(exclusion.obstacle)))
        for exclusion in exclusions
    )


def excluded_sentence(exclusion: Excluded) -> str:
    """Return the sentence, such as `torch is not ranked: its outputs differ from those of onnx ...`."""
    return f"{exclusion.contender} is not ranked: {exclusion.reason}"
