"""Requests put into batches and handed to free copies, at the moments of a schedule that waits for no answer."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infer_compare.capacity.values import Batching
    from infer_compare.timing.clock import Clock


class Answer(NamedTuple):
    """What a copy did with its batch."""

    copy: int
    answered_ns: int
    """When the outputs were there, or the loss of the copy was known."""
    lost: bool = False
    """Whether the copy died over it; then it has been started again."""


class Copies(Protocol):
    """Those that answer batches; each has one at a time."""

    def hand_over(self, copy: int, first: int, count: int) -> None:
        """Give a copy the requests from one on."""

    def wait(self, until_ns: int | None) -> Sequence[Answer]:
        """Return answers as soon as there are any; none at that moment; None waits for an answer, however long that takes."""


class Batch(NamedTuple):
    """Requests that were handed over together."""

    first: int
    size: int
    copy: int
    due_ns: int
    """When the rule had it begin, had a copy been free."""
    free_ns: int
    """Since when its copy was free."""
    begun_ns: int
    answered_ns: int
    lost: bool


@dataclass(slots=True)
class Served:
    """What became of the requests of a schedule."""

    batches: list[Batch] = field(default_factory=list)
    """In the order in which they were answered."""

    @property
    def late_ns(self) -> list[int]:
        """Of batches that began at a moment of the schedule, how much later than it."""
        return [batch.begun_ns - batch.due_ns for batch in self.batches if batch.due_ns > batch.free_ns]


def serve(
    arrivals_ns: Sequence[int],
    batching: Batching,
    number: int,
    copies: Copies,
    clock: Clock,
    tick: Callable[[int], None] = lambda _now_ns: None,
) -> Served:
    """Have every request of a schedule answered or lost, and return what became of them.

    A free copy takes a batch as soon as as many requests wait as a batch can have, or the oldest has waited for the longest
    delay; the copy that has been free for longest comes first. A request that arrives while all copies are busy needs nobody
    to be awake: it is in time for the next batch by the schedule alone.

    Args:
        arrivals_ns: when requests arrive, by the clock, ascending.
        batching: the rule.
        number: how many copies there are.
        copies: answer batches.
        clock: the time.
        tick: is called between batches with the time, to look at something else for some microseconds.
    """
    delay_ns, most, end = round(batching.max_delay_s * 1e9), batching.max_batch, len(arrivals_ns)
    served = Served()
    began_ns = clock()
    free = deque((copy, began_ns) for copy in range(number))
    busy: dict[int, Batch] = {}
    first = 0
    while first < end or busy:
        now_ns = clock()
        tick(now_ns)
        until_ns: int | None = None
        if free and first < end:
            due_ns = arrivals_ns[first] + delay_ns
            if first + most <= end:
                due_ns = min(due_ns, arrivals_ns[first + most - 1])
            if now_ns >= due_ns:
                copy, free_ns = free.popleft()
                count = 1
                while count < most and first + count < end and arrivals_ns[first + count] <= now_ns:
                    count += 1
                busy[copy] = Batch(first, count, copy, due_ns, free_ns, now_ns, 0, lost=False)
                copies.hand_over(copy, first, count)
                first += count
                continue
            until_ns = due_ns
        for answer in copies.wait(until_ns):
            served.batches.append(busy.pop(answer.copy)._replace(answered_ns=answer.answered_ns, lost=answer.lost))
            free.append((answer.copy, answer.answered_ns))
    return served
