"""Finding each contender's model, and its route to the contender."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import UsageError
from infer_compare.models.specs import BATCH
from infer_compare.preparation.contenders import find_contenders
from infer_compare.preparation.route import Route
from infer_compare.preparation.routing import NoRouteError, Router, sized
from infer_compare.preparation.wiring import OwnModel, parse_map, straight, wire
from infer_compare.request.contenders import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.models.input_plan import InputPlan
    from infer_compare.models.resolved_model import ResolvedModel
    from infer_compare.preparation.contenders import Contender
    from infer_compare.preparation.context import PreparationContext
    from infer_compare.preparation.reading import ModelReader
    from infer_compare.preparation.route import Wiring
    from infer_compare.preparation.routing import Shape


class Finder:
    """Finds each contender's model, and its route to the contender."""

    def __init__(
        self, context: PreparationContext, reader: ModelReader, model: ResolvedModel, inputs: tuple[InputPlan, ...]
    ) -> None:
        """Finds nothing yet.

        Args:
            context: of the run.
            reader: reads the separate models of contenders.
            model: of the run.
            inputs: of the run.
        """
        self.model = model
        self._context = context
        self._options = context.options
        self._reader = reader
        self._router = Router(context)
        self._inputs = inputs

    def model_of(self, contender: Contender) -> ResolvedModel:
        """Return the model of a contender: its separate model, or the run's.

        Raises:
            UsageError: a layout is given for the model that defines the run's inputs.
            ModelError: the model cannot be read.
        """
        text, name = contender.spec.model, contender.key(self._options.layout)
        if text is not None and text != self._options.model:
            return self._reader.read(text, (contender.entry.name,))
        if name in self._options.layout:
            raise UsageError(
                f"--layout {name}={self._options.layout[name]} has no effect, since the run's inputs are made for the "
                f"model of {name}; name the layout of the others' models."
            )
        return self.model

    def route(self, contender: Contender, model: ResolvedModel) -> Route:
        """Return the route of a model to a contender; needed conversions are made, unless preparation is dry.

        Raises:
            NoRouteError: the model cannot reach the contender.
            InputError: the contender's separate model has other inputs than the run's.
        """
        wiring = straight(self._inputs) if model is self.model else self._wiring(contender, model)
        shapes = _shapes(self._inputs, wiring)
        if self._context.dry:
            path = self._router.path(contender, model.format)
            source = msgspec.structs.replace(sized(model.given, shapes), provenance=path.provenance)
            route = Route(contender, source, path.chain, path.cost, converters=path.converters)
        else:
            route = self._router.route(contender, model, shapes)
        return replace(route, wiring=wiring)

    def evaluator(self) -> Route | None:
        """Return the route of the run's model to the reference backend; None if it is not installed or cannot run the model."""
        plugins = self._context.plugins
        known = {entry.name for entry in plugins.backends}
        if REFERENCE not in known or self._context.dry:
            return None
        (contender,) = find_contenders([REFERENCE], plugins)
        if contender.entry.missing:
            return None
        try:
            return self.route(contender, self.model)
        except NoRouteError:
            return None

    def _wiring(self, contender: Contender, model: ResolvedModel) -> Wiring:
        """Return how the run's inputs and outputs map to those of a contender's separate model.

        Raises:
            InputError: they do not match.
        """
        owners = tuple(self._options.models)
        inputs = parse_map(self._options.input_map, "--input-map", owners)
        outputs = parse_map(self._options.output_map, "--output-map", owners)
        own = OwnModel(
            backend=contender.key(self._options.models),
            inputs=model.inputs,
            outputs=model.outputs,
            layout=self._options.layout.get(contender.key(self._options.layout)),
            input_map=inputs.get(contender.key(inputs), {}),
            output_map=outputs.get(contender.key(outputs), {}),
        )
        return wire(own, self._inputs, self.model.outputs)


def _shapes(inputs: Sequence[InputPlan], wiring: Wiring) -> list[Shape]:
    """Return the shapes of the run's inputs as a model gets them, in its order and layout."""
    shapes: list[Shape] = [plan.row if plan.axis is None else (BATCH, *plan.row) for plan in inputs]
    if wiring.inputs:
        shapes = [shapes[place] for place in wiring.inputs]
    for index, axes in enumerate(wiring.axes):
        if axes:
            shapes[index] = tuple(shapes[index][axis] for axis in axes)
    return shapes
