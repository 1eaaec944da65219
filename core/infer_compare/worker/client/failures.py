"""Errors of clients, other than the death of a worker, a missed deadline and a violation of the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import WorkerError
from infer_compare.foreign import shortened
from infer_compare.worker.protocol import VERSION

if TYPE_CHECKING:
    from infer_compare.worker.protocol import Failure


class RequestFailed(WorkerError):
    """The worker answered that a request failed."""

    def __init__(self, failure: Failure) -> None:
        """Takes the answer."""
        super().__init__(f"{failure.error}: {first_line(failure.text)}")
        self.failure = failure


class OtherVersion(WorkerError):
    """The worker's interpreter has another infer-compare."""

    def __init__(self, version: int) -> None:
        """Takes the version of the worker's protocol."""
        super().__init__(
            f"its interpreter has another infer-compare, whose workers speak version {version} of the protocol; "
            f"this one speaks {VERSION}"
        )


class NoWorker(WorkerError):
    """There is no worker to which a request could be sent."""


def first_line(text: str) -> str:
    """Return the first informative line of an error text, shortened; a line that ends in a colon only introduces others."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    first = next(iter(lines), "")
    if first.endswith(":"):
        # Indented lines are locations in code.
        first = next((line for line in lines[1:] if not line[0].isspace() and not line.endswith(":")), first)
    return shortened(first.strip(), 400)
