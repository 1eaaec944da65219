"""What authors of backends test with."""

from infer_compare.testing.fake import FakeBackend
from infer_compare.testing.script import FakeOptions

__all__ = ["FakeBackend", "FakeOptions"]
