"""The speed of a replay relative to its serving curve."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from infer_compare.capacity.service import Service as ServiceTimes
    from infer_compare.serving.batcher import Batch


def pace_of(batches: Sequence[Batch], times: ServiceTimes) -> float:
    """Return the total duration of batches, as a multiple of their expected total duration.

    Args:
        batches: the answered batches of a segment.
        times: the expected durations, by batch size and by the idle time before.
    """
    import numpy as np

    took_ns = sum(batch.answered_ns - batch.begun_ns for batch in batches)
    idle_s = np.array([max(0, batch.begun_ns - batch.free_ns) for batch in batches]) / 1e9
    sizes = np.array([batch.size for batch in batches])
    expected_s = sum(_expected_s(times, size, idle_s[sizes == size]) for size in np.unique(sizes).tolist())
    return took_ns / 1e9 / expected_s


def _expected_s(times: ServiceTimes, size: int, idle_s: NDArray[np.float64]) -> float:
    """Return the expected total seconds of batches of one size, from the idle seconds before each."""
    import numpy as np

    added_s = np.interp(idle_s, [0.0, *times.pauses_s], [0.0, *times.added_means_s(size)])
    return len(idle_s) * times.mean_s(size) + float(added_s.sum())
