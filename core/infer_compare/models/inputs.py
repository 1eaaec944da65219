"""Resolves the inputs of a model from the file's description, `--input` and data sets."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from infer_compare.errors import InputError
from infer_compare.limits import LARGEST_ROW
from infer_compare.models.arrays import is_float
from infer_compare.models.fill_text import parse_fill
from infer_compare.models.fills import CONSTANTS, METADATA_KEY, SHORT, Fill, FromFile, Normal, RandInt
from infer_compare.models.free_axes import FreeAxes
from infer_compare.models.given import GivenInput, parse_input
from infer_compare.models.input_plan import InputPlan, row_bytes, shape_text
from infer_compare.models.remedies import HOW_TO_FREE
from infer_compare.models.specs import BATCH, unnamed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.interfaces import TensorSpec
    from infer_compare.request.axes import Axis

WHOLE_RANGES = {"bool": RandInt(0, 2), "uint8": RandInt(0, 256), "int8": RandInt(-128, 128)}
"""Dtypes of pixels, quantised numbers and flags, which can take every value; other integers are indices of smaller ranges."""


def resolve_inputs(
    specs: Sequence[TensorSpec],
    given: Sequence[str],
    metadata: Mapping[str, str],
    data: Mapping[str, Path] | None = None,
    axes: Sequence[Axis] = (),
) -> tuple[InputPlan, ...]:
    """Return the plan of each input, in the order of the model.

    A size given to a named free axis for one input applies to all inputs with an axis of this name. An input may have its
    batch axis anywhere, or none.

    Args:
        specs: the model's inputs, with the batch axis called `batch`.
        given: the values of `--input`.
        metadata: the file's metadata, which may state fills.
        data: the files with the rows of each input, by name, if they come from a data set.
        axes: the axes that are measured at several sizes, by their names in the file or in `--input`. They apply to every
            input with an axis of this name.

    Raises:
        InputError: an input is unknown or does not fit the model; a free axis has no size; or no input has a requested axis
            free.
    """
    by_name: dict[str, GivenInput] = {}
    for text in given:
        spec = parse_input(text)
        if spec.name in by_name:
            raise InputError(f"--input names {spec.name!r} twice; combine them into one.")
        by_name[spec.name] = spec
    for name, path in (data or {}).items():
        if name in by_name and by_name[name].fill is not None:
            raise InputError(f"--input fills {name!r}, and so does --data; leave one of them out.")
        by_name[name] = replace(by_name.get(name, GivenInput(name)), fill=FromFile(path))
    names = [spec.name for spec in specs]
    for name in by_name:
        if name not in names:
            close = difflib.get_close_matches(name, names, n=1)
            guess = f" Did you mean {close[0]!r}?" if close else ""
            raise InputError(f"The model has no input {name!r}.{guess} Its inputs: {', '.join(names)}.")
    chosen = [_choose(spec, by_name.get(spec.name, GivenInput(spec.name)), metadata) for spec in specs]
    free = FreeAxes(specs, [choice.shape for choice in chosen], axes)
    sizes = _axis_sizes(specs, chosen)
    return tuple(
        _plan(spec, choice, sizes, free.of(index))
        for index, (spec, choice) in enumerate(zip(specs, chosen, strict=True))
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """An input with its chosen fill and its shape as far as given."""

    shape: tuple[int | str, ...]
    fill: Fill
    warning: str


def _choose(spec: TensorSpec, given: GivenInput, metadata: Mapping[str, str]) -> _Choice:
    if spec.dtype not in SHORT:
        if spec.dtype == "object":
            raise InputError(
                f"The input {spec.name!r} is text, and inputs are arrays of numbers; name a model that begins behind the step "
                "that reads text."
            )
        raise InputError(f"The input {spec.name!r} is of type {spec.dtype}, which cannot be generated.")
    if given.dtype is not None and given.dtype != spec.dtype:
        raise InputError(
            f"The model takes the input {spec.name!r} as {SHORT[spec.dtype]}, not as {SHORT[given.dtype]}."
        )
    fill, warning = _fill(spec, given, metadata)
    shape = spec.shape if given.shape is None else given.shape
    if isinstance(fill, FromFile):
        array = fill.read(spec.name)
        if array.dtype.name != spec.dtype:
            raise InputError(
                f"The model takes the input {spec.name!r} as {spec.dtype}, and {fill.path} holds {array.dtype}."
            )
        if BATCH in spec.shape and (array.ndim == 0 or len(array) == 0):
            raise InputError(f"{fill.path} holds no rows for the input {spec.name!r}.")
        from_file = _from_rows(array.shape, spec)
        if given.shape is not None and not _fits(from_file, given.shape):
            raise InputError(
                f"{fill.path} holds rows of {shape_text(from_file)}, and --input says {shape_text(given.shape)}."
            )
        shape = from_file
    elif (problem := fill.problem(spec.dtype)) is not None:
        raise InputError(f"The fill of the input {spec.name!r} does not fit: {problem}.")
    if not _fits(shape, spec.shape):
        for place, (size, wanted) in enumerate(zip(shape, spec.shape, strict=False)):
            if isinstance(size, str) and isinstance(wanted, int) and size != BATCH and len(shape) == len(spec.shape):
                raise InputError(
                    f"The model fixes axis {place} of the input {spec.name!r} at {wanted}, and --input calls it {size!r}; "
                    f"{HOW_TO_FREE}."
                )
        raise InputError(
            f"The model takes the input {spec.name!r} as {shape_text(spec.shape)}, not as {shape_text(shape)}."
        )
    return _Choice(shape, fill, warning)


def _fill(spec: TensorSpec, given: GivenInput, metadata: Mapping[str, str]) -> tuple[Fill, str]:
    """Return the given fill, else that of the file, else the default, and a warning if it is a guess."""
    if given.fill is not None:
        return given.fill, ""
    if (text := metadata.get(METADATA_KEY + spec.name)) is not None:
        fill = parse_fill(text)
        if isinstance(fill, FromFile):
            raise InputError(
                f"The model's metadata fills the input {spec.name!r} from a file; name the file with --input."
            )
        return fill, ""
    if is_float(spec.dtype):
        return Normal(0, 1), ""
    if spec.dtype in WHOLE_RANGES:
        return WHOLE_RANGES[spec.dtype], ""
    default: Fill
    single = spec.shape in {(), (1,)}
    if not single and "mask" not in spec.name.lower():
        default, example = RandInt(0, 2), "randint(0,1000)"
    else:
        # A scalar is a rate, a length or a flag; zero would suppress the other inputs.
        default, example = CONSTANTS["ones"], "16000" if single else "randint(0,2)"
    return default, (
        f"The range of the integer input {spec.name!r} is not known; it is filled with {default}. "
        f"Set another range with --input '{spec.name}={example}'."
    )


def other_input(inputs: Sequence[TensorSpec]) -> str:
    """Return an `--input` value with a wider range than the default, for advice."""
    spec = next((spec for spec in inputs if is_float(spec.dtype)), next(iter(inputs), None))
    if spec is None:
        return "NAME=uniform(0,255)"
    fill = "uniform(0,255)" if is_float(spec.dtype) else str(WHOLE_RANGES.get(spec.dtype, "randint(0,1000)"))
    return f"{spec.name}={fill}"


def _from_rows(shape: tuple[int, ...], spec: TensorSpec) -> tuple[int | str, ...]:
    """Return the shape of an input with a batch axis from the rows of an array, or without one from the whole array."""
    if BATCH not in spec.shape:
        return shape
    axis, sample = spec.shape.index(BATCH), shape[1:]
    return (*sample[:axis], BATCH, *sample[axis:])


def _fits(shape: Sequence[int | str], spec: Sequence[int | str]) -> bool:
    """Return whether a shape fits another whose free axes take any size."""
    return len(shape) == len(spec) and all(
        isinstance(wanted, str) or size == wanted for size, wanted in zip(shape, spec, strict=True)
    )


def _axis_sizes(specs: Sequence[TensorSpec], chosen: Sequence[_Choice]) -> dict[str, int]:
    """Return the sizes given to the file's named axes."""
    sizes: dict[str, int] = {}
    for spec, choice in zip(specs, chosen, strict=True):
        for index, (name, size) in enumerate(zip(spec.shape, choice.shape, strict=True)):
            if not isinstance(name, str) or not isinstance(size, int) or name == unnamed(index):
                continue
            if sizes.setdefault(name, size) != size:
                raise InputError(
                    f"The axis {name!r} is given the sizes {sizes[name]} and {size}; the model uses one for all inputs."
                )
    return sizes


def _plan(spec: TensorSpec, choice: _Choice, sizes: Mapping[str, int], axes: Mapping[int, Axis]) -> InputPlan:
    sample: list[int] = []
    free: list[tuple[int, str]] = []
    batch = spec.shape.index(BATCH) if BATCH in spec.shape else None
    for index, (name, size) in enumerate(zip(spec.shape, choice.shape, strict=True)):
        if index == batch:
            continue
        if (axis := axes.get(index)) is not None:
            free.append((len(sample), axis.name))
            sample.append(_longest(axis, size, spec.name))
            continue
        known = size if isinstance(size, int) else sizes.get(str(name))
        if known is None:
            raise InputError(
                f"The axis {name!r} of input {spec.name!r} has no fixed size; give one, for example {_example(spec, sizes)}."
            )
        sample.append(known)
    plan = InputPlan(
        name=spec.name,
        dtype=spec.dtype,
        sample=tuple(sample),
        fill=choice.fill,
        axis=batch,
        free=tuple(free),
        warning=choice.warning,
    )
    if row_bytes(plan) > LARGEST_ROW:
        raise InputError(
            f"One row of the input {spec.name!r}, {shape_text(plan.shape)}, takes more than 1 TiB; give it smaller sizes with --input."
        )
    return plan


def _longest(axis: Axis, size: int | str, name: str) -> int:
    """Return the length of rows along an axis: that of the file, or the largest requested size.

    Raises:
        InputError: the rows of the file are too short.
    """
    largest = axis.sizes[-1]
    if not isinstance(size, int):
        return largest
    if size < largest:
        raise InputError(
            f"--axis {axis.name} asks for {largest}, and the rows of the input {name!r} are {size} long; name sizes up to {size}, "
            "or give longer rows."
        )
    return size


def _example(spec: TensorSpec, sizes: Mapping[str, int]) -> str:
    """Return an example of `--input`, with the usual size of an image or sequence for each free axis."""
    usual = 224 if len(spec.shape) == 4 else 128
    shape = [size if isinstance(size, int) or size == BATCH else sizes.get(size, usual) for size in spec.shape]
    return f"--input '{spec.name}:{SHORT[spec.dtype]}{shape_text(shape)}'"
