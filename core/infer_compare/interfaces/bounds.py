"""Numeric types with bounds, checked when a message or a stored record is decoded.

They reject only values that no run can produce, such as a negative duration. NaN and infinity are outside the bounds of
every float type.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

CENTURY_NS = 3 * 10**18
"""No duration is longer; sums of a run's durations stay exact in double precision's range."""

Nanoseconds = Annotated[int, Meta(ge=0, le=CENTURY_NS)]
"""A duration that may be zero, in nanoseconds."""
Duration = Annotated[int, Meta(ge=1, le=CENTURY_NS)]
"""A positive duration, in nanoseconds; figures are divided by it."""
Moment = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""The machine's monotonic clock, in nanoseconds."""
Bytes = Annotated[int, Meta(ge=0, le=2**60)]
Count = Annotated[int, Meta(ge=0, le=2**62)]
Number = Annotated[int, Meta(ge=1, le=2**62)]
"""A count of at least one."""
Part = Annotated[float, Meta(ge=0, le=2.0**62)]
"""A count that may have a fractional part."""
Size = Annotated[int, Meta(ge=1, le=2**62)]
"""The size of a batch or of another axis."""
Share = Annotated[float, Meta(ge=0, le=1e6)]
"""A share of a core or of time; above 1 for several cores."""
Seconds = Annotated[float, Meta(ge=0, le=1e10)]
Quantity = Annotated[float, Meta(ge=0, le=1.7976931348623157e308)]
"""Any finite number that is not negative."""
Finite = Annotated[float, Meta(ge=-1.7976931348623157e308, le=1.7976931348623157e308)]
"""Any finite number."""
