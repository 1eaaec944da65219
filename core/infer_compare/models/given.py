"""Parses the text of `--input`: `name:f32[batch,3,224,224]=normal(0,1)`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infer_compare.errors import InputError
from infer_compare.interfaces import TensorSpec
from infer_compare.limits import LARGEST_AXIS, MOST_AXES, whole_number
from infer_compare.models.fill_text import parse_fill
from infer_compare.models.fills import DTYPES, SHORT
from infer_compare.models.specs import BATCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.models.fills import Fill

_TEXT = re.compile(r"(?P<head>[^\[=]+)(?:\[(?P<shape>[^\]]*)\])?(?:=(?P<fill>.+))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class GivenInput:
    """A parsed `--input`; omitted parts are None."""

    name: str
    dtype: str | None = None
    shape: tuple[int | str, ...] | None = None
    fill: Fill | None = None


def parse_input(text: str) -> GivenInput:
    """Parse `name:f32[batch,3,224,224]=normal(0,1)`, where all parts but the name are optional.

    Raises:
        InputError: the text has another form, or its dtype, shape or fill is invalid.
    """
    match = _TEXT.fullmatch(text.strip())
    if match is None:
        raise InputError(
            f"--input {text!r} is not in the form name:dtype[shape]=fill; write for example name:f32[batch,3,224,224]=normal(0,1)."
        )
    name, dtype = _name_and_dtype(match["head"].strip(), text)
    return GivenInput(
        name=name,
        dtype=dtype,
        shape=None if match["shape"] is None else _shape(match["shape"], text),
        fill=None if match["fill"] is None else parse_fill(match["fill"]),
    )


def chosen_axes(texts: Sequence[str]) -> dict[str, int | None]:
    """Return the batch axis of each input whose shape was given; None for an input without a batch axis.

    Raises:
        InputError: a text cannot be parsed.
    """
    said = ((spec.name, spec.shape) for spec in map(parse_input, texts) if spec.shape is not None)
    return {name: shape.index(BATCH) if BATCH in shape else None for name, shape in said}


def declared(texts: Sequence[str]) -> tuple[tuple[TensorSpec, ...], dict[str, str]]:
    """Return the fully described inputs, for a model that does not describe its inputs itself.

    Args:
        texts: in the form of `--input`, in the order in which the model takes the inputs.

    Returns:
        Their names, dtypes and shapes; and the given fills by name.

    Raises:
        InputError: a text cannot be parsed, or omits the dtype or the shape.
    """
    specs: list[TensorSpec] = []
    fills: dict[str, str] = {}
    for spec in map(parse_input, texts):
        if spec.dtype is None or spec.shape is None:
            raise InputError(
                f"The dtype or shape of the input {spec.name!r} is not known; write for example "
                f"--input '{spec.name}:f32[batch,3,224,224]'."
            )
        specs.append(TensorSpec(spec.name, spec.dtype, spec.shape))
        if spec.fill is not None:
            fills[spec.name] = str(spec.fill)
    return tuple(specs), fills


def _name_and_dtype(head: str, text: str) -> tuple[str, str | None]:
    name, colon, dtype = head.rpartition(":")
    # A number after a colon belongs to the name, as in TensorFlow: `input:0`.
    if not colon or dtype.isdecimal():
        return head, None
    if not name:
        raise InputError(f"--input {text!r} names no input; write for example name:f32[batch,3,224,224]=normal(0,1).")
    if dtype not in DTYPES and dtype not in SHORT:
        raise InputError(f"--input {text!r} has an unknown dtype {dtype!r}; the dtypes are {', '.join(DTYPES)}.")
    return name, DTYPES.get(dtype, dtype)


def _shape(text: str, whole: str) -> tuple[int | str, ...]:
    sizes: list[int | str] = []
    for word in (part.strip() for part in text.split(",") if text.strip()):
        if word.isidentifier():
            sizes.append(word)
            continue
        try:
            sizes.append(whole_number(word, 0, LARGEST_AXIS))
        except ValueError:
            raise InputError(
                f"--input {whole!r} has the size {word!r}; a size is a number up to {LARGEST_AXIS}, or batch."
            ) from None
    if len(sizes) > MOST_AXES:
        raise InputError(f"--input {whole!r} has {len(sizes)} axes; at most {MOST_AXES} are supported.")
    if sizes.count(BATCH) > 1:
        raise InputError(f"--input {whole!r} has two batch axes; give one of them a size.")
    return tuple(sizes)
