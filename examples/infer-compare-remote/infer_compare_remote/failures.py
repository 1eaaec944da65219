"""The meaning of a server's errors."""

from __future__ import annotations

import re

from infer_compare.backends import Classification, FailureKind, chain, classify_common, text_of

TOO_LARGE = 413
_BATCH_LIMIT = re.compile(r"batch[- ]size must be <=|exceeds .*max_batch_size")
"""Messages with which Triton refuses a batch size."""


class ServerError(Exception):
    """The server answered with an error."""

    def __init__(self, text: str, status: int) -> None:
        """Keep the HTTP status."""
        super().__init__(text)
        self.status = status


def classify(error: BaseException) -> Classification:
    """Return what an exception means: a size that the server refuses is a limit; connections that fail are known to all backends."""
    common = classify_common(error)
    if common.kind is not FailureKind.NO or not isinstance(error, Exception):
        return common
    for part in chain(error):
        if isinstance(part, ServerError) and (part.status == TOO_LARGE or _BATCH_LIMIT.search(text_of(part))):
            return Classification(FailureKind.LIMIT)
    return common
