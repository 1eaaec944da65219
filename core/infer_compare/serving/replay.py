"""A load replayed against real workers: open loop, latency from the scheduled arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.capacity.values import Bound, Configuration, Load, Replayed, ServingCurve
    from infer_compare.serving.service import Service


def replay(
    service: Service,
    configuration: Configuration,
    load: Load,
    *,
    seconds: float,
    curve: ServingCurve,
    bound: Bound | None = None,
    seed: int = 0,
) -> Replayed:
    """Send requests at the moments of a load for so long, and return what they saw beside what is predicted for them.

    Args:
        service: as many workers as the configuration has copies.
        configuration: what is replayed; where it has several machines, this one takes its share of the load.
        load: how requests arrive, with a rate or with recorded moments, which are repeated where they end too early.
        seconds: how long requests arrive.
        curve: what batches cost over the pipe, for the prediction.
        bound: whose percentile is measured as well.
        seed: of the arrivals.

    Raises:
        UsageError: the load has no rate, or the service another number of copies.
        WorkerError: a worker died twice, or could not be started again.
    """
    raise NotImplementedError
