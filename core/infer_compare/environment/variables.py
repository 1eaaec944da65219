"""Environment variables that change how frameworks run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PREFIXES = (
    "OMP_",
    "GOMP_",
    "KMP_",
    "MKL_",
    "OPENBLAS_",
    "ONEDNN_",
    "DNNL_",
    "CUDA_",
    "CUDNN_",
    "MALLOC_",
)
"""Of the libraries that several frameworks compute with, and of the allocator."""
NAMES = frozenset({"LD_PRELOAD", "GLIBC_TUNABLES", "NVIDIA_TF32_OVERRIDE", "NVIDIA_VISIBLE_DEVICES"})
FOREIGN_PREFIXES = ("TF_VAR_", "TF_TOKEN_", "TF_CLI_")
"""Of a program whose variables begin like a framework's and hold secrets."""
SECRETS = ("TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "API_KEY")
"""Reports are passed on: what is called so never gets into one."""


def relevant(environ: Mapping[str, str], prefixes: Iterable[str] = ()) -> dict[str, str]:
    r"""Return the variables that a report should show, by name; bytes that are not UTF-8 are written as `\xff`.

    Args:
        environ: all variables.
        prefixes: beginnings of the names of those that change how the backends' frameworks run.
    """
    shown = (*PREFIXES, *prefixes)
    return {
        _text(name): _text(value)
        for name, value in sorted(environ.items())
        if (name in NAMES or name.startswith(shown))
        and not name.startswith(FOREIGN_PREFIXES)
        and not any(word in name.upper() for word in SECRETS)
    }


def _text(word: str) -> str:
    """Return the word in a form that can be stored: bytes that are no text are escaped."""
    return os.fsencode(word).decode(errors="backslashreplace")
