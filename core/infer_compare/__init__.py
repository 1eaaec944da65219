"""Measures one model under several inference frameworks, and finds the fastest configuration on this machine.

Scripts and notebooks call `sweep`, `tune`, `load`, `load_runs` and `compare`. Plugins import from `infer_compare.backends`,
`infer_compare.reports` and `infer_compare.testing`. Importing this package imports no framework and no numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import InferCompareError, NoUsableBackend, StoreError, UsageError
from infer_compare.interfaces import ModelSpec, hookimpl
from infer_compare.lazy import lazily
from infer_compare.version import __version__

if TYPE_CHECKING:
    from infer_compare.api.capacity import CapacityAnswer
    from infer_compare.api.comparison import Comparison, compare
    from infer_compare.api.interactive import load, sweep, tune
    from infer_compare.api.result import Result
    from infer_compare.api.rows import LimitRow, PointRow
    from infer_compare.api.runs import Runs, load_runs
    from infer_compare.phases.events import Observer

__all__ = [
    "CapacityAnswer",
    "Comparison",
    "InferCompareError",
    "LimitRow",
    "ModelSpec",
    "NoUsableBackend",
    "Observer",
    "PointRow",
    "Result",
    "Runs",
    "StoreError",
    "UsageError",
    "__version__",
    "compare",
    "hookimpl",
    "load",
    "load_runs",
    "sweep",
    "tune",
]

_lazy = lazily(
    __name__,
    {
        "CapacityAnswer": "infer_compare.api.capacity",
        "Comparison": "infer_compare.api.comparison",
        "LimitRow": "infer_compare.api.rows",
        "Observer": "infer_compare.phases.events",
        "PointRow": "infer_compare.api.rows",
        "Result": "infer_compare.api.result",
        "Runs": "infer_compare.api.runs",
        "compare": "infer_compare.api.comparison",
        "load": "infer_compare.api.interactive",
        "load_runs": "infer_compare.api.runs",
        "sweep": "infer_compare.api.interactive",
        "tune": "infer_compare.api.interactive",
    },
)


def __getattr__(name: str) -> object:
    """Import a public name when it is first used.

    Raises:
        ImportError: the name was here in version 1 of the plugin interface and has moved.
    """
    if name[:1].isupper() and name not in __all__:
        from infer_compare import backends

        # Not an AttributeError: `from infer_compare import Backend` would replace its text.
        if name in backends.__all__:
            raise ImportError(
                f"infer_compare.{name} has moved to infer_compare.backends.{name} with version 2 of the plugin "
                "interface; install a release of the plugin that was written for it"
            )
    return _lazy(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
