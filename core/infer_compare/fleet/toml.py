"""Writing options of a run as TOML, for the machine that runs them."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from infer_compare.request import values
from infer_compare.request.contenders import ContenderRequest
from infer_compare.request.options import declared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.request.reading import Given

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def as_written(given: Given) -> dict[str, Any]:
    """Return parsed options in the form in which a user writes them in a file: with units, and contenders as texts."""
    known = declared()
    return {name: _with_unit(value, known[name].option.read) for name, value in given.items() if value is not None}


def _with_unit(value: Any, read: object) -> Any:  # noqa: ANN401 - of any option
    if read is values.seconds:
        return f"{_plain(value)}s"
    if read is values.size:
        return f"{value}B"
    if read is values.share:
        return f"{_plain(100 * Decimal(repr(value)))}%"
    if isinstance(value, list | tuple):
        return [str(part) if isinstance(part, ContenderRequest) else part for part in value]
    return value


def _plain(number: float | Decimal) -> str:
    return format(Decimal(str(number)), "f")


def written(table: Mapping[str, Any]) -> str:
    """Return a table as TOML, with each key on a line; values may be texts, numbers, lists and tables."""
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in table.items())


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            # A JSON string is a TOML string, except that JSON does not escape U+007F.
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{{', '.join(f'{_key(key)} = {_value(part)}' for key, part in value.items())}}}"
        case _:
            return str(value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)
