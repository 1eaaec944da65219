"""Launchers that plugins register: kept, refused with the reason, found by name."""

from __future__ import annotations

import pytest

from infer_compare import UsageError, hookimpl
from infer_compare.errors import BackendUnusable
from infer_compare.fleet.launchers import find_launcher
from infer_compare.launchers import ProcessLauncher
from infer_compare.plugins import Origin, Plugins


class Sound(ProcessLauncher):
    """A launcher that nothing is wrong with."""

    name = "sound"

    def connect(self, address, deadline_s):
        """Take whatever is there."""

    def machines(self):
        """Return nothing yet."""
        return ()

    def command(self, machine, *arguments):
        """Start what the machine is called."""
        return [machine, *arguments]


def plugins_of(*launchers):
    """Plugins with one that registers these launchers."""

    class Plugin:
        @hookimpl
        def infer_compare_launchers(self):
            return launchers

    plugins = Plugins()
    plugins.register(Plugin(), Origin("mine", "mine"))
    return plugins


def test_a_registered_launcher_is_made_by_its_name():
    """Anew each time."""
    plugins = plugins_of(Sound)
    assert not plugins.broken
    assert isinstance(find_launcher("sound", plugins), Sound)
    assert find_launcher("sound", plugins) is not find_launcher("sound", plugins)


def without(method):
    """A class that lacks a method."""
    methods = ("connect", "machines", "start", "events", "stop", "close")
    return type("Lacking", (), {"name": "lacking", **{each: print for each in methods if each != method}})


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (Sound(), "is not a class; a plugin registers the class of a launcher"),
        (type("Odd", (Sound,), {"name": "two words"}), "`name` may only contain letters"),
        (without("stop"), "the launcher lacking has no method `stop`"),
        (
            type("Unfinished", (ProcessLauncher,), {"name": "unfinished"}),
            "does not implement command, connect, machines",
        ),
        (type("Odd", (Sound,), {"requires": (1,)}), "`requires`"),
    ],
)
def test_an_unfit_launcher_is_refused_with_the_reason(candidate, reason):
    """It is listed as broken; the plugin stays."""
    plugins = plugins_of(candidate)
    (broken,) = plugins.broken
    assert reason in broken.reason
    assert not plugins.launchers


def test_the_first_owner_of_a_name_keeps_it():
    """And the built-in one before all."""
    local = type("Local", (Sound,), {"name": "local"})
    plugins = plugins_of(Sound, type("Second", (Sound,), {}), local)
    (broken,) = plugins.broken
    assert "the launcher sound already comes from another plugin" in broken.reason
    assert not isinstance(find_launcher("local", plugins), Sound)


def test_an_unknown_launcher_is_refused_with_the_nearest_name():
    """And all that there are."""
    with pytest.raises(UsageError, match=r"no launcher 'sonud'. Did you mean 'sound'\? Known: local, sound"):
        find_launcher("sonud", plugins_of(Sound))


def test_a_launcher_that_lacks_its_package_is_refused_with_what_to_install():
    """Before it is made."""
    needy = type("Needy", (Sound,), {"requires": ("no_such_module",), "install_hint": "pip install needy"})
    with pytest.raises(UsageError, match="needs no_such_module: pip install needy"):
        find_launcher("sound", plugins_of(needy))


def test_a_launcher_that_raises_is_told_with_its_plugin():
    """It is the plugin's fault."""

    def fail(self):
        raise RuntimeError("out of order")

    with pytest.raises(
        BackendUnusable, match="launcher sound of mine cannot be used: it raised RuntimeError: out of order"
    ):
        find_launcher("sound", plugins_of(type("Raising", (Sound,), {"__init__": fail})))
