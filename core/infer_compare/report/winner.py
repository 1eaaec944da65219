"""The command that runs one contender with its configuration."""

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
"""Options about contenders, questions and output, which are not part of the configuration of one contender."""


def winner_command(document: ReportDocument, label: str) -> tuple[str, ...]:
    """Return the words of the command without the batch size, which comes last; empty if the command cannot be typed again.

    Args:
        document: the report of the run.
        label: the contender.
    """
    words = without_folder(document.command)
    typed = words[1:2] == ("run",) and "--resume" not in words
    if not typed or any(".py:" in word for word in words):
        return ()
    contender = next(candidate for candidate in document.contenders if candidate.label == label)
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
    """Return whether a word is `-b` together with its value."""
    return word.startswith("-b") and len(word) > len("-b")
