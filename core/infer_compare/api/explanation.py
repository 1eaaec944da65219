"""Explains how each framework would load a model."""

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
    """How a model is loaded or converted for one contender, or why it cannot be."""

    contender: str
    chain: tuple[str, ...] = ()
    """The formats from the model's to the contender's; empty if there is no path."""
    provenance: Provenance | None = None
    cost: float = 0.0
    """1 for each conversion and for an import, unless a converter says otherwise; the cheapest path is taken."""
    missing: str = ""
    """Why there is no path: what is not installed, or the operators that the backend lacks."""
    loaded: bool = False
    """Whether the backend loaded the model; False if it must be converted first, since nothing is converted here."""


class Explanation(msgspec.Struct, frozen=True):
    """A model, and how each contender would load it."""

    model: ModelInfo
    fills: tuple[str, ...]
    """How the inputs would be filled, in the form of `--input`."""
    warnings: tuple[str, ...]
    ways: tuple[ConversionPath, ...]


def explain(options: RunOptions, *, plugins: Plugins | None = None) -> Explanation:
    """Return how each contender would load a model. Contenders that need no conversion load it; nothing is run.

    Raises:
        UsageError: the options are invalid or contradict each other.
        NoUsableBackend: no contender can be started, or none can load the model.
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
    """Return a planned path, tried by loading the model if that needs no conversion."""
    capabilities = route.contender.entry.capabilities
    # A model in another precision would have to be written first.
    direct = not route.variant and route.model.format in (*capabilities.formats, *capabilities.imports)
    # A model that its framework described has already been loaded by it.
    if direct and (route.model.format == "onnx" or not capabilities.describes):
        try:
            model_worker.load(route)
        except ModelError as error:
            return ConversionPath(route.label, missing=str(error).rstrip("."))
    return ConversionPath(route.label, route.chain, route.model.provenance, route.cost, loaded=direct)
