"""Imports optional packages, which extras of the distribution install."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.report.words import plain

if TYPE_CHECKING:
    from types import ModuleType


def hint(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install 'infer-compare[{extra}]'"


def needed(module: str, extra: str, what: str) -> ModuleType:
    """Import and return an optional module.

    Args:
        module: its name, which may be dotted.
        extra: the extra of infer-compare that installs it.
        what: the feature that needs it, as the subject of the error's sentence.

    Raises:
        UsageError: the module is not installed, or cannot be imported.
    """
    top = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != top:
            raise UsageError(_broken(what, top, extra, error)) from error
        raise UsageError(f"{what} needs {top}, which is not installed; install it with `{hint(extra)}`.") from error
    except ImportError as error:
        raise UsageError(_broken(what, top, extra, error)) from error


def _broken(what: str, top: str, extra: str, error: ImportError) -> str:
    return (
        f"{what} needs {top}, which is installed and cannot be imported ({plain(str(error))}); "
        f"install it anew with `{hint(extra).replace('install', 'install --force-reinstall', 1)}`."
    )
