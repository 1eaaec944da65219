"""Parameter types: durations and sizes, whose units must be said."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import click


class _Unit(click.ParamType[Any]):
    units: ClassVar[dict[str, float]]
    example: ClassVar[str]

    def number(self, value: str) -> float:
        """The value in the base unit; fails with a sentence."""
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([A-Za-z]*)\s*", value)
        if match is None:
            self.fail(f"{value!r} is not a {self.name}; write for example {self.example}.")
        if not match[2]:
            self.fail(f"{value!r} has no unit; write for example {self.example}.")
        if match[2] not in self.units:
            self.fail(f"{match[2]!r} is not a unit of {self.name}; use one of {', '.join(self.units)}.")
        number = float(match[1]) * self.units[match[2]]
        if number <= 0:
            self.fail(f"{value!r} must be more than nothing.")
        return number


class Duration(_Unit):
    """Seconds, from texts such as `20ms`, `90s`, `5m`."""

    name = "duration"
    units: ClassVar[dict[str, float]] = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
    example = "20ms or 60s"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401, ARG002 - click's signature
        """Seconds."""
        return value if isinstance(value, float) else self.number(str(value))


class Size(_Unit):
    """Bytes, from texts such as `1500MiB` or `4GB`."""

    name = "size"
    units: ClassVar[dict[str, float]] = {
        "B": 1,
        "kB": 1e3,
        "KB": 1e3,
        "KiB": 2**10,
        "MB": 1e6,
        "MiB": 2**20,
        "GB": 1e9,
        "GiB": 2**30,
        "TB": 1e12,
        "TiB": 2**40,
    }
    example = "1500MiB or 4GiB"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401, ARG002 - click's signature
        """Bytes."""
        return value if isinstance(value, int) else round(self.number(str(value)))


DURATION = Duration()
SIZE = Size()
