"""Parses the text of a fill, such as `normal(0,1)` or `@rows.npz`."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare.errors import InputError
from infer_compare.limits import LARGEST_INTEGER, finite_number, whole_number
from infer_compare.models.fills import CONSTANTS, Constant, Fill, FromFile, Normal, RandInt, Uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_CALL = re.compile(r"(?P<name>[a-z]+)\((?P<arguments>[^()]*)\)")


def parse_fill(text: str) -> Fill:
    """Parse a fill.

    Raises:
        InputError: there is no such fill, or its numbers are invalid.
    """
    text = text.strip()
    if text.startswith("@") and len(text) > 1:
        return FromFile(Path(text[1:]))
    if text in CONSTANTS:
        return CONSTANTS[text]
    for number in (_whole, finite_number):
        with contextlib.suppress(ValueError):
            return Constant(number(text))
    call = _CALL.fullmatch(text)
    makers = {"normal": _normal, "uniform": _uniform, "randint": _randint}
    if call is None or call["name"] not in makers:
        raise InputError(
            f"{text!r} is not a fill; write normal(0,1), uniform(0,1), randint(0,10), zeros, "
            "ones, a number or @file.npz."
        )
    arguments = [argument.strip() for argument in call["arguments"].split(",")]
    if len(arguments) != 2:
        raise InputError(f"{text!r} needs two numbers, as in {call['name']}(0,1).")
    try:
        return makers[call["name"]](*arguments)
    except ValueError as error:
        kind = "whole numbers of at most 64 bits" if call["name"] == "randint" else "finite numbers"
        raise InputError(f"{text!r} needs two {kind}, as in {call['name']}(0,10).") from error


def _whole(text: str) -> int:
    return whole_number(text, -LARGEST_INTEGER - 1, 2**64 - 1)


def _normal(mean: str, deviation: str) -> Fill:
    return Normal(finite_number(mean), finite_number(deviation))


def _uniform(low: str, high: str) -> Fill:
    return Uniform(finite_number(low), finite_number(high))


def _randint(low: str, high: str) -> Fill:
    return RandInt(whole_number(low, -LARGEST_INTEGER - 1, 2**64), whole_number(high, -LARGEST_INTEGER, 2**64))
