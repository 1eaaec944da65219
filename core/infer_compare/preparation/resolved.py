"""A plan with everything that running it needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import msgspec

from infer_compare.environment.preflight import warnings

if TYPE_CHECKING:
    from infer_compare.environment.conditions import Conditions
    from infer_compare.interfaces import Metric
    from infer_compare.models.input_plan import InputPlan
    from infer_compare.plugins import Plugins
    from infer_compare.preparation.route import Route
    from infer_compare.results import Header, Unusable
    from infer_compare.worker.settings import WorkerSettings


@dataclass(frozen=True, slots=True)
class Resolved:
    """A plan with everything that running it needs."""

    header: Header
    routes: dict[str, Route]
    """The contenders that can be started, by label."""
    unusable: tuple[Unusable, ...]
    """The contenders that cannot be started, and why."""
    evaluator: Route | None
    inputs: tuple[InputPlan, ...]
    settings: WorkerSettings
    metrics: tuple[Metric, ...] = ()
    """Additional metrics to measure around slices."""
    warnings: tuple[str, ...] = ()
    """Sentences about changes to the model and the data."""
    remarks: tuple[tuple[str, str], ...] = ()
    """Other facts about the plan for the user: pairs of topic and clause."""

    def in_environment(self, **changes: Any) -> Self:  # noqa: ANN401 - fields of any type
        """Return the plan with changed fields of its environment."""
        environment = msgspec.structs.replace(self.header.environment, **changes)
        return replace(self, header=msgspec.structs.replace(self.header, environment=environment))


def advised(resolved: Resolved, plugins: Plugins, conditions: Conditions) -> Resolved:
    """Return the plan with warnings about conditions that will disturb its measurements.

    Args:
        resolved: the plan.
        plugins: the installed plugins.
        conditions: the present conditions of this machine.
    """
    header = resolved.header
    environment = msgspec.structs.replace(header.environment, packages=header.packages)
    advice = warnings(environment, conditions, header.plan.threads, plugins.distributions)
    return resolved.in_environment(warnings=tuple(map(str, advice)))
