"""Parsing axes besides the batch, such as `seq=16,64,128`, and the shares of their sizes, such as `seq=16:0.5,64:0.5`."""

from __future__ import annotations

import math
import re
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.errors import UsageError
from infer_compare.request.sizes import parse_sizes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BATCH = "batch"
MOST_SETTINGS = 1000
"""The most combinations of sizes; larger numbers are mistakes."""
SUM_TOLERANCE = 0.005
"""Rounding error per share: shares with two digits, such as three times 0.33, are meant to add up to one."""

Setting = tuple[tuple[str, int], ...]
"""A size of each axis besides the batch, in ascending order of their names; empty if there is no other axis."""

AXIS_PATTERN = r"^[A-Za-z_][A-Za-z0-9_.]{0,63}=[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*$"
"""The form in which an axis is stored."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,63}")
_SHARE = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?%?|\.[0-9]{1,18}%?")


class Axis(NamedTuple):
    """An axis and its sizes."""

    name: str
    sizes: tuple[int, ...]
    """Ascending."""

    def __str__(self) -> str:
        """Return the axis as typed after `--axis`."""
        return f"{self.name}={','.join(map(str, self.sizes))}"


class Mix(NamedTuple):
    """The shares of samples with each size of an axis."""

    name: str
    shares: tuple[tuple[int, float], ...]
    """By size, ascending; they add up to one."""


def parse_axis(text: str) -> Axis:
    """Parse an axis, such as `seq=16,64,128` or `seq=16:512:x2`.

    Raises:
        UsageError: the text has another form.
    """
    name, sizes = _name_and_rest(text, "--axis", "seq=16,64,128")
    return Axis(name, parse_sizes(sizes, f"--axis {name}", "size"))


def parse_mix(text: str) -> Mix:
    """Parse a mix, such as `seq=16:0.5,64:0.3,128:0.2`; shares may also be percentages.

    Raises:
        UsageError: the text has another form, or its shares do not add up to one.
    """
    name, rest = _name_and_rest(text, "--mix", "seq=16:0.5,64:0.3,128:0.2")
    shares: dict[int, float] = {}
    for piece in rest.split(","):
        size_text, colon, share_text = piece.strip().partition(":")
        if not colon or _SHARE.fullmatch(share_text.strip()) is None:
            raise UsageError(
                f"--mix {name}: {piece.strip()!r} is not a size with its share; write for example {name}=16:0.5,64:0.5."
            )
        (size,) = parse_sizes(size_text, f"--mix {name}", "size")
        if size in shares:
            raise UsageError(f"--mix {name} names {size} more than once; name each size once.")
        share = share_text.strip()
        shares[size] = float(share.removesuffix("%")) / (100 if share.endswith("%") else 1)
        if not 0 < shares[size] <= 1:
            raise UsageError(f"--mix {name}: {share} is not a share of the samples; give more than 0 and at most 1.")
    total = math.fsum(shares.values())
    if abs(total - 1) > SUM_TOLERANCE * len(shares):
        raise UsageError(f"The shares of --mix {name} add up to {total:g}, not to 1; change one of them.")
    return Mix(name, tuple((size, share / total) for size, share in sorted(shares.items())))


def read_axes(value: object) -> object:
    """Return the axes of an option as texts, in the stored form.

    Args:
        value: a text, several texts, or a table of sizes by name; anything else is returned as it is.

    Raises:
        UsageError: a text is not an axis with its sizes, or an axis is named twice.
    """
    texts = _texts(value, _joined)
    if texts is None:
        return value
    axes = [parse_axis(text) for text in texts]
    _check_once([axis.name for axis in axes], "--axis")
    if math.prod(len(axis.sizes) for axis in axes) > MOST_SETTINGS:
        raise UsageError(f"--axis asks for more than {MOST_SETTINGS} combinations of sizes; name fewer.")
    return [str(axis) for axis in sorted(axes)]


def read_mixes(value: object) -> object:
    """Return the mixes of an option as texts.

    Args:
        value: a text, several texts, or a table by name of shares by size; anything else is returned as it is.

    Raises:
        UsageError: a text is not a mix, or an axis is named twice.
    """
    texts = _texts(value, _paired)
    if texts is None:
        return value
    _check_once([parse_mix(text).name for text in texts], "--mix")
    return [text.strip() for text in texts]


def settings_of(texts: Sequence[str]) -> tuple[Setting, ...]:
    """Return every combination of sizes of some axes in the stored form, ascending; without axes a single empty setting."""
    axes: dict[str, set[int]] = {}
    for text in texts:
        name, _, sizes = text.partition("=")
        axes.setdefault(name, set()).update(map(int, sizes.split(",")))
    return tuple(product(*(tuple((name, size) for size in sorted(axes[name])) for name in sorted(axes))))


def weights_of(mixes: Sequence[str], axes: Sequence[str]) -> Mapping[Setting, float]:
    """Return the share of samples with each combination of sizes; the axes are assumed to be independent.

    Args:
        mixes: as after `--mix`; without mixes the result is empty.
        axes: as after `--axis`.

    Raises:
        UsageError: a mix names an axis or size that is not measured, or an axis has no mix.
    """
    if not mixes:
        return {}
    known = {axis.name: axis.sizes for axis in map(parse_axis, axes)}
    shares = {mix.name: dict(mix.shares) for mix in map(parse_mix, mixes)}
    for name, by_size in shares.items():
        if name not in known:
            raise UsageError(
                f"--mix is of {name!r}, which --axis does not name; add --axis {name}={_joined([*by_size])}."
            )
        if missing := sorted(set(by_size) - set(known[name])):
            raise UsageError(
                f"--mix {name} has a share for {missing[0]}, which --axis {name} does not measure; add it there."
            )
    if lacking := sorted(set(known) - set(shares)):
        raise UsageError(f"--mix says nothing of the axis {lacking[0]!r}; give a share for its sizes too.")
    return {
        setting: share
        for setting in settings_of(axes)
        if (share := math.prod(shares[name].get(size, 0.0) for name, size in setting)) > 0
    }


def _texts(value: object, written: Callable[[object], str]) -> list[str] | None:
    """Return a value as a list of texts: a text, several, or a table whose values `written` turns into text; else None."""
    if isinstance(value, dict):
        value = [f"{name}={entry if isinstance(entry, str) else written(entry)}" for name, entry in value.items()]
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        return None
    return list(texts)


def _name_and_rest(text: str, flag: str, example: str) -> tuple[str, str]:
    name, equals, rest = (part.strip() for part in text.partition("="))
    if not equals or _NAME.fullmatch(name) is None or not rest:
        raise UsageError(f"{flag} {text!r} is not an axis with its sizes; write for example {example}.")
    if name == BATCH:
        raise UsageError(f"{flag} names the batch; its sizes are given with --batch-sizes.")
    return name, rest


def _check_once(names: Sequence[str], flag: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{flag} names the axis {name!r} twice; combine them into one.")


def _joined(sizes: object) -> str:
    return ",".join(map(str, sizes)) if isinstance(sizes, (list, tuple)) else str(sizes)


def _paired(shares: object) -> str:
    return ",".join(f"{size}:{share}" for size, share in shares.items()) if isinstance(shares, dict) else str(shares)
