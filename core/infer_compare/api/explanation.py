"""How a model reaches each framework."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.interfaces import Provenance
from infer_compare.results import ModelInfo

if TYPE_CHECKING:
    from infer_compare.engine.request import SweepRequest
    from infer_compare.plugins import Plugins


class Way(msgspec.Struct, frozen=True):
    """How a model reaches one contender, or why it does not."""

    contender: str
    chain: tuple[str, ...] = ()
    provenance: Provenance | None = None
    cost: float = 0.0
    """1 for each conversion and for a rendering of ours, unless a converter says otherwise; the cheapest way is taken."""
    missing: str = ""


class Explanation(msgspec.Struct, frozen=True):
    """What a model is, and how it reaches each contender."""

    model: ModelInfo
    fills: tuple[str, ...]
    """How the inputs would be filled, as after `--input`."""
    warnings: tuple[str, ...]
    ways: tuple[Way, ...]


def explain(request: SweepRequest, *, plugins: Plugins | None = None) -> Explanation:
    """How a model reaches each contender; nothing is converted, and nothing is run.

    Raises:
        UsageError: something in the request cannot be done as it stands.
        NoUsableBackend: no contender can be started, or the model reaches none.
    """
    from infer_compare.api import plan

    resolved = plan(request, plugins=plugins)
    reasons = {one.contender: getattr(one.outcome, "reason", "") for one in resolved.unusable}
    ways = []
    for spec in resolved.header.contenders:
        route = resolved.routes.get(spec.label)
        if route is None:
            ways.append(Way(spec.label, missing=reasons.get(spec.label, "")))
        else:
            ways.append(Way(spec.label, route.chain, route.model.provenance, route.cost))
    return Explanation(
        model=resolved.header.model,
        fills=tuple(map(str, resolved.inputs)),
        warnings=(*resolved.warnings, *(one.warning for one in resolved.inputs if one.warning)),
        ways=tuple(ways),
    )
