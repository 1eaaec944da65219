"""Models of the noise of log-ratios, chosen after what real runs show: for `rule.py --simulate`.

A value is luck of the processes of a restart at all points, luck at one point, and noise of the round, some of it a burst.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Noise(NamedTuple):
    """Standard deviations in per cent."""

    common: float = 0.15
    process: float = 0.3
    each: float = 0.4
    burst: tuple[float, float] = (0.05, 4.0)
    """Share of rounds with a burst, and its standard deviation."""
    slow: tuple[float, bool] = (0.0, True)
    """Share of processes that are 3 to 8 % slow, and whether at all points at once."""
    odd: float = 1.0
    """How many times as noisy the first point is."""
    drift: float = 0.0
    """Of the change from the first to the last restart."""
    heavy: bool = False
    """Whether noise has the tails of Student's t with three degrees of freedom."""


USUAL = Noise(0.5, 0.8, 0.6, (0.10, 6.0))
NOISE = {
    "quiet": Noise(),
    "usual": USUAL,
    "bursts in 25 %": Noise(burst=(0.25, 8.0)),
    "two threads": Noise(2.0, 2.0, 2.0, (0.10, 8.0)),
    "noisy": Noise(4.0, 6.0, 6.0, (0.0, 0.0)),
    "common 3 %": Noise(3.0, 0.3, 0.4, (0.0, 0.0)),
    "heavy tails": Noise(1.0, 1.5, 1.5, (0.0, 0.0), heavy=True),
    "slow 5 %, all sizes": USUAL._replace(slow=(0.05, True)),
    "slow 10 %, all sizes": Noise(slow=(0.10, True)),
    "slow 10 %, one size": Noise(slow=(0.10, False)),
    "one size x10": Noise(odd=10.0),
    "one size x30": Noise(odd=30.0),
    "drift 2 %": Noise(drift=2.0),
    "luck 5 %": Noise(0.0, 5.0, 0.5, (0.0, 0.0)),
    "common luck 5 %": Noise(5.0, 1.5, 0.5, (0.0, 0.0)),
}


def draw(rng: np.random.Generator, shape: tuple[int, int, int, int], noise: Noise) -> NDArray[np.float64]:
    """Log-ratios (runs, points, restarts, rounds) of two contenders that are equally fast."""
    runs, points, restarts, _ = shape

    def normal(*size: int) -> NDArray[np.float64]:
        return rng.standard_t(3, size) / np.sqrt(3) if noise.heavy else rng.standard_normal(size)

    scale = np.ones((points, 1))
    scale[0] = noise.odd
    means = noise.common * normal(runs, 1, restarts) + noise.process * scale * normal(runs, points, restarts)
    share, everywhere = noise.slow
    for sign in (1, -1) if share else ():
        size = (runs, 1 if everywhere else points, restarts)
        means = means + sign * (rng.random(size) < share) * rng.uniform(3, 8, size)
    means = means + noise.drift * rng.standard_normal((runs, 1, 1)) * np.linspace(0, 1, restarts)
    values = means[..., None] + noise.each * scale[..., None] * normal(*shape)
    share, deviation = noise.burst
    values += (rng.random(shape) < share) * deviation * rng.standard_normal(shape)
    return values / 100
