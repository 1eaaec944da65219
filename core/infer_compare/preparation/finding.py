"""Each contender's model and its way to it, and the data set of a run: what the options name, found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import UsageError
from infer_compare.models.dataset import is_callable, read_dataset
from infer_compare.models.specs import BATCH
from infer_compare.preparation.route import Route
from infer_compare.preparation.routing import sized
from infer_compare.preparation.wiring import parse_map, straight, wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.models.dataset import Dataset
    from infer_compare.models.inputs import InputPlan
    from infer_compare.models.source import ResolvedModel
    from infer_compare.preparation.contenders import Contender
    from infer_compare.preparation.model_worker import ModelWorker
    from infer_compare.preparation.reading import ModelReader
    from infer_compare.preparation.route import Wiring
    from infer_compare.preparation.routing import Router, Shape
    from infer_compare.request.options import RunOptions


@dataclass(frozen=True, slots=True)
class Finder:
    """Each contender's model, and its way to the contender."""

    options: RunOptions
    reader: ModelReader
    router: Router
    model: ResolvedModel
    inputs: tuple[InputPlan, ...]
    dry: bool
    """Whether nothing is to be converted."""

    def model_of(self, contender: Contender) -> ResolvedModel:
        """The run's model, or the contender's own.

        Raises:
            UsageError: a layout is given of the model that the run's inputs are made for.
            ModelError: it cannot be read.
        """
        text, name = contender.spec.model, contender.key(self.options.layout)
        if text is not None and text != self.options.model:
            return self.reader.read(text, self.options.inputs, (contender.entry.name,))
        if name in self.options.layout:
            raise UsageError(
                f"--layout {name}={self.options.layout[name]} has no effect, since the run's inputs are made for the "
                f"model of {name}; name the layout of the others' models."
            )
        return self.model

    def route(self, contender: Contender, model: ResolvedModel) -> Route:
        """The model as the contender gets it.

        Raises:
            NoRouteError: it cannot get it.
            InputError: its own model has other inputs than the run's.
        """
        wiring = straight(self.inputs) if model is self.model else self._wiring(contender, model)
        shapes = _shapes(self.inputs, wiring)
        if self.dry:
            way = self.router.way(contender, model.format)
            source = msgspec.structs.replace(sized(model.given, shapes), provenance=way.provenance)
            route = Route(contender, source, way.chain, way.cost)
        else:
            route = self.router.route(contender, model, shapes)
        return replace(route, wiring=wiring)

    def _wiring(self, contender: Contender, model: ResolvedModel) -> Wiring:
        """How the run's inputs and outputs are those of a contender's own model.

        Raises:
            InputError: they cannot be.
        """
        owners = tuple(self.options.models)
        inputs = parse_map(self.options.input_map, "--input-map", owners)
        outputs = parse_map(self.options.output_map, "--output-map", owners)
        return wire(
            contender.key(self.options.models),
            model.inputs,
            model.outputs,
            self.inputs,
            self.model.outputs,
            layout=self.options.layout.get(contender.key(self.options.layout)),
            input_map=inputs.get(contender.key(inputs), {}),
            output_map=outputs.get(contender.key(outputs), {}),
        )


def _shapes(inputs: Sequence[InputPlan], wiring: Wiring) -> list[Shape]:
    """The shapes in which a model gets the run's inputs, in its own order and layout."""
    shapes: list[Shape] = [plan.sample if plan.axis is None else (BATCH, *plan.sample) for plan in inputs]
    if wiring.inputs:
        shapes = [shapes[place] for place in wiring.inputs]
    for index, axes in enumerate(wiring.axes):
        if axes:
            shapes[index] = tuple(shapes[index][axis] for axis in axes)
    return shapes


def find_dataset(options: RunOptions, model: ResolvedModel, model_worker: ModelWorker, scratch: Path) -> Dataset | None:
    """The data set that was named, made ready for the model.

    Raises:
        UsageError: there is none and the scope needs one, or a batch is larger than it.
        InputError: it cannot be read, or does not fit the model.
    """
    if options.data is None:
        if options.scope == "dataset":
            raise UsageError("--scope dataset times passes over a data set; name one with --data.")
        return None
    if options.scope == "dataset" and options.latency_bound_ns is not None:
        raise UsageError(
            "--latency-bound is about single calls, and --scope dataset times whole passes; leave one out."
        )
    if not options.data:
        raise UsageError("--data is empty; name a .npz file, a folder of .npy files, or module:function.")
    place = Path(options.data)
    if is_callable(options.data):
        place = scratch / "collected"
        model_worker.collect(options.data, place)
    found = read_dataset(options.data, place, model.inputs, scratch / "dataset")
    too_large = [size for size in options.batch_sizes or () if size > found.rows]
    other = next((spec for spec in model.inputs if spec.shape[:1] != (BATCH,)), None)
    if options.scope == "dataset" and other is not None:
        raise UsageError(
            f"--scope dataset needs the batch as the first axis of every input, and {other.name!r} is "
            f"[{', '.join(map(str, other.shape))}]; use the scope device or host."
        )
    if options.scope == "dataset" and too_large:
        raise UsageError(
            f"The data set {options.data} has {found.rows} samples, fewer than a batch of {too_large[0]}; "
            "leave out larger batch sizes."
        )
    return found
