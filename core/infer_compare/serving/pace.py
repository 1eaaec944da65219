"""How long the batches of a replay took, compared with what the serving curve says."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from infer_compare.capacity.service import Service as ServiceTimes
    from infer_compare.serving.batcher import Batch


def pace_of(batches: Sequence[Batch], times: ServiceTimes) -> float:
    """Return how long batches took together, as a multiple of what they are expected to take.

    Args:
        batches: those of a segment of a replay, none of them lost.
        times: what batches take, by their size and by how long the copy was idle before.
    """
    import numpy as np

    took_ns = sum(batch.answered_ns - batch.begun_ns for batch in batches)
    idle_s = np.array([max(0, batch.begun_ns - batch.free_ns) for batch in batches]) / 1e9
    sizes = np.array([batch.size for batch in batches])
    expected_s = sum(_expected_s(times, size, idle_s[sizes == size]) for size in np.unique(sizes).tolist())
    return took_ns / 1e9 / expected_s


def _expected_s(times: ServiceTimes, size: int, idle_s: NDArray[np.float64]) -> float:
    """Return the seconds that batches of a size take together, each after so long a pause."""
    import numpy as np

    added_s = np.interp(idle_s, [0.0, *times.pauses_s], [0.0, *times.added_means_s(size)])
    return len(idle_s) * times.mean_s(size) + float(added_s.sum())
