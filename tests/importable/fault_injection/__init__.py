"""Backends that fail on demand, and the matrix of faults that a run survives with real frameworks.

`fake` is a backend without a framework; `faulty` is a real one with a fault. `matrix` lists the faults, `scene` plays
one, `ordeal` tells what came of it. Worker processes import this package too: its folder is on their path.
"""

from fault_injection.fake import FakeBackend
from fault_injection.script import FakeOptions

__all__ = ["FakeBackend", "FakeOptions"]
