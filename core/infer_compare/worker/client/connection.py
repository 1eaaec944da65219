"""The interface of a client's connection to a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.worker.protocol import Reply, Request


class MemorySeen(NamedTuple):
    """What is known of a worker's memory from outside."""

    highest: int = 0
    """The largest memory that was seen, in bytes."""
    kernel_kills: int = 0
    """How many processes the kernel has killed for memory since the worker was started."""


class Connection(Protocol):
    """Sends requests to one worker, and receives its answers."""

    @property
    def pid(self) -> int:
        """The process id of the worker."""

    @property
    def alive(self) -> bool:
        """Whether the worker can still answer."""

    @property
    def spawned_ns(self) -> int:
        """When the worker was started, by the machine's monotonic clock."""

    @property
    def stderr_tail(self) -> str:
        """The last lines that the worker wrote to standard output and standard error."""

    @property
    def waits_on(self) -> Sequence[int]:
        """File descriptors of which one becomes readable when there may be an answer; none if looking produces it."""

    @property
    def look_after_s(self) -> float:
        """How often to check the worker's memory while an answer is awaited, in seconds."""

    def post(self, request: Request) -> None:
        """Send a request, whose answer must be received before the next is sent."""

    def answer(self, deadline_s: float) -> Reply:
        """Wait for the answer, until `deadline_s` seconds after the request."""

    def look_for_answer(self, seconds: float) -> Reply | None:
        """Wait up to `seconds`; return the answer, or None if there is none."""

    def time_left(self, deadline_s: float) -> float:
        """Return the remaining seconds of a deadline that counts from the last request."""

    def suspend(self) -> None:
        """Stop the worker until its next request."""

    def resume(self) -> None:
        """Resume a suspended worker."""

    def dismiss(self) -> None:
        """Ask the worker to end without waiting for it."""

    def close(self) -> None:
        """Ask the worker to end, and wait for it."""

    def kill(self) -> None:
        """End the worker at once."""
