"""Recorded machines: the kernel's files of another machine, laid out in a temporary folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from infer_compare.environment.host import Host
from quiet_slices import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from infer_compare.results import Diagnostics

MS = 1_000_000
QUIET = quiet(60 * MS, system_ns=1 * MS, throttled=0)


def slice_with(**changes: object) -> Diagnostics:
    """A quiet slice of 60 ms on two cores, but for what is changed."""
    return msgspec.structs.replace(QUIET, **changes)


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[Mapping[str, str]], Host]:
    """Makes a machine of file contents by absolute name; a second call adds files to it or replaces them."""

    def make(files: Mapping[str, str]) -> Host:
        (tmp_path / "proc").mkdir(exist_ok=True)
        for name, content in files.items():
            path = tmp_path / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return Host(tmp_path)

    return make
