"""The launcher `ray`, which runs each job of a fleet as an actor of a Ray cluster.

Importing this package does not load Ray; only the process that `RayLauncher` starts does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare_ray.launcher import RayLauncher


@hookimpl
def infer_compare_launchers() -> Sequence[type[RayLauncher]]:
    """Register the launcher."""
    from infer_compare_ray.launcher import RayLauncher

    return [RayLauncher]
