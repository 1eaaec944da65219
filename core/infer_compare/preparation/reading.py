"""Models as they are typed, read: here where they are ONNX, and by their framework where they are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import ModelError, UnsupportedModel
from infer_compare.interfaces import ModelSource
from infer_compare.models.callables import source_file, split
from infer_compare.models.given import parse_input
from infer_compare.models.source import SUFFIXES, described, is_foreign, resolve_model
from infer_compare.paths import is_file
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import TensorSpec
    from infer_compare.models.resolved_model import ResolvedModel
    from infer_compare.plugins import BackendEntry, ConverterEntry
    from infer_compare.preparation.context import PreparationContext


class ModelReader:
    """Reads models for one run."""

    def __init__(self, context: PreparationContext) -> None:
        """Reads nothing yet."""
        self._context = context
        self._given = context.options.inputs
        """What `--input` says of the inputs."""
        self._read: dict[tuple[str, str], ResolvedModel] = {}

    def read(self, text: str, preferred: Sequence[str] = ()) -> ResolvedModel:
        """Return the model that a text names.

        Args:
            text: a built-in name, a file, a folder or a callable.
            preferred: backends that are asked first.

        Raises:
            ModelError: there is no such model, or nothing that is installed can read it.
        """
        key = (text, preferred[0] if preferred else "")
        if key not in self._read:
            form = is_foreign(text, self._context.models)
            converter = self._converter(text)
            if form is not None:
                self._read[key] = self._described(text, form, preferred)
            elif converter is not None:
                self._read[key] = self._converted(text, converter)
            else:
                self._read[key] = self._onnx(text)
        return self._read[key]

    def _onnx(self, text: str) -> ResolvedModel:
        context = self._context
        return resolve_model(
            text, seed=context.options.seed, folder=context.scratch, models=context.models, given=self._given
        )

    def _converter(self, text: str) -> ConverterEntry | None:
        """The converter that reads files of that name, of those that make ONNX of them."""
        if text in self._context.models or Path(text).suffix.lower() in SUFFIXES:
            return None
        edges = (entry for entry in self._context.plugins.converters if entry.converter.target == "onnx")
        return next((entry for entry in edges if text.lower().endswith(entry.converter.suffixes)), None)

    def _converted(self, text: str, entry: ConverterEntry) -> ResolvedModel:
        """A model of which the ONNX file is run that a plugin makes of it."""
        path, converter = Path(text), entry.converter
        if not is_file(path):
            raise ModelError(f"There is no file {text}.")
        if entry.missing:
            hint = f"; {converter.install_hint} installs it" if converter.install_hint else ""
            raise ModelError(f"Reading {text} needs {listing(entry.missing)}, which is not installed{hint}.")
        target = self._context.scratch / f"model-{len(self._read)}-{converter.source}" / f"{path.stem}.onnx"
        target.parent.mkdir(parents=True, exist_ok=True)
        source = ModelSource(
            format=converter.source,
            location=str(path.absolute()),
            name=path.stem,
            inputs=_declared(self._given),
            trusted=self._context.options.trust,
        )
        self._context.model_worker.convert(entry, None, source, target)
        made = self._onnx(str(target))
        sentence = f"{text} was converted from {converter.source} to ONNX by the plugin {entry.origin}."
        return replace(made, source=text, warnings=(sentence, *made.warnings))

    def _described(self, text: str, form: str, preferred: Sequence[str]) -> ResolvedModel:
        """A model that its framework reads: the first one that says it is one of its own."""
        source = ModelSource(
            format=form,
            location=text,
            name=split(text)[1] if form == "callable" else Path(text).stem,
            inputs=_declared(self._given),
            trusted=self._context.options.trust,
        )
        readers = [entry for entry in self._context.plugins.backends if form in entry.capabilities.describes]
        readers.sort(key=lambda entry: (entry.name not in preferred, not _mentions(text, form, entry)))
        pythons = self._context.pythons
        usable = [entry for entry in readers if entry.name in pythons or not entry.missing]
        if not usable:
            raise ModelError(_unreadable(text, form, readers))
        refusals: list[str] = []
        for entry in usable:
            folder = self._context.scratch / f"model-{len(self._read)}-{entry.name}"
            folder.mkdir(parents=True, exist_ok=True)
            try:
                description = self._context.model_worker.describe(entry, pythons.get(entry.name), source, folder)
            except UnsupportedModel as refusal:
                refusals.append(str(refusal))
                continue
            return described(text, description, self._given)
        absent = [entry for entry in readers if entry not in usable]
        more = f" {_unreadable(text, form, absent)}" if absent else ""
        raise ModelError(" ".join(refusals) + more)


def _declared(given: Sequence[str]) -> tuple[TensorSpec, ...]:
    """Inputs of which `--input` says everything."""
    from infer_compare.interfaces import TensorSpec

    return tuple(
        TensorSpec(spec.name, spec.dtype, spec.shape)
        for spec in map(parse_input, given)
        if spec.dtype is not None and spec.shape is not None
    )


def _mentions(text: str, form: str, entry: BackendEntry) -> bool:
    """Whether a callable's file speaks of a backend's framework: only what is asked first depends on it."""
    if form != "callable":
        return False
    file = source_file(text)
    if file is None:
        return False
    try:
        code = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(module in code for module in entry.requires)


def _unreadable(text: str, form: str, readers: Sequence[BackendEntry]) -> str:
    what = f"{text} is a callable" if form == "callable" else f"{text} is of the format {form}"
    if not readers:
        return f"{what}, which no installed backend reads."
    names = listing([entry.name for entry in readers])
    hints = " or ".join(entry.install_hint for entry in readers if entry.install_hint)
    return f"{what}, which {names} would read, and that is not installed; {hints} installs it."
