"""Values of Python as those of a file: what `sweep` and `tune` are called with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from infer_compare.errors import UsageError
from infer_compare.request import values
from infer_compare.request.options import declared
from infer_compare.request.units import duration_s


def plain(name: str, value: Any, where: str) -> Any:  # noqa: ANN401 - any of what can be asked for
    """Tuples and arrays as lists, tables as dictionaries, paths as texts, durations as seconds; one text for one input."""
    made = _of_python(value)
    option = declared().get(name)
    if made is not None and option is not None and option.option.read is values.seconds:
        try:
            return duration_s(made)
        except UsageError as error:
            raise UsageError(f"{where}: {name}: {error}") from None
    return [made] if name == "inputs" and isinstance(made, str) else made


def _of_python(value: Any) -> Any:  # noqa: ANN401 - any of what can be asked for
    if isinstance(value, Mapping):
        return {str(key): _of_python(part) for key, part in value.items()}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, str) or not isinstance(value, Iterable):
        # A number of numpy is made one of Python.
        return value.item() if hasattr(value, "item") else value
    return [_of_python(part) for part in value]
