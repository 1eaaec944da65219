"""What a figure can be: types that a message or a stored record is checked against when it is decoded.

They refuse what no run can come to, such as a negative duration, and nothing that one can. NaN and infinity lie outside
every bound of a float.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

CENTURY_NS = 3 * 10**18
"""No duration is longer; sums of a run's durations stay exact in double precision's range."""

Nanoseconds = Annotated[int, Meta(ge=0, le=CENTURY_NS)]
"""A duration that may be nothing."""
Duration = Annotated[int, Meta(ge=1, le=CENTURY_NS)]
"""A duration that figures are divided by."""
Moment = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""The machine's monotonic clock, in nanoseconds."""
Bytes = Annotated[int, Meta(ge=0, le=2**60)]
Count = Annotated[int, Meta(ge=0, le=2**62)]
Number = Annotated[int, Meta(ge=1, le=2**62)]
"""A count of at least one."""
Part = Annotated[float, Meta(ge=0, le=2.0**62)]
"""A count whose last one may be a part of one."""
Size = Annotated[int, Meta(ge=1, le=2**62)]
"""Of a batch or of another axis."""
Share = Annotated[float, Meta(ge=0, le=1e6)]
"""Of a core, or of time: above 1 for several cores."""
Seconds = Annotated[float, Meta(ge=0, le=1e10)]
Quantity = Annotated[float, Meta(ge=0, le=1.7976931348623157e308)]
"""Any finite number that is not negative."""
Finite = Annotated[float, Meta(ge=-1.7976931348623157e308, le=1.7976931348623157e308)]
"""Any finite number."""
