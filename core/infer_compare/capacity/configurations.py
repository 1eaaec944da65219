"""Which batchings and copies of a contender are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.capacity.values import Batching, Configuration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.capacity.service import Service
    from infer_compare.capacity.values import Bound

MOST_DELAYS = 4
"""Besides none."""
STEPS = (5, 2, 1)


def configurations_of(
    service: Service,
    bound: Bound | None,
    max_batches: Sequence[int] | None = None,
    max_delays_s: Sequence[float] | None = None,
    copies: Sequence[int] | None = None,
) -> tuple[Configuration, ...]:
    """Return what is tried of a contender; nothing where all batches that are asked for are larger than the measured ones.

    Args:
        service: its service times.
        bound: delays are well below it.
        max_batches: those to try; measured sizes and powers of two between them where None.
        max_delays_s: those to try.
        copies: those to try; those of the measurement where None.
    """
    largest = service.sizes[-1]
    batches = (
        batches_of(service) if max_batches is None else sorted({batch for batch in max_batches if batch <= largest})
    )
    return tuple(
        Configuration(contender=service.contender, batching=Batching(max_batch=batch, max_delay_s=delay), copies=number)
        for number in (sorted(set(copies)) if copies else (service.copies,))
        for batch in batches
        # Nothing is waited for where a batch is one request.
        for delay in (_delays(service, batch, bound) if max_delays_s is None else sorted(set(max_delays_s)))
        if batch > 1 or delay == 0 or max_delays_s is not None
    )


def batches_of(service: Service) -> tuple[int, ...]:
    """Return the measured sizes and the powers of two between them, ascending."""
    smallest, largest = service.sizes[0], service.sizes[-1]
    powers = (1 << exponent for exponent in range(largest.bit_length()))
    return tuple(sorted({*service.sizes, *(power for power in powers if smallest <= power <= largest)}))


def _delays(service: Service, batch: int, bound: Bound | None) -> tuple[float, ...]:
    """Return no delay, and the longest of 1, 2, 5, 10 ... that are shorter than a call of the largest batch and than what a bound leaves.

    To wait for longer than a call takes costs more than the batch saves: while a copy computes, requests wait anyway.
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
