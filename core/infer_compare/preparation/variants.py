"""Variants of models in another precision, which a backend makes once for all restarts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.errors import ModelError
from infer_compare.interfaces import Backend, Device, ModelSource
from infer_compare.preparation.calibration import BATCH, write_calibration
from infer_compare.preparation.kept_models import KeptModels, Maker
from infer_compare.preparation.routing import NoRouteError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from infer_compare.interfaces import VariantPlan
    from infer_compare.models.input_plan import InputPlan
    from infer_compare.models.resolved_model import ResolvedModel
    from infer_compare.preparation.calibration import Calibration
    from infer_compare.preparation.context import PreparationContext
    from infer_compare.preparation.route import Route

SOURCE = "source.json"
"""File beside a variant with the `ModelSource` to load, whose location is relative to this file."""


class _Variant(NamedTuple):
    model: ModelSource
    text: str


class Variants:
    """Makes the models of a run in the precisions of their contenders."""

    def __init__(self, context: PreparationContext, inputs: Sequence[InputPlan]) -> None:
        """Makes nothing yet.

        Args:
            context: of the run.
            inputs: of the run.
        """
        self._context = context
        self._inputs = inputs
        self._models = KeptModels(context)
        self._made: dict[tuple[object, ...], _Variant | NoRouteError | None] = {}
        self._calibrations: dict[int, Calibration] = {}
        self.warnings: list[str] = []
        """Sentences about how variants were made."""

    def of(self, route: Route, model: ResolvedModel) -> Route:
        """Return the route of a contender with the variant that its backend makes for its precision, if it makes one.

        In a dry preparation the variant is not made, only added to the chain of the route.

        Args:
            route: of the contender, with its model as it is.
            model: that model, as it was read.

        Raises:
            NoRouteError: the variant cannot be made.
        """
        spec, entry = route.contender.spec, route.contender.entry
        if spec.precision is None or entry.backend.plan_variant is Backend.plan_variant:
            return route
        options = tuple(sorted(spec.options.items()))
        key = (entry.reference, spec.python, spec.precision, options, spec.device, route.model, route.wiring)
        if key not in self._made:
            try:
                self._made[key] = self._variant(route, model)
            except ModelError as error:
                self._made[key] = NoRouteError(f"{error}".rstrip("."))
        variant = self._made[key]
        if isinstance(variant, NoRouteError):
            raise variant
        if variant is None:
            return route
        return replace(route, model=variant.model, chain=(*route.chain, variant.text), variant=True)

    def _variant(self, route: Route, model: ResolvedModel) -> _Variant | None:
        plan = self._context.model_worker.plan_variant(route)
        if plan is None:
            return None
        calibration = self._calibration(plan.rows, str(route.contender.spec.precision)) if plan.rows else None
        source = route.model if self._context.dry else self._kept(route, model, plan, calibration)
        return _Variant(source, f"{route.model.format} {_with(plan.text, calibration)}")

    def _calibration(self, rows: int, precision: str) -> Calibration:
        if rows not in self._calibrations:
            options = self._context.options
            folder = self._context.scratch / f"calibration-{rows}"
            made = write_calibration(self._inputs, rows, options.seed, folder, options.data)
            if made.random and not self.warnings:
                self.warnings.append(
                    f"{precision} is calibrated with random inputs; give --data for an output error that means something."
                )
            self._calibrations[rows] = made
        return self._calibrations[rows]

    def _kept(
        self, route: Route, model: ResolvedModel, plan: VariantPlan, calibration: Calibration | None
    ) -> ModelSource:
        """Return the variant, from the cache or newly made."""
        spec, entry = route.contender.spec, route.contender.entry
        name, worker = f"{entry.name}-{spec.precision}", self._context.model_worker

        def make(folder: Path) -> None:
            folder.mkdir(parents=True)
            if calibration is None:
                made = worker.write_variant(route, folder)
            else:
                batch = model.fixed_batch or min(BATCH, calibration.rows)
                mapping = route.wiring.mapping(calibration.paths, calibration.dtypes)
                made = worker.write_variant(route, folder, mapping, calibration.rows, batch)
            relative = msgspec.structs.replace(made, location=str(made.path.relative_to(folder)))
            (folder / SOURCE).write_bytes(msgspec.json.encode(relative))

        parts = {
            "options": spec.options,
            "precision": spec.precision,
            "device": Device.parse(spec.device).kind,
            "plan": plan.text,
            "model": model.sha256,
            "chain": route.chain,
            "inputs": [str(spec) for spec in route.model.inputs],
            "calibration": None if calibration is None else (calibration.sha256, calibration.rows, str(route.wiring)),
        }
        folder = self._models.get(Maker(entry, entry.requires, spec.python), name, make, parts)
        kept = msgspec.json.decode((folder / SOURCE).read_bytes(), type=ModelSource)
        return msgspec.structs.replace(kept, location=str(folder / kept.location), provenance=route.model.provenance)


def _with(text: str, calibration: Calibration | None) -> str:
    """Return the text of a plan with its calibration added."""
    if calibration is None:
        return text
    head, bracket, _ = text.rpartition(")")
    return f"{head}, calibrated with {calibration.text})" if bracket else f"{text} (calibrated with {calibration.text})"
