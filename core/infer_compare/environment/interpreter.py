"""Questions to another Python interpreter in whose environment a backend is installed."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import UsageError
from infer_compare.foreign import one_line
from infer_compare.paths import is_file
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

DEADLINE_S = 30.0
LONGEST_VERSION = 100

_QUESTION = """
import importlib.util, json, sys
def there(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
try:
    from infer_compare import __version__ as version
except ImportError:
    version = None
print(json.dumps({"version": version, "missing": [one for one in sys.argv[1:] if not there(one)]}))
"""

_VERSIONS = """
import json, sys
from importlib import metadata
def version(name):
    try:
        return metadata.version(name)
    except Exception:
        return None
print(json.dumps({name: text for name in sys.argv[1:] if (text := version(name))}))
"""


class Answer(msgspec.Struct, frozen=True):
    """The answer of an interpreter about its environment."""

    version: str | None
    """Version of infer-compare; None if it is not installed."""
    missing: tuple[str, ...]
    """Requested modules that are not installed."""


def ask(option: str, path: str, modules: Sequence[str]) -> tuple[str, ...]:
    """Return the modules that an interpreter's environment lacks, without importing any of them.

    Args:
        option: the option as typed, for messages.
        path: path of the interpreter.
        modules: names of top-level modules.

    Raises:
        UsageError: there is no such program, it is no Python, or it does not have this version of infer-compare.
    """
    if not is_file(path) or not os.access(path, os.X_OK):
        raise UsageError(f"{option}: there is no program {path}; name a Python interpreter.")
    try:
        done = subprocess.run(
            [path, "-P", "-c", _QUESTION, *modules], capture_output=True, timeout=DEADLINE_S, check=False
        )
        answer = msgspec.json.decode(done.stdout, type=Answer)
    except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError) as error:
        raise UsageError(f"{option}: {path} is not a Python interpreter of version 3.11 or newer.") from error
    if answer.version != __version__:
        has = f"has infer-compare {answer.version}" if answer.version else "has no infer-compare"
        raise UsageError(
            f"{option}: {path} {has}, and this is {__version__}; install the same with "
            f"{path} -m pip install infer-compare=={__version__}."
        )
    return answer.missing


def versions(path: str, names: Sequence[str]) -> dict[str, str]:
    """Return the versions, by name, of distributions that are installed for another interpreter; nothing is imported there.

    Args:
        path: path of an interpreter that `ask` accepted.
        names: names of distributions; those not installed are left out, and all of them if the interpreter fails.
    """
    try:
        done = subprocess.run(
            [path, "-P", "-c", _VERSIONS, *names], capture_output=True, timeout=DEADLINE_S, check=False
        )
        answer = msgspec.json.decode(done.stdout, type=dict[str, str])
    except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError):
        return {}
    return {name: one_line(text, LONGEST_VERSION) for name, text in sorted(answer.items()) if name in names}
