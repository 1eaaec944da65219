"""`--config`: a TOML file with the options of a run, or a stored run that is to be repeated."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

from infer_compare.api.options import RunOptions, check_integers, options_from, stored_options
from infer_compare.errors import UsageError
from infer_compare.files import open_regular
from infer_compare.paths import is_folder
from infer_compare.store import load

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.results import Run

SINGULAR = {
    "contender": "contenders",
    "input": "inputs",
    "report": "reports",
    "backend": "backends",
    "pythons": "python",
    "layouts": "layout",
}
"""Options whose key in a file is another form of the flag's name."""
ELSEWHERE = {
    "quick": 'write mode = "quick"',
    "thorough": 'write mode = "thorough"',
    "no_convert": "write convert = false",
}
"""Flags that are values of a key."""
NOT_IN_FILES = frozenset({"output", "resume", "config", "clear_cache", "dry_run", "json", "quiet", "verbose", "debug"})
"""Flags that say where one run goes and how it is told, and not what is run."""
WITH_UNITS = {
    "budget": '"5m"',
    "latency_bound": '"20ms"',
    "timeout": '"60s"',
    "max_memory": '"4GiB"',
    "max_device_memory": '"4GiB"',
}
"""Keys whose values need a unit, as on the command line, with an example."""


LARGEST = 1 << 20
"""Bytes of a file of options."""
MOST_DOTS = 200


class Config(NamedTuple):
    """What a file says."""

    options: RunOptions
    run: Run | None = None
    """The stored run, where the file is one."""


def read_config(path: Path) -> Config:
    """The options in a file.

    Args:
        path: of a TOML file, of a `run.jsonl`, or of a run folder.

    Raises:
        UsageError: it cannot be read, is no TOML, or has an unknown key or a value that does not fit.
        StoreError: it is to be a run and is none.
    """
    if path.suffix == ".jsonl" or is_folder(path):
        run = load(path)
        return Config(stored_options(run.header), run)
    try:
        with open_regular(path, limit=LARGEST) as file:
            text = file.read().decode()
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}; name a TOML file or the run.jsonl of a stored run.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({getattr(error, 'strerror', '') or 'it is no text'}).") from error
    try:
        _check_keys(text)
        found = tomllib.loads(text)
    except RecursionError as error:
        raise UsageError(f"{path} nests lists or tables too deeply; no option has more than three levels.") from error
    except ValueError as error:  # also a number of thousands of digits
        reason = str(error).partition(";")[0].rstrip(".")
        raise UsageError(f"{path} is not TOML: {reason}.") from error
    check_integers(found, str(path))
    return Config(options_from(_keys(found, str(path)), str(path)))


def _check_keys(text: str) -> None:
    """Raise `ValueError` for a key of very many parts, for which the parser takes time with the square of their number."""
    for number, line in enumerate(text.splitlines(), 1):
        if any(part.count(".") > MOST_DOTS for part in line.split("=")):
            raise ValueError(f"line {number} has more than {MOST_DOTS} dots, and no key has so many parts")


def _keys(found: dict[str, Any], where: str) -> dict[str, Any]:
    """The options by the names that they have in Python, with what files alone refuse refused."""
    options: dict[str, Any] = {}
    for written, value in found.items():
        key = written.replace("-", "_")
        if key in NOT_IN_FILES:
            flag = key.replace("_", "-")
            raise UsageError(f"{where}: {written!r} is not what a run is asked for; give --{flag} on the command line.")
        if key in ELSEWHERE:
            raise UsageError(f"{where}: there is no key {written!r}; {ELSEWHERE[key]}.")
        key = SINGULAR.get(key, key)
        if key in options:
            raise UsageError(f"{where}: {key!r} is given twice; write it once.")
        if key in WITH_UNITS and isinstance(value, int | float):
            raise UsageError(f"{where}: {written} = {value} has no unit; write for example {WITH_UNITS[key]}.")
        options[key] = value
    return options
