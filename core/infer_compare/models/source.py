"""Resolves a model as typed, a name or a path, to a model on disk."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment import memory
from infer_compare.errors import ModelError
from infer_compare.models.batch_axis import assumptions
from infer_compare.models.figures import figures
from infer_compare.models.fills import METADATA_KEY
from infer_compare.models.given import chosen_axes
from infer_compare.models.kind import kind_of
from infer_compare.models.onnx_file import (
    parse_onnx,
)
from infer_compare.models.onnx_model import READ_COPIES, read_onnx
from infer_compare.models.remedies import remedy
from infer_compare.models.resolved_model import (
    ResolvedModel,
    check_batch,
    fixed_batch_sentence,
    has_batch,
    sha256_of,
)
from infer_compare.models.specs import BATCH, name_batch
from infer_compare.paths import exists, is_file, is_folder
from infer_compare.plugins.endings import ONNX, Endings
from infer_compare.plugins.guard import PluginFailed, guarded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import onnx

    from infer_compare.interfaces import BuiltinModel, ModelDescription, TensorSpec

CALLABLE = "callable"
"""The format of a model that a user's function makes."""
ONNX_ALONE = Endings()


def resolve_model(
    text: str,
    *,
    seed: int,
    folder: Path,
    models: Mapping[str, BuiltinModel],
    given: Sequence[str] = (),
    endings: Endings = ONNX_ALONE,
    free: bool = False,
) -> ResolvedModel:
    """Return the model that a text names.

    Args:
        text: a name in `models`, which takes precedence, or the path of an `.onnx` file; see `format_of` for others.
        seed: the seed of the weights of a built model.
        folder: where to write a built model, as `NAME.onnx`, and a model whose batch axis was made free.
        models: the models that can be named.
        given: the values of `--input`, which determine the batch axes.
        endings: the suffixes of the files that backends read.
        free: whether a built model leaves its optional axes free.

    Raises:
        ModelError: there is no such model; the file is missing, empty, cut short or not ONNX; its external data is
            missing or outside its folder; its format is not supported; or it cannot be run at several batch sizes.
    """
    chosen = chosen_axes(given)
    if text in models:
        return read_onnx(_build(models[text], seed, folder, free=free), text, text, folder, chosen)
    path = Path(text)
    form = format_of(text, endings)
    if form is None:
        raise unknown_model(text, models, endings)
    if form != ONNX:
        raise ModelError(f"{text} has the format {form}, which only its framework can read.")
    return read_onnx(path, path.stem, text, folder, chosen)


def build_model(model: BuiltinModel, seed: int, *, free: bool = False) -> onnx.ModelProto:
    """Return the graph of a built-in model or a plugin's model; with `free`, all of its `axes` are left free.

    Raises:
        ModelError: building it failed, or returned something else.
    """
    try:
        # The command line reports a lack of memory itself.
        with guarded(f"building the model {model.name}", passing=(MemoryError,)):
            made = model.build(seed, model.axes if free else ()) if model.axes else model.build(seed)
    except PluginFailed as failure:
        raise ModelError(f"The model {model.name!r} cannot be built ({failure}).") from failure
    import onnx

    if not isinstance(made, onnx.ModelProto):
        raise ModelError(
            f"The model {model.name!r} cannot be built: its function returned a {type(made).__name__} instead of an onnx.ModelProto."
        )
    return made


def format_of(text: str, endings: Endings, preferred: Sequence[str] = ()) -> str | None:
    """Return the format of a model as typed, `callable` for a user's function, or None.

    Args:
        text: the model as typed.
        endings: the suffixes of the files that backends read.
        preferred: backends whose formats take precedence if a suffix is ambiguous.
    """
    claim = endings.claim(text, preferred)
    if claim is not None:
        return claim.format
    place, _, name = text.rpartition(":")
    return CALLABLE if place and name.isidentifier() else None


def model_files(text: str, endings: Endings, preferred: Sequence[str] = ()) -> tuple[Path, ...]:
    """Return the file or folder of a model that only its framework can read, with the files that belong to it.

    Raises:
        ModelError: a file is missing or empty.
    """
    claim = endings.claim(text, preferred)
    files = claim.ending.files(Path(text)) if claim is not None else ()
    for path in files:
        if not exists(path):
            if path is files[0]:
                raise ModelError(f"There is no file {text}; check the path.")
            raise ModelError(f"{text} needs {path.name} beside it, which is missing; copy it there.")
        if is_file(path) and path.stat().st_size == 0:
            raise ModelError(f"{path} is empty; export the model again.")
    return files


def described(
    text: str,
    description: ModelDescription,
    given: Sequence[str] = (),
    *,
    files: Sequence[Path] = (),
    fixed: bool = False,
) -> ResolvedModel:
    """Return a model that its framework has described.

    Args:
        text: the model as typed.
        description: the framework's description.
        given: the values of `--input`, which determine the batch axes.
        files: the files to hash, if the description names none.
        fixed: whether the model may run at its only batch size.

    Raises:
        ModelError: the model cannot be run at several batch sizes.
    """
    origin = description.source
    chosen = chosen_axes(given)
    inputs, outputs = name_batch(description.inputs, description.outputs, chosen)
    warnings = assumptions(description.inputs, inputs, chosen)
    size = _one_size(inputs) if fixed and not any(chosen.values()) else None
    if size is not None:
        warnings = (f"It runs at batch size {size} only. {fixed_batch_sentence(Path(text), inputs[0])}",)
        inputs, outputs = (
            tuple(msgspec.structs.replace(spec, shape=(BATCH, *spec.shape[1:])) for spec in specs if spec.shape)
            for specs in (inputs, outputs)
        )
    check_batch(Path(text), inputs)
    content = [file for path in map(Path, description.files or files) for file in _files(path)]
    return ResolvedModel(
        path=Path(origin.location),
        name=origin.name,
        source=text,
        format=origin.format,
        sha256=sha256_of(content),
        inputs=inputs,
        outputs=outputs,
        parameters=description.parameters,
        metadata={METADATA_KEY + name: fill for name, fill in description.fills.items()},
        warnings=warnings,
        fixed_batch=size,
        origin=msgspec.structs.replace(origin, inputs=inputs),
    )


def _one_size(inputs: Sequence[TensorSpec]) -> int | None:
    """Return the fixed batch size of a model; None if its inputs have a batch axis, or different first axes."""
    sizes = {spec.shape[0] if spec.shape else 0 for spec in inputs}
    if has_batch(inputs) or len(sizes) != 1:
        return None
    (size,) = sizes
    return size if isinstance(size, int) and size > 0 else None


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def unknown_model(text: str, models: Mapping[str, BuiltinModel], endings: Endings) -> ModelError:
    """Return the error that says why a text does not name a model, and what to name instead."""
    path = Path(text)
    takes = ", ".join(endings.suffixes)
    owner = endings.owner(path)
    if owner is not None:
        return ModelError(f"{text} belongs to the model {owner}; name that file.")
    if exists(path) and (known := remedy(text)) is not None:
        return ModelError(known)
    if is_folder(path):
        holds = " or ".join(endings.members)
        named = f"a folder without {holds}; name one that holds it, or" if holds else "a folder; name"
        return ModelError(f"{text} is {named} a model file ({takes}).")
    if is_file(path) and path.suffix == ".py":
        return ModelError(f"{text} is Python code; name the function in it that returns the model, as in {text}:make.")
    if exists(path):
        return ModelError(f"{text} is not a model in a format that can be read; a model file ends in {takes}.")
    close = difflib.get_close_matches(text.casefold(), models, n=1, cutoff=0.5)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return ModelError(
        f"There is no model {text!r}; {guess}`infer-compare models` lists the built-in ones; a model file ends in {takes}."
    )


def _build(model: BuiltinModel, seed: int, folder: Path, *, free: bool) -> Path:
    data = build_model(model, seed, free=free).SerializeToString(deterministic=True)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{model.name}.onnx"
    # Workers may have an earlier file of this name open.
    written = path.with_suffix(".writing")
    written.write_bytes(data)
    written.replace(path)
    return path


def with_figures(model: ResolvedModel, exported: Path) -> ResolvedModel:
    """Return a model that its framework described, with the figures of its export to ONNX, if there is memory to read it."""
    if READ_COPIES * exported.stat().st_size > memory.own_share():
        return model
    graph = parse_onnx(exported)
    size = figures(graph)
    return replace(
        model,
        parameters=model.parameters if model.parameters is not None else size.parameters,
        flops_per_sample=size.flops_per_sample,
        precision=size.precision,
        kind=kind_of(graph),
    )
