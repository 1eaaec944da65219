"""The power of comparing outputs: how many deliberately changed weight tensors of a model it would detect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infer_compare.errors import ModelError
from infer_compare.interfaces import OperatingPoint
from infer_compare.models.agreement import compare
from infer_compare.models.inputs import other_input
from infer_compare.phases.evaluator import written
from infer_compare.phases.outcome_error import OutcomeError
from infer_compare.phases.outputs import BrokenOutput, Outputs
from infer_compare.preparation.route import Wiring
from infer_compare.results import Measured
from infer_compare.stats.wording import count, listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.interfaces import TensorSpec
    from infer_compare.models.changed_weights import ChangedModel
    from infer_compare.phases.context import RunContext
    from infer_compare.preparation.route import Route
    from infer_compare.results import Run

LARGEST_FILE = 32 * 2**20
"""Larger models are not tried; the size in bytes includes external data."""
SLOWEST_NS = 5_000_000
"""Models with slower calls at the smallest batch size are not tried: the changed copies take some seventy calls."""
TIMEOUT_S = 10.0
NAMED = 3
"""The most tensors that are named."""
LONGEST_NAME = 60


def power(context: RunContext) -> str:
    """Return a sentence on how many changed weight tensors comparing would detect; empty if that was not tried.

    It is tried if contenders agree, and one of them runs a small ONNX graph natively. That contender runs changed copies of the
    model, on the rows that were run one by one.

    Args:
        context: of a run whose outputs were compared.
    """
    run = context.run
    compared = [agreement for agreement in run.agreements if agreement.reference != agreement.contender]
    route = _quickest(run, context.routes)
    if route is None or not compared or any(agreement.verdict != "agrees" for agreement in compared):
        return ""
    made = _changed(route.model.path)
    if made is None:
        return ""
    noticed = _noticed(context, made, route, rtol=max(agreement.rtol for agreement in compared))
    if noticed is None:
        return ""
    return _sentence(noticed, run.header.model.inputs)


def _quickest(run: Run, routes: Mapping[str, Route]) -> Route | None:
    """Return the fastest contender that runs an ONNX graph natively; None if there is none, or it is slow."""
    candidates = [
        (outcome.latency_ns, label)
        for (label, point), outcome in run.explored.items()
        if isinstance(outcome, Measured)
        and point == min(known for other, known in run.explored if other == label)
        and routes[label].model.format == "onnx"
        and "onnx" in routes[label].contender.entry.backend.capabilities.formats
    ]
    latency_ns, label = min(candidates, default=(0, ""))
    return routes[label] if candidates and latency_ns <= SLOWEST_NS else None


def _changed(path: Path) -> ChangedModel | None:
    from infer_compare.models.changed_weights import changed_weights
    from infer_compare.models.onnx_file import external_bytes, load_external_data, parse_onnx

    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            return None
        model = parse_onnx(path)
        if size + external_bytes(model, path) > LARGEST_FILE:
            return None
        load_external_data(model, path)
        return changed_weights(model)
    except (OSError, ValueError, ModelError):
        # The contenders could run the file, so a problem with it only prevents this check.
        return None


def _noticed(context: RunContext, made: ChangedModel, route: Route, *, rtol: float) -> dict[str, bool] | None:
    """Return whether the change of each tensor would be detected; None if the copies cannot be run."""
    import msgspec

    from infer_compare.models.onnx_graph import read_specs
    from infer_compare.models.specs import name_batch

    folder, settings = context.scratch / "power", context.settings
    path = folder / "changed.onnx"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made.model.SerializeToString())
    except OSError:
        return None
    specs = name_batch(*read_specs(made.model))[1]
    route = replace(
        route,
        model=msgspec.structs.replace(route.model, location=str(path)),
        wiring=Wiring(inputs=route.wiring.inputs, axes=route.wiring.axes),
    )
    alone = OperatingPoint(1, context.options.settings[0])
    worker = context.worker(route, replace(settings, timeout_s=min(settings.timeout_s, TIMEOUT_S)))
    try:
        outputs = written(worker, Outputs(folder, specs=specs), [alone])
        rows = outputs.rows(alone)
    except (OutcomeError, BrokenOutput):
        return None
    if rows is None or len(rows) != len(specs):
        return None
    axes = [0 if axis is None else axis for axis in outputs.axes()]
    unchanged = range(len(made.changes[0].outputs))
    return {
        change.tensor: compare(
            [rows[place] for place in unchanged],
            [rows[place] for place in change.outputs],
            [specs[place].name for place in unchanged],
            rtol=rtol,
            axes=[axes[place] for place in unchanged],
        ).verdict
        == "differs"
        for change in made.changes
    }


def _sentence(noticed: Mapping[str, bool], inputs: Sequence[TensorSpec]) -> str:
    missed = [repr(name[:LONGEST_NAME]) for name, is_noticed in noticed.items() if not is_noticed]
    text = f"of {count(len(noticed), 'weight tensor')} changed by 10 %, one at a time, {len(noticed) - len(missed)} would be noticed"
    if not missed:
        return text
    named = missed if len(missed) <= NAMED else [*missed[: NAMED - 1], f"{len(missed) - NAMED + 1} more"]
    return (
        f"{text}, but not {listing(named)}; other inputs (--input {other_input(inputs)}, --data) or trained weights "
        "may show more"
    )
