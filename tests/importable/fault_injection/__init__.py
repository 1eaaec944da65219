"""Backends that fail on demand, and the matrix of faults that a run survives with real frameworks.

`fake` is a backend without a framework, `fault_backend` a real one with a fault. `matrix` lists the faults, `result`
injects one into a run and says what became of it. Worker processes import this package too: its folder is on their path.
"""

from fault_injection.fake import FakeBackend
from fault_injection.fake_options import FakeOptions

__all__ = ["FakeBackend", "FakeOptions"]
