"""What authors of backends test with."""

from infer_compare.testing.fake import FakeBackend, FakeOptions

__all__ = ["FakeBackend", "FakeOptions"]
