"""Matching the inputs and outputs of a contender's separate model with those of the run."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.errors import InputError, UsageError
from infer_compare.models.specs import BATCH
from infer_compare.preparation.route import Wiring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.interfaces import TensorSpec
    from infer_compare.models.input_plan import InputPlan

LAYOUTS: Mapping[str, tuple[int, ...]] = {"NHWC": (0, 2, 3, 1), "NCHW": (0, 3, 1, 2)}
"""For each layout, the permutation of axes that leads to it from the other one."""


class OwnModel(NamedTuple):
    """A contender's separate model, with the user's hints on how it corresponds to the run's."""

    backend: str
    """Its name in messages."""
    inputs: Sequence[TensorSpec]
    outputs: Sequence[TensorSpec]
    layout: str | None
    """Layout of its four-dimensional inputs, if the run's have the other one."""
    input_map: Mapping[str, str]
    """Names of its inputs to those of the run's, for inputs that match neither by name nor by position."""
    output_map: Mapping[str, str]
    """Names of its outputs to those of the run's."""


def wire(model: OwnModel, plans: Sequence[InputPlan], run_outputs: Sequence[TensorSpec]) -> Wiring:
    """Return how the run's inputs and outputs map to those of a contender's separate model.

    Args:
        model: the separate model.
        plans: the run's inputs.
        run_outputs: the run's outputs.

    Raises:
        InputError: the inputs differ in number, dtypes or shapes, or a name is unknown.
    """
    backend, layout = model.backend, model.layout
    own, run = [spec.name for spec in model.inputs], [plan.name for plan in plans]
    if len(own) != len(run):
        raise InputError(
            f"The model of {backend} has {len(own)} inputs ({', '.join(own)}), and the run's has {len(run)} "
            f"({', '.join(run)}); they must be the same inputs."
        )
    order = _order(own, run, model.input_map, f"input of the model of {backend}")
    axes, shared = [], []
    for spec, place in zip(model.inputs, order, strict=True):
        plan = plans[place]
        if spec.dtype != plan.dtype:
            raise InputError(
                f"The model of {backend} takes the input {spec.name!r} as {spec.dtype}, and the run's is {plan.dtype}; "
                "export both with the same dtype."
            )
        rows: tuple[int | str, ...] = plan.row if plan.axis is None else (BATCH, *plan.row)
        turned = layout is not None and len(rows) == 4
        permuted = LAYOUTS[layout] if layout is not None and turned else batch_to(_batch_of(spec), len(rows))
        shape, given = plan.shape, tuple(rows[axis] for axis in permuted) if permuted else rows
        if len(given) != len(spec.shape) or any(
            size != wanted and (isinstance(wanted, int) or BATCH in {size, wanted})
            for size, wanted in zip(given, spec.shape, strict=True)
        ):
            wants, has = (f"[{','.join(map(str, shape))}]" for shape in (spec.shape, given))
            hint = "" if layout is not None or len(shape) != 4 else f"; --layout {backend}=NHWC transposes images"
            raise InputError(
                f"The model of {backend} takes the input {spec.name!r} as {wants}, and the run's is {has}{hint}."
            )
        axes.append(permuted)
        shared.append(plan.axis is None)
    return Wiring(
        inputs=tuple(order),
        axes=tuple(axes) if any(axes) else (),
        shared=tuple(shared) if any(shared) else (),
        outputs=_outputs(model, [spec.name for spec in run_outputs]),
    )


def straight(plans: Sequence[InputPlan]) -> Wiring:
    """Return the wiring of the run's own model, for which the rows are made."""
    axes = tuple(batch_to(plan.axis, len(plan.shape)) for plan in plans)
    shared = tuple(plan.axis is None for plan in plans)
    return Wiring(axes=axes if any(axes) else (), shared=shared if any(shared) else ())


def batch_to(axis: int | None, rank: int) -> tuple[int, ...]:
    """Return the permutation that moves the first of `rank` axes to another place; empty if it stays or `axis` is None."""
    return (*range(1, axis + 1), 0, *range(axis + 1, rank)) if axis else ()


def _batch_of(spec: TensorSpec) -> int | None:
    return spec.shape.index(BATCH) if BATCH in spec.shape else None


def _outputs(model: OwnModel, run: Sequence[str]) -> tuple[int, ...]:
    """Return the index of the model's output for each output of the run; empty if they cannot be matched by name.

    Raises:
        InputError: names are mapped, and a name is unknown or the models have different numbers of outputs.
    """
    own, names = [spec.name for spec in model.outputs], model.output_map
    if not names and sorted(own) != sorted(run):
        return ()
    if len(own) != len(run):
        raise InputError(
            f"The model of {model.backend} has {len(own)} outputs ({', '.join(own)}), and the run's has {len(run)} "
            f"({', '.join(run)}); they must be the same outputs."
        )
    order = _order(own, run, names, f"output of the model of {model.backend}")
    return tuple(order.index(place) for place in range(len(run)))


def _order(own: Sequence[str], run: Sequence[str], names: Mapping[str, str], what: str) -> list[int]:
    """Return the index of the run's name for each of a model's own names.

    If both have the same names and none is mapped, equal names match; otherwise mapped names match as given, and the others by
    position.
    """
    for own_name, run_name in names.items():
        if own_name not in own:
            raise InputError(f"There is no {what} called {own_name!r}; they are {', '.join(own)}.")
        if run_name not in run:
            raise InputError(f"The run has no {what.partition(' ')[0]} {run_name!r}; they are {', '.join(run)}.")
    twice = next((name for name, times in Counter(names.values()).items() if times > 1), None)
    if twice is not None:
        mapped = " and ".join(own_name for own_name, run_name in names.items() if run_name == twice)
        raise InputError(
            f"{mapped} are both mapped to the run's {what.partition(' ')[0]} {twice!r}; map each to a different one."
        )
    if not names and sorted(own) == sorted(run) and len(set(own)) == len(own):
        return [run.index(name) for name in own]
    chosen = {own_name: run.index(run_name) for own_name, run_name in names.items()}
    left = [place for place in range(len(run)) if place not in chosen.values()]
    return [chosen[name] if name in chosen else left.pop(0) for name in own]


def parse_map(texts: Sequence[str], option: str, backends: Sequence[str]) -> dict[str, dict[str, str]]:
    """Parse texts of the form `BACKEND:OWN=RUN` to the names that are mapped for each backend.

    Args:
        texts: the values of the option.
        option: its name, for messages.
        backends: those with a separate model.

    Raises:
        UsageError: a text has another form, or names a backend without a separate model.
    """
    maps: dict[str, dict[str, str]] = {}
    for text in texts:
        head, equals, run = text.partition("=")
        backend, colon, own = head.partition(":")
        if not (equals and run and colon and own):
            raise UsageError(
                f"{option} {text!r} is not in the form BACKEND:OWN=RUN; write for example {option} tensorflow:input_1=image."
            )
        if backend not in backends:
            raise UsageError(
                f"{option} {text!r} names {backend!r}, which has no separate model in this run; "
                f"give one with --model {backend}=FILE."
            )
        maps.setdefault(backend, {})[own] = run
    return maps
