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
"""Prefixes of the variables of libraries that several frameworks use, and of the allocator."""
NAMES = frozenset({"LD_PRELOAD", "GLIBC_TUNABLES", "NVIDIA_TF32_OVERRIDE", "NVIDIA_VISIBLE_DEVICES"})
FOREIGN_PREFIXES = ("TF_VAR_", "TF_TOKEN_", "TF_CLI_")
"""Prefixes of Terraform's variables, which begin like TensorFlow's and contain secrets."""
SECRETS = ("TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "API_KEY")
"""Variables with these words in their names are never put in a report, which may be passed on."""


def relevant(environ: Mapping[str, str], prefixes: Iterable[str] = ()) -> dict[str, str]:
    r"""Return the variables, by name, that a report shows; bytes that are not UTF-8 are written as `\xff`.

    Args:
        environ: all variables.
        prefixes: prefixes of the variables that change how the backends' frameworks run.
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
    """Return a string that can be stored: bytes that are not UTF-8 are escaped."""
    return os.fsencode(word).decode(errors="backslashreplace")
