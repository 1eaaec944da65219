"""The configurations of a contender that a search tries: largest batch, longest delay, copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.capacity.values import Batching, Configuration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.capacity.service import Service
    from infer_compare.capacity.values import Bound

MOST_DELAYS = 4
"""Besides no delay."""
STEPS = (5, 2, 1)


def configurations_of(
    service: Service,
    bound: Bound | None,
    max_batches: Sequence[int] | None = None,
    max_delays_s: Sequence[float] | None = None,
    copies: Sequence[int] | None = None,
) -> tuple[Configuration, ...]:
    """Return the configurations to try; none if every requested batch is larger than the measured ones.

    Args:
        service: the service times of the contender.
        bound: delays stay well below it.
        max_batches: largest batches to try; None for the measured sizes and the powers of two between them.
        max_delays_s: delays to try, in seconds; None for a few that fit the bound.
        copies: numbers of copies to try; None for the number that was measured.
    """
    largest = service.sizes[-1]
    batches = (
        batches_of(service) if max_batches is None else sorted({batch for batch in max_batches if batch <= largest})
    )
    return tuple(
        Configuration(contender=service.contender, batching=Batching(max_batch=batch, max_delay_s=delay), copies=number)
        for number in (sorted(set(copies)) if copies else (service.copies,))
        for batch in batches
        # A batch of one request has nothing to wait for.
        for delay in (_delays(service, batch, bound) if max_delays_s is None else sorted(set(max_delays_s)))
        if batch > 1 or delay == 0 or max_delays_s is not None
    )


def batches_of(service: Service) -> tuple[int, ...]:
    """Return the measured sizes and the powers of two between them, ascending."""
    smallest, largest = service.sizes[0], service.sizes[-1]
    powers = (1 << exponent for exponent in range(largest.bit_length()))
    return tuple(sorted({*service.sizes, *(power for power in powers if smallest <= power <= largest)}))


def _delays(service: Service, batch: int, bound: Bound | None) -> tuple[float, ...]:
    """Return zero and the four longest delays of the series 1, 2, 5, 10 ... that are worth trying, in seconds, ascending.

    They are shorter than a call of the largest batch, and fit within the bound. Waiting longer than a call takes costs more than
    the batch saves: requests wait anyway while a copy computes.
    """
    longest = service.mean_s(batch)
    if bound is not None:
        longest = min(longest, bound.latency_s - service.percentile_s(service.sizes[0], bound.percentile))
    delays: list[float] = []
    exponent = 3
    while len(delays) < MOST_DELAYS and exponent > -7:
        delays += [delay for step in STEPS if (delay := float(f"{step}e{exponent}")) <= longest]
        exponent -= 1
    return (0.0, *sorted(delays[:MOST_DELAYS]))
