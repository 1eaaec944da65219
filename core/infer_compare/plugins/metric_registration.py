"""Checks of metrics that plugins register."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from infer_compare.foreign import one_line, repr_of
from infer_compare.interfaces import Metric, MetricInfo
from infer_compare.plugins.registration import LONGEST_NAME, LONGEST_TEXT, Unfit, text_field

if TYPE_CHECKING:
    from collections.abc import Collection

_NAME = re.compile(r"[a-z][a-z0-9_]*")
"""Names of columns begin with it."""
LONGEST_UNIT = 12


def read_metric(candidate: object, taken: Collection[str]) -> Metric:
    """Return a registered metric after checks; to be called within `guarded`.

    Raises:
        Unfit: it is not a `Metric` that can be measured and shown, or its name is taken.
    """
    if not isinstance(candidate, Metric):
        raise Unfit(f"{repr_of(candidate)} is not an infer_compare.backends.Metric")
    name, meter = candidate.name, candidate.meter
    if type(name) is not str or len(name) > LONGEST_NAME or _NAME.fullmatch(name) is None:
        raise Unfit(f"a metric's name may only contain lower-case letters, digits and _, not {repr_of(name)}")
    if name in taken:
        raise Unfit(f"the metric {name} is already there; it needs another name")
    if not callable(meter):
        raise Unfit(f"`meter` of the metric {name} must be a function, not {repr_of(meter)}")
    unit = text_field(candidate.unit, f"`unit` of the metric {name}")
    if not unit or len(unit) > LONGEST_UNIT:
        raise Unfit(f"`unit` of the metric {name} must have 1 to {LONGEST_UNIT} characters, not {repr_of(unit)}")
    text = text_field(candidate.description, f"`description` of the metric {name}")
    values = {field: getattr(candidate, field) for field in ("per", "combine", "better")}
    try:
        info = msgspec.convert({**values, "name": name, "unit": unit, "description": text}, MetricInfo)
    except msgspec.ValidationError as error:
        raise Unfit(f"the metric {name} does not fit: {one_line(str(error), LONGEST_TEXT)}") from None
    return Metric(**msgspec.structs.asdict(info), meter=meter)
