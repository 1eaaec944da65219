"""Machines are reached through a launcher that is closed in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infer_compare import hookimpl
from infer_compare.errors import UsageError
from infer_compare.fleet.reaching import reached
from infer_compare.interfaces.launchers import Unreachable
from infer_compare.launchers import ProcessLauncher
from infer_compare.plugins import Origin, Plugins
from played_launcher import machine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces.launchers import Machine


@pytest.fixture
def calls() -> list[str]:
    """Return what a launcher is asked for, in order."""
    return []


@pytest.fixture
def plugins(calls: list[str]) -> Plugins:
    """Return plugins with a launcher that takes note of its calls and reaches nothing at `nowhere`."""

    class Noting(ProcessLauncher):
        name = "noting"

        def connect(self, address: str | None, deadline_s: float) -> None:
            calls.append(f"connect to {address}")
            if address == "nowhere":
                raise Unreachable("Nothing answers at nowhere; name another address.")

        def machines(self) -> Sequence[Machine]:
            return (machine("a"),)

        def command(self, machine: str, *arguments: str) -> Sequence[str]:
            return (machine, *arguments)

        def close(self) -> None:
            calls.append("close")

    class Plugin:
        @hookimpl
        def infer_compare_launchers(self) -> Sequence[type]:
            return (Noting,)

    found = Plugins()
    found.register(Plugin(), Origin("mine", "mine"))
    return found


def test_machines_that_are_reached_are_given_back_in_the_end(plugins: Plugins, calls: list[str]) -> None:
    """The launcher is connected to the address that is named."""
    with reached("noting", "here", plugins) as (launcher, machines):
        assert launcher.name == "noting"
        assert [one.id for one in machines] == ["a"]
        assert calls == ["connect to here"]
    assert calls == ["connect to here", "close"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, UsageError])
def test_a_launcher_is_closed_after_an_error_too(
    plugins: Plugins, calls: list[str], error: type[BaseException]
) -> None:
    """Also after an interrupt."""
    with pytest.raises(error), reached("noting", None, plugins):
        raise error
    assert calls[-1] == "close"


def test_machines_that_cannot_be_reached_are_a_usage_error(plugins: Plugins, calls: list[str]) -> None:
    """In the sentence of the launcher, which is closed."""
    with pytest.raises(UsageError, match="Nothing answers at nowhere"), reached("noting", "nowhere", plugins):
        pass
    assert calls == ["connect to nowhere", "close"]
