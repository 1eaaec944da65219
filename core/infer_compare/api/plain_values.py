"""Converts the Python values that `sweep` and `tune` accept to those of a configuration file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from infer_compare.errors import UsageError
from infer_compare.request import values
from infer_compare.request.options import declared
from infer_compare.request.units import duration_s


def plain(name: str, value: Any, where: str) -> Any:  # noqa: ANN401 - any of what can be asked for
    """Return a value as lists, dictionaries, texts and numbers; a duration becomes seconds, a single text of `inputs` a list."""
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
        # `item` turns numpy scalars into Python numbers.
        return value.item() if hasattr(value, "item") else value
    return [_of_python(part) for part in value]
