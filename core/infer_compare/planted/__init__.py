"""A backend that wraps another and slows it down by a known share, which the self-test must detect.

Workers import these modules beside the measured framework; importing the package imports nothing heavy.
"""

from pathlib import Path


def contender(backend: str, slowdown: float, label: str) -> str:
    """Return a slowed-down backend, as typed after `-b`.

    Args:
        backend: the name of a registered backend.
        slowdown: relative, 0.1 for calls that take 10 % longer.
        label: the label of the contender.
    """
    file = Path(__file__).with_name("slowdown.py")
    return f"{file}:PlantedBackend:backend={backend},slowdown={slowdown},label={label}"
