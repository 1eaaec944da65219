"""A backend that is another one made slower by a known share: what the self-test has to find.

Workers import these modules beside the framework that they measure; importing the package imports nothing heavy.
"""

from pathlib import Path


def contender(backend: str, slowdown: float, label: str) -> str:
    """Return a backend made slower, as it is typed after `-b`.

    Args:
        backend: name of a registered one.
        slowdown: relative, 0.1 for calls that take 10 % longer.
        label: of the contender.
    """
    file = Path(__file__).with_name("slowdown.py")
    return f"{file}:PlantedBackend:backend={backend},slowdown={slowdown},label={label}"
