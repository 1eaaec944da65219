"""Checks of converters that plugins register."""

from __future__ import annotations

import msgspec

from infer_compare.foreign import one_line, repr_of
from infer_compare.interfaces import Converter
from infer_compare.plugins.registration import LONGEST_TEXT, Unfit, can_be_typed, text_field

_CHECKED = ("source", "target", "cost", "backend", "requires", "install_hint", "options", "imports", "suffixes")


def read_converter(candidate: object) -> Converter:
    """Return a registered converter after checks; to be called within `guarded`.

    Raises:
        Unfit: it is not a usable `Converter`.
    """
    if not isinstance(candidate, Converter):
        raise Unfit(f"{repr_of(candidate)} is not an infer_compare.backends.Converter")
    convert, values = candidate.convert, {field: getattr(candidate, field) for field in _CHECKED}
    for field in ("source", "target"):
        if not can_be_typed(values[field]):
            raise Unfit(
                f"`{field}` of a converter may only contain letters, digits and _ . + -, not {repr_of(values[field])}"
            )
    what = f"the converter from {values['source']} to {values['target']}"
    if not callable(convert):
        raise Unfit(f"`convert` of {what} must be a function, not {repr_of(convert)}")
    values["install_hint"] = text_field(values["install_hint"], f"`install_hint` of {what}")
    try:
        checked = msgspec.convert({**values, "convert": None}, _Edge)
    except msgspec.ValidationError as error:
        raise Unfit(f"{what} does not fit: {one_line(str(error), LONGEST_TEXT)}") from None
    # The cheapest path is undefined with infinite or negative costs.
    if not 0 <= checked.cost < float("inf"):
        raise Unfit(f"`cost` of {what} must be a number of 0 or more, not {checked.cost}")
    return Converter(convert=convert, **{field: getattr(checked, field) for field in _CHECKED})


class _Edge(msgspec.Struct):
    """The fields of a converter that are checked by their types."""

    source: str
    target: str
    cost: float
    backend: str
    requires: tuple[str, ...]
    install_hint: str
    options: dict[str, str]
    imports: bool
    suffixes: tuple[str, ...]
