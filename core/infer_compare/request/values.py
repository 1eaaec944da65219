"""Converting the values that users give for options to the types of `RunOptions`.

The functions here return a value of any other form as it is; it is refused later by its type.
"""

from __future__ import annotations

import math

import msgspec

from infer_compare.errors import UsageError
from infer_compare.request.counts import parse_instances, parse_threads
from infer_compare.request.sizes import parse_batch_sizes
from infer_compare.request.units import checked_duration, checked_size, parse_duration, parse_share, parse_size


def names(value: object) -> object:
    """Split a text of names at its commas."""
    return value.split(",") if isinstance(value, str) else value


def precisions(value: object) -> object:
    """Return the names of precisions, each once, from a comma-separated text or a list."""
    return _each_once(value, "--precisions", "float32,bfloat16")


def metrics(value: object) -> object:
    """Return the names of metrics, each once, from a comma-separated text or a list."""
    return _each_once(value, "--metrics", "energy")


def _each_once(value: object, option: str, example: str) -> object:
    several = names(value)
    if not isinstance(several, (list, tuple)) or not all(isinstance(name, str) for name in several):
        return value
    stripped = [name.strip() for name in several]
    if not all(stripped):
        raise UsageError(f"{option}: a name is empty; write for example {example}.")
    return [*dict.fromkeys(stripped)]


def batch_sizes(value: object) -> object:
    """Return batch sizes in ascending order, or None for `auto`, from a text, a size or a list."""
    if isinstance(value, str):
        return parse_batch_sizes(value)
    sizes = [value] if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(sizes, (list, tuple)) and sizes and all(isinstance(size, int) and size > 0 for size in sizes):
        return parse_batch_sizes(",".join(map(str, sizes)))
    return sizes


def threads(value: object) -> object:
    """Return a number of threads, or a tuple of several in their order, from a text, a number or a list."""
    several = [*value] if isinstance(value, (list, tuple)) else None
    if several and all(_is_whole(item) for item in several):
        return parse_threads(",".join(map(str, several)))
    return parse_threads(value) if isinstance(value, str) else value


def instances(value: object) -> object:
    """Return numbers of instances and `auto` in their order, from a text, a number or a list."""
    several = [*value] if isinstance(value, (list, tuple)) else [value]
    if several and all(_is_whole(item) or isinstance(item, str) for item in several):
        return parse_instances(",".join(map(str, several)))
    return value


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def seconds(value: object) -> object:
    """Return seconds from a text with a unit, or from a number of seconds."""
    if isinstance(value, str):
        return parse_duration(value)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    if not 0 < value < math.inf:
        raise UsageError(
            f"A duration of {value:g} s is not possible; give seconds above zero, or a text such as '20ms'."
        )
    return checked_duration(float(value), f"{value:g} s")


def size(value: object) -> object:
    """Return bytes from a text with a unit, or from a number of bytes."""
    if isinstance(value, str):
        return parse_size(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    if value <= 0:
        raise UsageError(f"A size of {value} bytes is not possible; give bytes above zero, or a text such as '4GiB'.")
    checked_size(value, f"{value} B")
    return value


def share(value: object) -> object:
    """Return a share between 0 and 1 from a percentage; a number is returned as it is."""
    return parse_share(value) if isinstance(value, str) else value


def maps(value: object) -> object:
    """Return texts of the form `OWNER:OWN=RUN`, from such texts or from a table by owner."""
    if not isinstance(value, dict):
        return value
    tables = msgspec.convert(value, dict[str, dict[str, str]])
    return [f"{owner}:{own}={run}" for owner, pairs in tables.items() for own, run in pairs.items()]
