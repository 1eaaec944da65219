"""Dynamic batching of real requests, which arrive by a fixed schedule and are handed to free copies."""

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
    """When the outputs had arrived, or the death of the copy was noticed."""
    lost: bool = False
    """Whether the copy died while computing the batch; it has been restarted."""


class Copies(Protocol):
    """The copies of a contender; each answers one batch at a time."""

    def hand_over(self, copy: int, first: int, count: int) -> None:
        """Give `count` requests, beginning with number `first`, to a copy."""

    def wait(self, until_ns: int | None) -> Sequence[Answer]:
        """Return answers as soon as there are any, or none at `until_ns`; with None wait for an answer without limit."""


class Batch(NamedTuple):
    """Requests that were handed over together."""

    first: int
    size: int
    copy: int
    due_ns: int
    """When the batch would begin if a copy were free."""
    free_ns: int
    """Since when its copy was free."""
    begun_ns: int
    answered_ns: int
    lost: bool


@dataclass(slots=True)
class Served:
    """The batches in which the requests of a schedule were served."""

    batches: list[Batch] = field(default_factory=list)
    """In the order in which they were answered."""

    @property
    def late_ns(self) -> list[int]:
        """How late each batch began whose copy was already free when it was due."""
        return [batch.begun_ns - batch.due_ns for batch in self.batches if batch.due_ns > batch.free_ns]


def serve(
    arrivals_ns: Sequence[int],
    batching: Batching,
    number: int,
    copies: Copies,
    clock: Clock,
    tick: Callable[[int], None] = lambda _now_ns: None,
) -> Served:
    """Serve every request of a schedule, and return the batches when all have been answered or lost.

    A free copy takes a batch as soon as a full batch is waiting, or the oldest request has waited for the longest delay; the copy
    that has been free for longest comes first. Arrivals while all copies are busy need no attention: the schedule says which
    requests the next batch can contain.

    Args:
        arrivals_ns: when requests arrive, by the clock, ascending.
        batching: the largest batch and the longest delay.
        number: how many copies there are.
        copies: the copies, which answer batches.
        clock: returns the time in nanoseconds.
        tick: called between batches with the time; must return within some microseconds.
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
