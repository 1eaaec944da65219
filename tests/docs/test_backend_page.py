"""The page on writing a backend can be read and typed in one sitting."""

from __future__ import annotations

MOST_LINES = 120


def test_the_complete_backend_is_short(root, read_blocks):
    """All of the interface, in a file of its own."""
    blocks = read_blocks(root / "docs" / "writing-a-backend.md")
    (backend,) = [block for block in blocks if block.mark == "file: numpy_backend.py"]
    assert "class NumpyBackend(Backend):" in backend.body
    assert len(backend.body.splitlines()) <= MOST_LINES
