"""From what was typed to a model on disk: built in, or a file."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.environment import memory
from infer_compare.errors import ModelError
from infer_compare.files import open_regular
from infer_compare.interfaces import ModelSource, TensorSpec
from infer_compare.models.batch_axis import assumptions
from infer_compare.models.batch_check import dropped_for_one, held_by
from infer_compare.models.figures import figures
from infer_compare.models.fills import METADATA_KEY, SHORT
from infer_compare.models.given import chosen_axes
from infer_compare.models.index_ranges import index_ranges
from infer_compare.models.kind import kind_of
from infer_compare.models.onnx_file import (
    check_external_data,
    external_bytes,
    external_files,
    load_external_data,
    parse_onnx,
)
from infer_compare.models.onnx_graph import read_specs
from infer_compare.models.remedies import free_batch_remedy, remedy
from infer_compare.models.room import ensure_room
from infer_compare.models.specs import BATCH, name_batch
from infer_compare.paths import exists, is_file, is_folder
from infer_compare.plugins.guard import PluginFailed, guarded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx

    from infer_compare.interfaces import BuiltinModel, ModelDescription
    from infer_compare.results import ModelKind

CHUNK_BYTES = 1 << 20
READ_COPIES = 2
"""A file is held as bytes and as a message while it is parsed."""
PROOF_COPIES = 4
"""A model whose batch axis is made free is held as it was and as it is to be, and each is written out as well."""

SUFFIXES = {".onnx": "onnx", ".pt2": "pt2", ".keras": "keras"}
"""Formats that a file's name tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedModel:
    """A model on disk, and what the file says of it."""

    path: Path
    name: str
    source: str
    """What was typed."""
    format: str
    sha256: str
    """Of the file and of the external data that it names."""
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    """As in the file, with the batch axis called `batch`."""
    parameters: int | None = None
    flops_per_sample: int | None = None
    kind: ModelKind = "other"
    metadata: Mapping[str, str] = field(default_factory=dict)
    """The file's own, in which `infer_compare.input.NAME` says how an input is filled."""
    warnings: tuple[str, ...] = ()
    """Sentences about what was done to the model, or guessed."""
    fixed_batch: int | None = None
    """The only batch size at which the model runs, where it could not be made free."""
    origin: ModelSource | None = None
    """What a backend gets, where that is more than the file: a model that was described in a process of its own."""

    @property
    def given(self) -> ModelSource:
        """The model as a backend or a converter gets it."""
        return self.origin or ModelSource(
            format=self.format, location=str(self.path), name=self.name, inputs=self.inputs
        )


def resolve_model(
    text: str, *, seed: int, folder: Path, models: Mapping[str, BuiltinModel], given: Sequence[str] = ()
) -> ResolvedModel:
    """Return the model that a text names.

    Args:
        text: a name out of `models`, which comes first, or the path of an `.onnx` file; see `is_foreign` for others.
        seed: of the weights, for a model that is built.
        folder: where a model that is built is written to, as `NAME.onnx`, and one whose batch axis was made free.
        models: those that can be named.
        given: what `--input` says of the inputs, which decides where their batch axes are.

    Raises:
        ModelError: there is no such model; the file is missing, empty, cut short or not ONNX; its external data is
            absent or outside its folder; its format is not read; or it cannot be run at several batch sizes.
    """
    chosen = chosen_axes(given)
    if text in models:
        return _read_onnx(_build(models[text], seed, folder), text, text, folder, chosen)
    path = Path(text)
    form = format_of(text)
    if form is None:
        raise _unknown(text, models)
    if form != "onnx":
        raise ModelError(f"{text} has the format {form}, which only its framework can read.")
    return _read_onnx(path, path.stem, text, folder, chosen)


def build_model(model: BuiltinModel, seed: int) -> onnx.ModelProto:
    """Return the graph of a model that is built in or that a plugin brings.

    Raises:
        ModelError: building it failed, or gave something else.
    """
    try:
        # Of a lack of memory the command itself tells.
        with guarded(f"building the model {model.name}", passing=(MemoryError,)):
            made = model.build(seed)
    except PluginFailed as failure:
        raise ModelError(f"The model {model.name!r} cannot be built ({failure}).") from failure
    import onnx

    if not isinstance(made, onnx.ModelProto):
        raise ModelError(
            f"The model {model.name!r} cannot be built: its function returned a {type(made).__name__} instead of an onnx.ModelProto."
        )
    return made


def is_foreign(text: str, models: Mapping[str, BuiltinModel]) -> str | None:
    """Return the format of a model that only its framework can read, or None for one that is read here.

    Raises:
        ModelError: the file or folder is missing or empty.
    """
    form = None if text in models else format_of(text)
    if form in {None, "onnx"}:
        return None
    path = Path(text)
    if form != "callable" and not exists(path):
        raise ModelError(f"There is no file {text}; check the path.")
    if is_file(path) and path.stat().st_size == 0:
        raise ModelError(f"{text} is empty; export the model again.")
    return form


def described(text: str, description: ModelDescription, given: Sequence[str] = ()) -> ResolvedModel:
    """Return a model that its framework has described.

    Args:
        text: as it was typed.
        description: what the framework said of it.
        given: what `--input` says of the inputs, which decides where their batch axes are.

    Raises:
        ModelError: it cannot be run at several batch sizes.
    """
    origin = description.source
    chosen = chosen_axes(given)
    inputs, outputs = name_batch(description.inputs, description.outputs, chosen)
    _check_batch(Path(text), inputs)
    files = [file for one in map(Path, description.files) for file in _files(one)]
    return ResolvedModel(
        path=Path(origin.location),
        name=origin.name,
        source=text,
        format=origin.format,
        sha256=_sha256(files),
        inputs=inputs,
        outputs=outputs,
        parameters=description.parameters,
        metadata={METADATA_KEY + name: fill for name, fill in description.fills.items()},
        warnings=assumptions(description.inputs, inputs, chosen),
        origin=msgspec.structs.replace(origin, inputs=inputs),
    )


def _files(path: Path) -> list[Path]:
    return sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]


def format_of(text: str) -> str | None:
    """Return the format that a text names by its look, or None: `onnx`, `pt2`, `keras`, `savedmodel` or `callable`."""
    path = Path(text)
    if path.suffix.lower() in SUFFIXES:
        return SUFFIXES[path.suffix.lower()]
    if is_file(path / "saved_model.pb"):
        return "savedmodel"
    place, _, name = text.rpartition(":")
    return "callable" if place and name.isidentifier() else None


def _unknown(text: str, models: Mapping[str, BuiltinModel]) -> ModelError:
    path = Path(text)
    takes = ", ".join(SUFFIXES)
    if exists(path) and (known := remedy(text)) is not None:
        return ModelError(known)
    if is_folder(path):
        return ModelError(f"{text} is a folder without a saved_model.pb; name a model file ({takes}) or a SavedModel.")
    if is_file(path) and path.suffix == ".py":
        return ModelError(f"{text} is Python code; name the function in it that returns the model, as in {text}:make.")
    if exists(path):
        return ModelError(f"{text} is not a model in a format that can be read; a model file ends in {takes}.")
    close = difflib.get_close_matches(text.casefold(), models, n=1, cutoff=0.5)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return ModelError(
        f"There is no model {text!r}; {guess}`infer-compare models` lists the built-in ones; a model file ends in {takes}."
    )


def _build(model: BuiltinModel, seed: int, folder: Path) -> Path:
    data = build_model(model, seed).SerializeToString(deterministic=True)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{model.name}.onnx"
    # Workers may have an earlier file of this name open.
    written = path.with_suffix(".writing")
    written.write_bytes(data)
    written.replace(path)
    return path


def _read_onnx(path: Path, name: str, source: str, folder: Path, chosen: Mapping[str, int | None]) -> ResolvedModel:
    if is_file(path):
        _ensure_room(path, READ_COPIES * path.stat().st_size)
    model = parse_onnx(path)
    files = [path, *(path.parent / one for one in external_files(model))]
    check_external_data(model, path)  # which refuses files outside the model's folder
    stated, outputs = read_specs(model)
    inputs, outputs = name_batch(stated, outputs, chosen)
    constants = {tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        if value.name not in constants and not value.type.tensor_type.HasField("shape"):
            raise ModelError(
                f"{path} does not state the shape of its input {value.name!r}; export it again with shapes, with the first axis free."
            )
    warnings = assumptions(stated, inputs, chosen)
    fixed, held = None, ""
    if inputs and all(spec.shape[:1] == (BATCH,) for spec in inputs):
        held = held_by(model, outputs) or ""
        if held:
            inputs = _hold_batch(model)
        elif sentence := dropped_for_one(model, outputs):
            warnings = (*warnings, sentence)
    if (
        inputs
        and not any(chosen.values())
        and all(spec.shape and isinstance(spec.shape[0], int) for spec in inputs)
        and not _has_batch(inputs)
    ):
        _ensure_room(path, PROOF_COPIES * (path.stat().st_size + external_bytes(model, path)))
        load_external_data(model, path)
        found = _with_free_batch(model, path, inputs, folder)
        said = f"The file declares a free batch axis, but {held} fixes it at 1. " if held else ""
        warnings = (said + found.sentence,)
        if found.fixed is None:
            model, path = found.model, found.path
            inputs, outputs = name_batch(*read_specs(model), chosen)
        else:
            fixed = found.fixed
            inputs = tuple(TensorSpec(spec.name, spec.dtype, (BATCH, *spec.shape[1:])) for spec in inputs)
    _check_batch(path, inputs)
    size = figures(model)
    return ResolvedModel(
        path=path.absolute(),
        name=name,
        source=source,
        format="onnx",
        sha256=_sha256(files),
        inputs=inputs,
        outputs=outputs,
        parameters=size.parameters,
        flops_per_sample=size.flops_per_sample,
        kind=kind_of(model),
        metadata=_ranges(model) | {entry.key: entry.value for entry in model.metadata_props},
        warnings=warnings,
        fixed_batch=fixed,
    )


def _ranges(model: onnx.ModelProto) -> dict[str, str]:
    """Return how inputs are filled that pick rows of tables in the model, in the form of the model's metadata."""
    return {f"{METADATA_KEY}{name}": f"randint(0,{size})" for name, size in index_ranges(model).items()}


def _ensure_room(path: Path, need: int) -> None:
    advice = "close other programs, raise the memory limit, or use a machine with more memory"
    ensure_room(need, f"The model {path}", advice, ModelError)


def _check_batch(path: Path, inputs: tuple[TensorSpec, ...]) -> None:
    """Refuses a model that cannot be given batches of several sizes.

    Raises:
        ModelError: naming the input that stands in the way.
    """
    if not inputs:
        raise ModelError(f"{path} has no inputs, so there is no batch; name a model that takes inputs.")
    if _has_batch(inputs):
        return
    first = inputs[0]
    if all(spec.shape and isinstance(spec.shape[0], int) for spec in inputs):
        raise ModelError(_fixed_batch(path, first))
    raise ModelError(
        f"No input of {path} has a batch axis; name one of its free axes batch, for example --input "
        f"'{first.name}:{SHORT.get(first.dtype, 'f32')}[batch,...]'."
    )


def _has_batch(inputs: Sequence[TensorSpec]) -> bool:
    return any(BATCH in spec.shape for spec in inputs)


def _fixed_batch(path: Path, first: TensorSpec, reason: str = "") -> str:
    return (
        f"The batch axis of {path} is fixed at {first.shape[0]} (input {first.name!r}){reason}; "
        f"{free_batch_remedy(path, first.name)}."
    )


def _hold_batch(model: onnx.ModelProto) -> tuple[TensorSpec, ...]:
    """Fixes the first axes of a model at 1, where a node holds the batch anyway: its inputs then."""
    constants = {tensor.name for tensor in model.graph.initializer}
    for value in (*model.graph.input, *model.graph.output):
        axes = value.type.tensor_type.shape.dim
        if value.name not in constants and len(axes) and axes[0].dim_value <= 0:
            axes[0].dim_value = 1
    return read_specs(model)[0]


class _Freed(NamedTuple):
    """What became of a model whose batch axis was fixed."""

    model: onnx.ModelProto
    path: Path
    sentence: str
    fixed: int | None
    """Its batch size, where it could not be made free."""


def _with_free_batch(model: onnx.ModelProto, path: Path, inputs: Sequence[TensorSpec], folder: Path) -> _Freed:
    """A model whose batch axis is fixed made into one whose batch axis is free, or as it is where that cannot be proved.

    Raises:
        ModelError: it cannot be made free, and its inputs have several first axes, none of which need be the batch.
    """
    from infer_compare.models.rebatch import Unproved, note, rebatch, write_rebatched

    first = inputs[0]
    try:
        changed = rebatch(model)
        return _Freed(changed, write_rebatched(changed, folder, path.stem), note(int(first.shape[0])), None)
    except Unproved as error:
        sentence = _fixed_batch(path, first, f" and could not be freed safely: {error}")
        if len({spec.shape[0] for spec in inputs}) > 1:
            raise ModelError(sentence) from error
        size = int(first.shape[0])
        return _Freed(model, path, f"It runs at batch size {size} only. {sentence}", size)


def _sha256(files: Sequence[Path]) -> str:
    """The hash of several files one after another.

    Raises:
        ModelError: one is missing, or is not a file that can be read.
    """
    digest = hashlib.sha256()
    for one in files:
        try:
            with open_regular(one) as file:
                while chunk := file.read(CHUNK_BYTES):
                    digest.update(chunk)
        except OSError as error:
            raise ModelError(f"The model file {one} cannot be read ({error.strerror}).") from error
    return digest.hexdigest()


def with_figures(model: ResolvedModel, exported: Path) -> ResolvedModel:
    """Return a model that its framework described, with the arithmetic that its export to ONNX tells, where there is room to read that."""
    if READ_COPIES * exported.stat().st_size > memory.own_share():
        return model
    graph = parse_onnx(exported)
    size = figures(graph)
    return replace(
        model,
        parameters=model.parameters if model.parameters is not None else size.parameters,
        flops_per_sample=size.flops_per_sample,
        kind=kind_of(graph),
    )
