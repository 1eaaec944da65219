"""Finding plugins: a broken one is listed with its reason and costs nobody else anything."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest

from infer_compare import hookimpl
from infer_compare.errors import BackendUnusable, UnknownBackend
from infer_compare.plugins import BLOCK_VARIABLE, Origin, Plugins, load_backend

if TYPE_CHECKING:
    from collections.abc import Callable

BUILT_IN = {"onnx", "reference", "tensorflow", "torch"}

GOOD = """
    class Good(Sound):
        name = "good"
        aliases = ("fine",)

    @hookimpl
    def infer_compare_backends():
        return [Good]
"""

BROKEN = {
    "import error": ("import a_module_that_is_not_there", "ModuleNotFoundError: No module named"),
    "syntax error": ("def (:", "SyntaxError"),
    "error on import": ("1 / 0", "ZeroDivisionError: division by zero"),
    "exit on import": ("raise SystemExit('I refuse')", "SystemExit: I refuse"),
    "raising hook": (
        "@hookimpl\ndef infer_compare_backends():\n    raise RuntimeError('no\\n licence')",
        "its hook raised RuntimeError: no licence",
    ),
    "exit in a hook": ("@hookimpl\ndef infer_compare_models():\n    raise SystemExit(3)", "its hook raised SystemExit"),
    "unknown hook": (
        "@hookimpl\ndef infer_compare_backend():\n    return []",
        "there is no hook infer_compare_backend; did you mean infer_compare_backends?",
    ),
    "names of version 1": (
        "from infer_compare import Backend",
        (
            "ImportError: infer_compare.Backend has moved to infer_compare.backends.Backend with version 2 of the plugin "
            "interface; install a release of the plugin that was written for it"
        ),
    ),
    "unknown argument": ("@hookimpl\ndef infer_compare_backends(manager):\n    return []", "manager"),
    "one class, no list": ("@hookimpl\ndef infer_compare_backends():\n    return Sound", "is not iterable"),
}

REFUSED = {
    "older interface": (
        "api_version = API_VERSION - 1",
        (
            "was written for version 1 of the plugin interface, but this infer-compare has version 2; "
            "install a newer release of the plugin"
        ),
    ),
    "newer interface": ("api_version = API_VERSION + 1", "install a newer release of infer-compare"),
    "version as text": ("api_version = '1'", "was written for version '1'"),
    "no name": ("name = ''", "lower-case identifier"),
    "name with a colon": ("name = 'a:b'", "lower-case identifier"),
    "name in capitals": ("name = 'Odd'", "lower-case identifier"),
    "no capabilities": ("capabilities = None", "needs a class attribute `capabilities`"),
    "distributions without a module": ("distributions = ('their',)", "distributions does not fit: Expected `object`"),
    "distributions that nobody types": ("distributions = {'their': ('a b',)}", "not 'a b'"),
    "packages that nobody types": ("rests_on = ('a b',)", "must be a tuple of names of distributions, not ('a b',)"),
    "a package alone": ("rests_on = 'jaxlib'", "must be a tuple of names of distributions, not 'jaxlib'"),
    "a list of variables": ("variables = ['THEIR_']", "must be a tuple of beginnings such as 'ORT_'"),
    "every variable": ("variables = ('',)", "must be a tuple of beginnings such as 'ORT_'"),
    "options of another kind": ("options = dict", "must be a subclass of infer_compare.backends.Options"),
    "an option that the core reads": (
        "options = type(Sound.options)('Own', (Sound.options,), {'__annotations__': {'route': int}, 'route': 1}, kw_only=True)",
        "has 'route', which is reserved by infer-compare; rename it",
    ),
    "requires as one string": ("requires = 'torch'", "must be tuples of strings"),
    "requires a number": ("requires = (1,)", "must be tuples of strings"),
    "requires nothing at all": ("requires = None", "must be tuples of strings"),
    "aliases as one string": ("aliases = 'fine'", "must be tuples of strings"),
    "an alias that nobody can type": ("aliases = ('Fine',)", "lower case"),
    "a method missing": ("from abc import abstractmethod\n    load = abstractmethod(Sound.load)", "implement load"),
}


def test_the_built_in_backends_are_found_by_their_entry_points() -> None:
    """None of them is broken, and each comes from this distribution."""
    plugins = Plugins.discover(block=["*"])
    assert {entry.name for entry in plugins.backends} == BUILT_IN
    assert plugins.broken == []
    assert {origin.distribution for origin in plugins.loaded} == {"infer-compare"}


def test_a_plugin_that_is_installed_is_found_with_its_origin(install: Callable[..., None]) -> None:
    """By name and by alias, in any case."""
    install("good", GOOD)
    plugins = Plugins.discover()
    entry = plugins.find("good")
    assert str(entry.origin) == "good (infer-compare-good 1.0)"
    assert plugins.find("FINE") is entry
    assert plugins.find("torch").name == "torch"


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_plugin_is_listed_with_its_reason_and_the_rest_work(
    install: Callable[..., None], source: str, reason: str
) -> None:
    """Those before it and those after it in the alphabet."""
    install("broken", source)
    install("zz_good", GOOD)
    plugins = Plugins.discover()
    (broken,) = plugins.broken
    assert str(broken.origin) == "broken (infer-compare-broken 1.0)"
    assert reason in broken.reason
    assert {entry.name for entry in plugins.backends} == BUILT_IN | {"good"}
    with pytest.raises(BackendUnusable, match="'broken' cannot be used: "):
        plugins.find("broken")


@pytest.mark.parametrize(("line", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_backend_that_does_not_fit_is_refused_and_its_sibling_works(
    install: Callable[..., None], line: str, reason: str
) -> None:
    """A flaw of one class is its own affair."""
    source = "class Odd(Sound):\n    name = 'odd'\n    " + line + "\n"
    source += "@hookimpl\ndef infer_compare_backends():\n    return [Odd, Sound]"
    install("pair", source)
    plugins = Plugins.discover()
    (broken,) = plugins.broken
    assert reason in broken.reason
    assert plugins.find("sound").origin.plugin == "pair"


@pytest.mark.parametrize("thing", ["42", "'torch'", "object", "Sound(None)", "None"])
def test_something_that_is_no_backend_class_is_refused(install: Callable[..., None], thing: str) -> None:
    """An instance, a name, another class."""
    install("odd", f"@hookimpl\ndef infer_compare_backends():\n    return [{thing}]")
    (broken,) = Plugins.discover().broken
    assert "is not a subclass of infer_compare.backends.Backend" in broken.reason


def test_a_missing_framework_is_told_and_is_no_defect(install: Callable[..., None]) -> None:
    """What is not installed is named, and the plugin is not broken."""
    source = "class Thin(Sound):\n    name = 'thin'\n    requires = ('json', 'no_such_framework')\n"
    install("thin", source + "@hookimpl\ndef infer_compare_backends():\n    return [Thin]")
    plugins = Plugins.discover()
    assert plugins.find("thin").missing == ("no_such_framework",)
    assert plugins.broken == []


def test_what_a_backend_says_of_its_framework_is_recorded_with_every_run(install: Callable[..., None]) -> None:
    """Distributions are those of its modules' names, unless it names others."""
    install(
        "theirs",
        """
        class Theirs(Sound):
            name = "theirs"
            requires = ("their_core", "their_fast")
            distributions = {"their_fast": ("their-fast", "their-fast-gpu"), "onnxruntime": ("their-onnxruntime",)}
            rests_on = ("their-kernels",)
            variables = ("THEIR_",)

        @hookimpl
        def infer_compare_backends():
            return [Theirs]
        """,
    )
    plugins = Plugins.discover()
    assert plugins.broken == []
    assert plugins.distributions["their_core"] == ("their_core",)
    assert plugins.distributions["their_fast"] == ("their-fast", "their-fast-gpu")
    assert plugins.distributions["onnxruntime"] == ("onnxruntime", "onnxruntime-gpu", "their-onnxruntime")
    assert plugins.find("theirs").packages == (
        "their_core", "their-fast", "their-fast-gpu", "their-onnxruntime", "their-kernels", "infer-compare-theirs",
    )  # fmt: skip
    assert {"THEIR_", "TF_", "TORCH_"} <= set(plugins.variables)


def test_a_broken_plugin_is_not_told_of_runs(install: Callable[..., None]) -> None:
    """Nothing of it stays half registered."""
    install(
        "half",
        """
        heard = []

        @hookimpl
        def infer_compare_backends():
            raise RuntimeError

        @hookimpl
        def infer_compare_run_started(header):
            heard.append(header)
        """,
        module="plugin_that_is_half",
    )
    plugins = Plugins.discover()
    plugins.run_started("header")
    assert sys.modules["plugin_that_is_half"].heard == []


def test_a_name_that_is_taken_is_refused_with_both_origins(install: Callable[..., None]) -> None:
    """The built-in backend keeps its name, whatever the newcomer's place in the alphabet."""
    source = "class Mine(Sound):\n    name = 'torch'\n@hookimpl\ndef infer_compare_backends():\n    return [Mine]"
    install("aaa", source)
    plugins = Plugins.discover()
    (broken,) = plugins.broken
    assert "the name 'torch' is already taken by torch (infer-compare " in broken.reason
    assert "aaa (infer-compare-aaa 1.0) needs another name" in broken.reason
    assert plugins.find("torch").origin.distribution == "infer-compare"


def test_an_alias_that_is_taken_is_refused_with_both_origins(install: Callable[..., None]) -> None:
    """None of the newcomer's other names is registered."""
    source = "class Mine(Sound):\n    name = 'mine'\n    aliases = ('ort',)\n"
    install("mine", source + "@hookimpl\ndef infer_compare_backends():\n    return [Mine]")
    plugins = Plugins.discover()
    (broken,) = plugins.broken
    assert "'ort' is already taken by onnx (infer-compare " in broken.reason
    assert "mine (infer-compare-mine 1.0) needs another name" in broken.reason
    with pytest.raises(BackendUnusable):
        plugins.find("mine")


def test_two_plugins_of_one_name_are_told_with_both_origins(install: Callable[..., None]) -> None:
    """Two distributions may name their entry points alike."""
    install("good", GOOD, module="plugin_first")
    install("good", GOOD.replace('"good"', '"other"'), distribution="infer-compare-rival", module="plugin_second")
    plugins = Plugins.discover()
    (broken,) = plugins.broken
    assert "infer-compare-good 1.0" in broken.reason
    assert "infer-compare-rival 1.0" in broken.reason
    assert len({entry.name for entry in plugins.backends} & {"good", "other"}) == 1


def test_an_unknown_backend_suggests_the_nearest_and_lists_the_installed() -> None:
    """By name or alias."""
    plugins = Plugins.discover(block=["*"])
    with pytest.raises(UnknownBackend, match=r"no backend 'troch'\. Did you mean 'torch'"):
        plugins.find("troch")
    with pytest.raises(UnknownBackend, match="Did you mean 'pytorch'"):
        plugins.find("pytorhc")
    with pytest.raises(UnknownBackend, match=r"no backend 'xyz'\. Installed: onnx, reference, tensorflow, torch\."):
        plugins.find("xyz")
    with pytest.raises(UnknownBackend, match="Installed: none"):
        Plugins().find("torch")


def test_plugins_named_in_the_environment_are_left_out(
    install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blanks around the names do no harm; a blocked plugin is not even imported."""
    install("good", GOOD, module="plugin_that_is_blocked")
    monkeypatch.setenv(BLOCK_VARIABLE, "good, torch,,")
    plugins = Plugins.discover()
    assert {entry.name for entry in plugins.backends} == BUILT_IN - {"torch"}
    assert "plugin_that_is_blocked" not in sys.modules


def test_a_star_leaves_out_all_that_is_not_built_in(
    install: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the environment and as an argument."""
    install("good", GOOD)
    monkeypatch.setenv(BLOCK_VARIABLE, "*")
    assert {entry.name for entry in Plugins.discover().backends} == BUILT_IN
    monkeypatch.delenv(BLOCK_VARIABLE)
    assert {entry.name for entry in Plugins.discover(block=["*", "onnx"]).backends} == BUILT_IN - {"onnx"}


def test_a_worker_finds_the_class_again_and_imports_no_other_plugin(install: Callable[..., None]) -> None:
    """By the reference that the parent hands it."""
    install("good", GOOD)
    install("other", "class Other(Sound):\n    name = 'other'", module="plugin_of_no_concern")
    reference = Plugins.discover(points=entry_points(group="infer_compare", name="good")).find("good").reference
    assert reference == "entry:good:good"
    assert load_backend(reference).name == "good"
    assert "plugin_of_no_concern" not in sys.modules
    with pytest.raises(UnknownBackend, match="No plugin 'gone' is installed for the interpreter"):
        load_backend("entry:gone:gone")


def test_a_listener_that_raises_costs_neither_the_run_nor_the_others() -> None:
    """It is listed as broken, and everybody is told."""
    heard: list[object] = []

    class Deaf:
        @hookimpl
        def infer_compare_point_finished(self, point: object) -> None:
            raise ValueError("cannot hear")

    class Listening:
        @hookimpl
        def infer_compare_point_finished(self, point: object) -> None:
            heard.append(point)

    plugins = Plugins()
    plugins.register(Listening(), Origin("first", "test"))
    plugins.register(Deaf(), Origin("deaf", "test"))
    plugins.register(Listening(), Origin("last", "test"))
    plugins.point_finished(7)
    assert heard == [7, 7]
    (broken,) = plugins.broken
    assert broken.origin.plugin == "deaf"
    assert "infer_compare_point_finished raised ValueError: cannot hear" in broken.reason


def test_what_else_plugins_bring_is_collected(install: Callable[..., None]) -> None:
    """Models, beside backends."""
    model = "@hookimpl\ndef infer_compare_models():\n    return [BuiltinModel(name='m', summary='one', build=print)]"
    install("models", model)
    assert [one.name for one in Plugins.discover().models] == ["m"]


def test_finding_a_backend_imports_no_framework() -> None:
    """Neither discovery nor the look for what is missing; not even numpy."""
    script = (
        "import sys\n"
        "from infer_compare.plugins import Plugins, describe_options\n"
        "plugins = Plugins.discover(block=['*'])\n"
        "for name in ('torch', 'onnx', 'tensorflow', 'reference'):\n"
        "    entry = plugins.find(name)\n"
        "    entry.missing, describe_options(entry.backend), entry.backend.capabilities\n"
        "heavy = {'torch', 'onnxruntime', 'tensorflow', 'onnx', 'numpy', 'psutil'}\n"
        "print(*sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == []
