"""How axes and mixes are typed: `--axis seq=16,64` and `--mix seq=16:0.5,64:0.5`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infer_compare.errors import UsageError
from infer_compare.request.axes import parse_axis, parse_mix, read_axes, read_mixes, settings_of, weights_of

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,9}", fullmatch=True).filter(lambda name: name != "batch")
SIZES = st.lists(st.integers(1, 100_000), min_size=1, max_size=6, unique=True)


@given(st.dictionaries(NAMES, SIZES, max_size=3))
def test_settings_are_every_combination_of_sizes_ascending(axes: dict[str, list[int]]) -> None:
    """One of each size, by ascending names."""
    texts = read_axes({**axes})
    assert isinstance(texts, list)
    settings = settings_of(texts)
    assert len(set(settings)) == len(settings) == math.prod(map(len, axes.values()))
    assert list(settings) == sorted(settings)
    assert all(tuple(name for name, _ in setting) == tuple(sorted(axes)) for setting in settings)


@given(NAMES, SIZES)
def test_an_axis_is_read_as_it_is_written(name: str, sizes: list[int]) -> None:
    """From what it is written as, it comes back."""
    axis = parse_axis(f" {name} = {','.join(map(str, sizes))}")
    assert axis == parse_axis(str(axis))
    assert list(axis.sizes) == sorted(sizes)


@given(NAMES, st.dictionaries(st.integers(1, 10_000), st.integers(1, 100), min_size=1, max_size=6))
def test_shares_of_a_mix_add_up_to_one(name: str, parts: dict[int, int]) -> None:
    """However they are rounded where they are written."""
    total = sum(parts.values())
    mix = parse_mix(
        f"{name}={','.join(f'{size}:{part / total:.4f}' for size, part in parts.items() if part / total >= 1e-4)}"
    )
    assert math.fsum(share for _, share in mix.shares) == pytest.approx(1)


def refusal(parse: Callable[[str], object], text: str) -> str | None:
    """The sentence with which a text is refused; None where it is not."""
    try:
        parse(text)
    except UsageError as error:
        return str(error)
    return None


@given(st.text(max_size=40))
def test_any_other_text_is_refused_with_a_sentence(text: str) -> None:
    """Never with another error."""
    assert all((refusal(parse, text) or ".").endswith(".") for parse in (parse_axis, parse_mix))


def test_several_axes_of_a_mix_are_independent() -> None:
    """The share of a combination is the product of theirs."""
    weights = weights_of(["a=1:0.5,2:0.5", "b=3:0.2,4:0.8"], ["a=1,2", "b=3,4"])
    assert weights[("a", 1), ("b", 4)] == pytest.approx(0.4)
    assert sum(weights.values()) == pytest.approx(1)


def test_tables_of_files_and_of_python_are_read_like_texts() -> None:
    """A list of sizes, a range, shares by size."""
    assert read_axes({"seq": [16, 64], "size": "32:128:x2"}) == ["seq=16,64", "size=32,64,128"]
    assert read_mixes({"seq": {16: 0.5, 64: 0.5}}) == ["seq=16:0.5,64:0.5"]
    assert parse_mix("seq=16:60%,64:40%").shares == ((16, 0.6), (64, 0.4))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seq", "--axis 'seq' is not an axis with its sizes; write for example seq=16,64,128."),
        ("batch=1,2", "--axis names the batch; its sizes are given with --batch-sizes."),
        ("seq=0", "--axis seq: 0 is not a size; give 1 to 2147483647."),
        ("seq=8,8", "--axis seq names 8 more than once; name each size once."),
        ("seq=x", "--axis seq: 'x' is not a whole number; write 1,2,4 or 1:1024:x2 or 1:80:+1."),
    ],
)
def test_what_is_no_axis_is_said(text: str, says: str) -> None:
    """With what to write."""
    with pytest.raises(UsageError) as refused:
        read_axes(text)
    assert str(refused.value) == says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seq=16:0.5,64:0.3", "The shares of --mix seq add up to 0.8, not to 1; change one of them."),
        ("seq=16", "--mix seq: '16' is not a size with its share; write for example seq=16:0.5,64:0.5."),
        ("seq=16:0", "--mix seq: 0 is not a share of the samples; give more than 0 and at most 1."),
        ("seq=16:1,16:1", "--mix seq names 16 more than once; name each size once."),
    ],
)
def test_what_is_no_mix_is_said(text: str, says: str) -> None:
    """With what to write."""
    with pytest.raises(UsageError) as refused:
        read_mixes(text)
    assert str(refused.value) == says


def test_an_axis_without_a_mix_is_named() -> None:
    """Its sizes would have no share."""
    with pytest.raises(UsageError, match="--mix says nothing of the axis 'b'"):
        weights_of(["a=1:1"], ["a=1,2", "b=3"])
