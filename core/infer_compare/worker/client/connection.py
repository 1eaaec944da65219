"""What a client asks through, whatever answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.worker.protocol import Reply, Request


class MemorySeen(NamedTuple):
    """What is known of a worker's memory from outside."""

    highest: int = 0
    """The most that was seen, in bytes."""
    kernel_kills: int = 0
    """Processes that the kernel has killed for memory since the worker was started."""


class Connection(Protocol):
    """Requests to one worker, and its answers."""

    @property
    def pid(self) -> int:
        """The number of the process that answers."""

    @property
    def alive(self) -> bool:
        """Whether it can still be asked anything."""

    @property
    def spawned_ns(self) -> int:
        """When it was started, by the machine's monotonic clock."""

    @property
    def stderr_tail(self) -> str:
        """The last lines that it wrote to standard output and standard error."""

    @property
    def waits_on(self) -> Sequence[int]:
        """File descriptors; one becomes readable when there may be an answer; none where looking makes it."""

    @property
    def look_after_s(self) -> float:
        """Seconds after which its memory is to be looked at, while an answer is awaited."""

    def post(self, request: Request) -> None:
        """Send a request; its answer must be awaited before the next one is sent."""

    def answer(self, deadline_s: float) -> Reply:
        """Wait for the answer until so many seconds after the request."""

    def look_for_answer(self, seconds: float) -> Reply | None:
        """Return the answer; None where there is none after that time."""

    def time_left(self, deadline_s: float) -> float:
        """Return the seconds that are left of a deadline, counted from the last request."""

    def suspend(self) -> None:
        """Stop it until it is asked again."""

    def resume(self) -> None:
        """Let it go on."""

    def dismiss(self) -> None:
        """Say goodbye without waiting for its end."""

    def close(self) -> None:
        """Say goodbye and wait for its end."""

    def kill(self) -> None:
        """End it at once."""
