"""The serving curve: what batches cost over the pipe to a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.capacity.values import ServingCurve
    from infer_compare.serving.service import Service


def measure_curve(service: Service) -> ServingCurve:
    """Measure what batches cost over the pipe, back to back and after pauses, and how many samples a second saturate it.

    It takes a few seconds for a fast model and up to half a minute for a slow one.

    Args:
        service: the workers.

    Raises:
        WorkerError: a worker died or did not answer.
    """
    raise NotImplementedError
