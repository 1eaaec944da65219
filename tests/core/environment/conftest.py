"""Recorded machines: the kernel's files of another machine, laid out in a temporary folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infer_compare.environment.host import Host

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


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
