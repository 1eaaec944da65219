"""Fleets whose jobs are played."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infer_compare.plugins import Plugins
from played_launcher import Played, PlayedLauncher

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Return the plugins of this installation."""
    return Plugins.discover()


@pytest.fixture
def fleet(tmp_path: Path, plugins: Plugins) -> Callable[..., Played]:
    """Return a function that begins a fleet on a launcher."""

    def begin(launcher: PlayedLauncher, **file: object) -> Played:
        return Played(tmp_path / "fleet", launcher, plugins, **file)

    return begin
