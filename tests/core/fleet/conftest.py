"""Fleets whose jobs are played."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from played_launcher import Played, PlayedLauncher, installed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from infer_compare.plugins import Plugins


@pytest.fixture(scope="session")
def plugins() -> Plugins:
    """Return the plugins of this installation."""
    return installed()


@pytest.fixture
def fleet(tmp_path: Path) -> Callable[..., Played]:
    """Return a function that begins a fleet on a launcher."""

    def begin(launcher: PlayedLauncher, **file: object) -> Played:
        return Played(tmp_path / "fleet", launcher, **file)

    return begin
