"""Parameter types: durations and sizes, whose units must be said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Number = TypeVar("Number", int, float)


class Duration(click.ParamType[Any]):
    """Seconds, from texts such as `20ms`, `90s`, `5m`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """Seconds."""
        from infer_compare.planner.units import parse_duration

        return value if isinstance(value, float) else _parsed(self, parse_duration, value, param, ctx)


class Size(click.ParamType[Any]):
    """Bytes, from texts such as `1500MiB` or `4GB`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - click's signature
        """Bytes."""
        from infer_compare.planner.units import parse_size

        return value if isinstance(value, int) else _parsed(self, parse_size, value, param, ctx)


def _parsed(
    kind: click.ParamType[Any],
    parse: Callable[[str], Number],
    value: object,
    param: click.Parameter | None,
    context: click.Context | None,
) -> Number:
    """The number; a text that is none is told as click tells it, with the option's name."""
    from infer_compare.errors import UsageError

    try:
        return parse(str(value))
    except UsageError as error:
        kind.fail(str(error), param, context)


DURATION = Duration()
SIZE = Size()
