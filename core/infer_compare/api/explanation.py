"""How a model reaches each framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import ModelError
from infer_compare.interfaces import Provenance
from infer_compare.plugins import Plugins
from infer_compare.preparation.model_worker import ModelWorker
from infer_compare.preparation.resolve import resolve
from infer_compare.results import ModelInfo
from infer_compare.scratch import Scratch
from infer_compare.worker.supervisor import removed_if_killed

if TYPE_CHECKING:
    from infer_compare.preparation.route import Route
    from infer_compare.request.options import RunOptions


class ConversionPath(msgspec.Struct, frozen=True):
    """How a model reaches one contender, or why it does not."""

    contender: str
    chain: tuple[str, ...] = ()
    """The formats on the way; empty where there is none."""
    provenance: Provenance | None = None
    cost: float = 0.0
    """1 for each conversion and for an import, unless a converter says otherwise; the cheapest way is taken."""
    missing: str = ""
    """Why the model does not reach the contender: what is not installed, or the operators that the backend lacks."""
    loaded: bool = False
    """Whether the backend loaded the model. One that must be converted first was not, since nothing is converted."""


class Explanation(msgspec.Struct, frozen=True):
    """What a model is, and how it reaches each contender."""

    model: ModelInfo
    fills: tuple[str, ...]
    """How the inputs would be filled, as after `--input`."""
    warnings: tuple[str, ...]
    ways: tuple[ConversionPath, ...]


def explain(options: RunOptions, *, plugins: Plugins | None = None) -> Explanation:
    """Return how a model reaches each contender; each loads it, nothing is converted, and nothing is run.

    Raises:
        UsageError: something that is asked for cannot be done as it stands.
        NoUsableBackend: no contender can be started, or the model reaches none.
    """
    with Scratch() as scratch, removed_if_killed(scratch):
        resolved = resolve(options, plugins or Plugins.discover(), scratch, convert=False)
        model_worker = ModelWorker(resolved.settings)
        reasons = {record.contender: getattr(record.outcome, "reason", "") for record in resolved.unusable}
        ways = []
        for spec in resolved.header.contenders:
            route = resolved.routes.get(spec.label)
            ways.append(
                ConversionPath(spec.label, missing=reasons.get(spec.label, ""))
                if route is None
                else _way(route, model_worker)
            )
    return Explanation(
        model=resolved.header.model,
        fills=tuple(map(str, resolved.inputs)),
        warnings=(
            *resolved.warnings,
            *(text for _, text in resolved.remarks),
            *(plan.warning for plan in resolved.inputs if plan.warning),
        ),
        ways=tuple(ways),
    )


def _way(route: Route, model_worker: ModelWorker) -> ConversionPath:
    """A planned way, tried by loading the model where that needs no conversion."""
    capabilities = route.contender.entry.capabilities
    # One that the backend makes for a precision would have to be made first.
    direct = not route.variant and route.model.format in (*capabilities.formats, *capabilities.imports)
    # A model that its framework described was read by it already.
    if direct and (route.model.format == "onnx" or not capabilities.describes):
        try:
            model_worker.load(route)
        except ModelError as error:
            return ConversionPath(route.label, missing=str(error).rstrip("."))
    return ConversionPath(route.label, route.chain, route.model.provenance, route.cost, loaded=direct)
