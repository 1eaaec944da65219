"""What a worker can be lost or refused for, beside its death, a deadline and a violation of the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import WorkerError
from infer_compare.foreign import shortened
from infer_compare.worker.protocol import VERSION

if TYPE_CHECKING:
    from infer_compare.worker.protocol import Failure


class RequestFailed(WorkerError):
    """The worker answered that it could not do what it was asked."""

    def __init__(self, failure: Failure) -> None:
        """Carries the answer."""
        super().__init__(f"{failure.error}: {first_line(failure.text)}")
        self.failure = failure


class OtherVersion(WorkerError):
    """The worker's interpreter has another infer-compare."""

    def __init__(self, version: int) -> None:
        """Carries the version of the protocol that it speaks."""
        super().__init__(
            f"its interpreter has another infer-compare, whose workers speak version {version} of the protocol; "
            f"this one speaks {VERSION}"
        )


class NoWorker(WorkerError):
    """There is no worker that could be asked."""


def first_line(text: str) -> str:
    """Return the first line that says something, shortened; one that only announces what follows does not."""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    first = next(iter(lines), "")
    if first.endswith(":"):
        # Indented lines say where it happened.
        first = next((line for line in lines[1:] if not line[0].isspace() and not line.endswith(":")), first)
    return shortened(first.strip(), 400)
