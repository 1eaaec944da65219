"""Options of a backend: typed, refused with a suggestion, described."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fault_injection.fake import FakeBackend, FakeOptions
from infer_compare.errors import OptionError
from infer_compare.interfaces import Options
from infer_compare.plugins import Plugins, describe_options, read_options


class Many(Options, frozen=True, kw_only=True):
    """One option of each kind."""

    fast: Annotated[bool, msgspec.Meta(description="Be quick.")] = False
    streams: Annotated[int, msgspec.Meta(description="How many.", ge=1)] = 1
    scale: float = 0.5
    mode: Literal["plain", "clever"] = "plain"
    cache: str = ""
    limit: int | None = None
    extra: Annotated[dict[str, str], msgspec.Meta(description="More.")] = msgspec.field(default_factory=dict)


class ManyBackend(FakeBackend):
    """With those."""

    name: ClassVar[str] = "many"
    options: ClassVar[type[Options]] = Many


class PlainBackend(FakeBackend):
    """Without any."""

    name: ClassVar[str] = "plain"
    options: ClassVar[type[Options]] = Options


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("fast", "true", True),
        ("fast", "False", False),
        ("fast", "1", True),
        ("fast", "0", False),
        ("streams", "4", 4),
        ("scale", "2", 2.0),
        ("scale", "1e-3", 0.001),
        ("mode", "clever", "clever"),
        ("cache", "1", "1"),
        ("cache", "", ""),
        ("limit", "7", 7),
        ("limit", "null", None),
    ],
)
def test_a_text_becomes_a_value_of_the_option_s_type(key: str, text: str, value: object) -> None:
    """And the others keep their defaults."""
    options = read_options(ManyBackend, {key: text})
    assert options == Many(**{key: value})  # type: ignore[arg-type]
    assert type(getattr(options, key)) is type(value)


@pytest.mark.parametrize(
    ("key", "text"),
    [("fast", "maybe"), ("fast", ""), ("streams", "0"), ("streams", "1.5"), ("scale", "wide"), ("mode", "Clever")],
)
def test_a_value_that_does_not_fit_is_refused_with_the_option_s_name(key: str, text: str) -> None:
    """Nothing is rounded or guessed."""
    with pytest.raises(OptionError, match=f"many: {key}={text} is not valid"):
        read_options(ManyBackend, {key: text})


def test_an_unknown_option_suggests_the_nearest_and_lists_all() -> None:
    """In one sentence."""
    with pytest.raises(
        OptionError,
        match=r"'many' has no option 'stream'\. Did you mean 'streams'\? Its options: cache, extra\.KEY, fast, limit, mode",
    ):
        read_options(ManyBackend, {"stream": "1"})
    with pytest.raises(OptionError, match=r"no option 'zzz'\. Its options: cache"):
        read_options(ManyBackend, {"zzz": "1"})
    with pytest.raises(OptionError, match=r"no option 'a'\. Its options: none"):
        read_options(PlainBackend, {"a": "1"})


@settings(deadline=None)
@given(given=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4))
def test_any_text_is_read_or_refused(given: dict[str, str]) -> None:
    """Never another error."""
    try:
        options = read_options(ManyBackend, given)
    except OptionError:
        return
    assert isinstance(options, Many)
    assert set(given) <= {field.name for field in msgspec.structs.fields(Many)}


def test_options_are_described_with_type_default_and_text() -> None:
    """Choices in place of a type, where there are any."""
    described = {one.name: one for one in describe_options(ManyBackend)}
    assert (described["fast"].type, described["fast"].default, described["fast"].text) == (
        "boolean",
        "false",
        "Be quick.",
    )
    assert (described["streams"].type, described["streams"].default) == ("integer", "1")
    assert (described["scale"].type, described["scale"].default) == ("number", "0.5")
    assert (described["mode"].type, described["mode"].default) == ("clever | plain", "plain")
    assert (described["limit"].type, described["limit"].default) == ("integer | null", "null")
    assert describe_options(PlainBackend) == ()


def test_every_option_of_the_built_in_backends_is_described() -> None:
    """With a type and a sentence; its default is a value that it takes."""
    for entry in Plugins.discover(block=["*"]).backends:
        for option in describe_options(entry.backend):
            assert option.type, option
            assert option.text, option
            if option.default and not option.name.endswith(".KEY"):
                assert read_options(entry.backend, {option.name: option.default}) == entry.backend.options()


def test_the_defaults_of_the_fake_are_what_nothing_means() -> None:
    """No options are options too."""
    assert read_options(FakeBackend, {}) == FakeOptions()


def test_keys_with_a_dot_are_collected_in_the_option_before_it() -> None:
    """A backend can hand them on without knowing each."""
    options = read_options(ManyBackend, {"extra.a": "1", "extra.b.c": "2", "streams": "3"})
    assert isinstance(options, Many)
    assert (options.extra, options.streams) == ({"a": "1", "b.c": "2"}, 3)
    (described,) = [option for option in describe_options(ManyBackend) if option.name.startswith("extra")]
    assert (described.name, described.type, described.default) == ("extra.KEY", "string", "none")


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("extra", "extra is a group of options; write extra.KEY=VALUE"),
        ("fast.a", "no option 'fast.a'"),
        ("intra_op_num_threads", "Did you mean 'threads'"),
    ],
)
def test_a_key_that_is_no_option_is_refused_with_what_there_is(key: str, problem: str) -> None:
    """A group is not an option by itself; a longer name of a key of every contender points to it."""
    with pytest.raises(OptionError, match=problem):
        read_options(ManyBackend, {key: "1"})
