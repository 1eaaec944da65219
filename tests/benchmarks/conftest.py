"""Programs of `benchmarks/`, imported as they import each other."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark_module() -> Iterator[Callable[[str], ModuleType]]:
    """Imports one by its name; afterwards none is left among the modules."""
    before = set(sys.modules)
    sys.path.insert(0, str(FOLDER))
    yield import_module
    sys.path.remove(str(FOLDER))
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "").parent == FOLDER:
            del sys.modules[name]
