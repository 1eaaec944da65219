"""The command that runs one contender at one batch size as it was configured: what a reader takes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.words import without_folder
from infer_compare.request.contenders import ContenderRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.report.schema import ContenderReport, ReportDocument

_WITH_VALUE = {
    "--backends",
    "-b",
    "--contender",
    "--batch-sizes",
    "--latency-bound",
    "--percentile",
    "--report",
    "--price",
}
_ALONE = {"--find-limit", "--json", "--dry-run", "-q", "--quiet", "-v", "--verbose"}
"""What says who takes part, what is asked of it, and how it is shown: none of it is the configuration of one contender."""


def winner_command(document: ReportDocument, label: str) -> tuple[str, ...]:
    """Return the words of the command but for the batch size, which comes last; none where it cannot be typed again.

    Args:
        document: of the run.
        label: of the contender.
    """
    words = without_folder(document.command)
    typed = words[1:2] == ("run",) and "--resume" not in words
    if not typed or any(".py:" in word for word in words):
        return ()
    contender = next(one for one in document.contenders if one.label == label)
    return (*_kept(words), "-b", _spec(contender), "--batch-sizes")


def _spec(contender: ContenderReport) -> str:
    request = ContenderRequest(
        backend=contender.backend,
        options={**contender.options, **contender.keys},
        device=None if contender.device == "cpu" else contender.device,
    )
    return str(request)


def _kept(words: Sequence[str]) -> Iterator[str]:
    value_follows = False
    for word in words:
        if value_follows:
            value_follows = False
        elif word in _WITH_VALUE:
            value_follows = True
        elif word not in _ALONE and word.partition("=")[0] not in _WITH_VALUE and not _is_contender(word):
            yield word


def _is_contender(word: str) -> bool:
    """Whether it is `-b` with its value in one word."""
    return word.startswith("-b") and len(word) > len("-b")
