"""Reads `--config`: a TOML file with the options of a run, or a stored run to repeat."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from infer_compare.errors import UsageError
from infer_compare.files import open_regular
from infer_compare.paths import is_folder
from infer_compare.request.options import declared
from infer_compare.request.reading import Given, check_integers, read_options
from infer_compare.store import load

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.results import Run

NOT_IN_FILES = frozenset(
    {"output", "resume", "config", "clear_cache", "dry_run", "json_progress", "json", "quiet", "verbose", "debug"}
    | {"launcher", "address", "machines"}
)
"""Flags that say where a run is stored and how it is shown; they are not options of the run."""
LARGEST = 1 << 20
"""Largest accepted configuration file, in bytes."""
MOST_DOTS = 200


class Config(NamedTuple):
    """The content of a configuration file."""

    given: Given
    run: Run | None = None
    """The stored run, if the file is one."""


def read_config(path: Path) -> Config:
    """Return the options in a file.

    Args:
        path: of a TOML file, of a `run.jsonl`, or of a run folder.

    Raises:
        UsageError: the file cannot be read, is not TOML, or has an unknown key or an invalid value.
        StoreError: the path names a run file or folder that holds no run.
    """
    if path.suffix == ".jsonl" or is_folder(path):
        run = load(path)
        return Config(msgspec.structs.asdict(run.header.repeated), run)
    table = read_toml(path, "a TOML file or the run.jsonl of a stored run")
    return Config(read_options(option_table(table, str(path)), str(path)))


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """Return the content of a TOML file, whose integers are checked to fit into 64 bits.

    Args:
        path: the file.
        what: what the error suggests to name if there is no such file.

    Raises:
        UsageError: the file cannot be read, is not TOML, or has a number with too many digits.
    """
    try:
        with open_regular(path, limit=LARGEST) as file:
            text = file.read().decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}; name {what}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read ({getattr(error, 'strerror', '') or 'it is not text'}).") from error
    try:
        _check_keys(text)
        table = tomllib.loads(text)
    except RecursionError as error:
        raise UsageError(f"{path} nests lists or tables too deeply; no option has more than three levels.") from error
    except ValueError as error:  # also a number of thousands of digits
        reason = str(error).partition(";")[0].rstrip(".")
        raise UsageError(f"{path} is not TOML: {reason}.") from error
    check_integers(table, str(path))
    return table


def _check_keys(text: str) -> None:
    """Raise `ValueError` for a key of very many parts: the parser's time grows with the square of their number."""
    for number, line in enumerate(text.splitlines(), 1):
        if any(part.count(".") > MOST_DOTS for part in line.split("=")):
            raise ValueError(f"line {number} has more than {MOST_DOTS} dots, and no key has so many parts")


def option_table(table: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the unparsed values of a table by the Python names of the options.

    Raises:
        UsageError: a key is a flag that is not an option of a run, is given twice, or has a number without its unit.
    """
    known = declared()
    # Singular and plural are both accepted, since the flag and the key differ in this.
    several = {name for name, option in known.items() if option.kind in {tuple, dict}}
    elsewhere = _elsewhere()
    options: dict[str, Any] = {}
    for written, value in table.items():
        key = written.replace("-", "_")
        if key in NOT_IN_FILES:
            flag = key.replace("_", "-")
            raise UsageError(f"{where}: {written!r} is not an option of a run; give --{flag} on the command line.")
        if key in elsewhere:
            raise UsageError(f"{where}: there is no key {written!r}; {elsewhere[key]}.")
        key = next((name for name in (f"{key}s", key.removesuffix("s")) if name in several and key not in known), key)
        if key in options:
            raise UsageError(f"{where}: {key!r} is given twice; write it once.")
        example = known[key].option.example if key in known else ""
        if example and isinstance(value, int | float):
            raise UsageError(f'{where}: {written} = {value} has no unit; write for example "{example}".')
        options[key] = value
    return options


def _elsewhere() -> dict[str, str]:
    """Return what to write instead of each flag that is a value of a key."""
    instead: dict[str, str] = {}
    for name, option in declared().items():
        instead |= {choice: f'write {name} = "{choice}"' for choice in option.option.choices}
        if option.kind is bool and option.default:
            instead[option.flags[-1].strip("-").replace("-", "_")] = f"write {name} = false"
    return instead
