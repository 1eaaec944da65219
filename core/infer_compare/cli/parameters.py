"""Parameter types of click: durations and sizes, which need a unit, and numbers within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from infer_compare.limits import (
    MOST_THREADS,
    finite_number,
    whole_number,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Number = TypeVar("Number", int, float)


class WholeNumber(click.ParamType[Any]):
    """A whole number in plain digits, within limits."""

    name = "integer"

    def __init__(self, least: int, most: int) -> None:
        """Keep the limits, both of which are allowed."""
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's signature
        """Return the number."""
        try:
            return whole_number(str(value), self.least, self.most)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class FiniteNumber(click.ParamType[Any]):
    """A finite number within limits."""

    name = "float"

    def __init__(self, least: float, most: float) -> None:
        """Keep the limits, both of which are allowed."""
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """Return the number."""
        try:
            return finite_number(str(value), self.least, self.most)
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


class Duration(click.ParamType[Any]):
    """Seconds, from texts such as `20ms`, `90s`, `5m`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """Return the seconds."""
        from infer_compare.request.units import parse_duration

        return value if isinstance(value, float) else _parsed(self, parse_duration, value, param, ctx)


class Size(click.ParamType[Any]):
    """Bytes, from texts such as `1500MiB` or `4GB`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's signature
        """Return the bytes."""
        from infer_compare.request.units import parse_size

        return value if isinstance(value, int) else _parsed(self, parse_size, value, param, ctx)


class Share(click.ParamType[Any]):
    """A share between 0 and 1, from texts such as `5%` or `2.5 %`."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """Return the share, between 0 and 1."""
        from infer_compare.request.units import parse_share

        return value if isinstance(value, float) else _parsed(self, parse_share, value, param, ctx)


class Rate(click.ParamType[Any]):
    """A rate per second, from texts such as `200/s`, `200`, `12k/min`."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """Return the rate a second."""
        from infer_compare.request.units import parse_rate

        return value if isinstance(value, float) else _parsed(self, parse_rate, value, param, ctx)


class Delay(Duration):
    """Seconds, from a text such as `2ms`; also `0`, for no delay."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """Return the seconds."""
        from infer_compare.request.units import parse_delay

        return value if isinstance(value, float) else _parsed(self, parse_delay, value, param, ctx)


def _parsed(
    kind: click.ParamType[Any],
    parse: Callable[[str], Number],
    value: object,
    param: click.Parameter | None,
    context: click.Context | None,
) -> Number:
    """Return the parsed value; an invalid text becomes click's error, which names the option."""
    from infer_compare.errors import UsageError

    try:
        return parse(str(value))
    except UsageError as error:
        kind.fail(str(error), param, context)


DURATION = Duration()
SIZE = Size()
SHARE = Share()
RATE = Rate()
DELAY = Delay()
THREADS = WholeNumber(1, MOST_THREADS)
