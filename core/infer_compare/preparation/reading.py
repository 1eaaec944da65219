"""Reading models that users name: ONNX models directly, and others through their framework."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import ModelError, UnsupportedModel
from infer_compare.interfaces import ModelSource
from infer_compare.models.callables import source_file, split
from infer_compare.models.given import parse_input
from infer_compare.models.source import CALLABLE, described, format_of, model_files, resolve_model
from infer_compare.paths import is_file
from infer_compare.plugins.endings import ONNX
from infer_compare.stats.wording import listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import Capabilities, TensorSpec
    from infer_compare.models.resolved_model import ResolvedModel
    from infer_compare.plugins import BackendEntry, ConverterEntry
    from infer_compare.preparation.context import PreparationContext


class ModelReader:
    """Reads models for one run."""

    def __init__(self, context: PreparationContext) -> None:
        """Reads nothing yet."""
        self._context = context
        self._given = context.options.inputs
        """The values of `--input`."""
        self._endings = context.plugins.endings
        self._read: dict[tuple[str, str], ResolvedModel] = {}

    def read(self, text: str, preferred: Sequence[str] = ()) -> ResolvedModel:
        """Return the model that a text names.

        Args:
            text: a built-in name, a file, a folder or a callable.
            preferred: backends that are tried first.

        Raises:
            ModelError: there is no such model, or no installed backend or converter can read it.
        """
        key = (text, preferred[0] if preferred else "")
        if key not in self._read:
            self._read[key] = self._resolved(text, preferred)
        return self._read[key]

    def _resolved(self, text: str, preferred: Sequence[str]) -> ResolvedModel:
        if text in self._context.models:
            return self._onnx(text)
        form = format_of(text, self._endings, preferred)
        if form == ONNX:
            return self._onnx(text)
        converter = self._converter(text)
        if form is not None and (converter is None or self._usable(self._readers(text, form, preferred))):
            return self._described(text, form, preferred)
        return self._onnx(text) if converter is None else self._converted(text, converter)

    def _onnx(self, text: str) -> ResolvedModel:
        context = self._context
        return resolve_model(
            text,
            seed=context.options.seed,
            folder=context.scratch,
            models=context.models,
            given=self._given,
            endings=self._endings,
            free=bool(context.options.axis),
        )

    def _converter(self, text: str) -> ConverterEntry | None:
        """Return the converter to ONNX that accepts files with this suffix; None if there is none."""
        edges = (entry for entry in self._context.plugins.converters if entry.converter.target == ONNX)
        return next((entry for entry in edges if text.lower().endswith(entry.converter.suffixes)), None)

    def _readers(self, text: str, form: str, preferred: Sequence[str]) -> list[BackendEntry]:
        """Return the backends that can describe a model of a format, in the order in which they are tried."""
        readers = [entry for entry in self._context.plugins.backends if _reads(entry.capabilities, form)]
        return sorted(readers, key=lambda entry: (entry.name not in preferred, not _mentions(text, form, entry)))

    def _usable(self, readers: Sequence[BackendEntry]) -> list[BackendEntry]:
        return [entry for entry in readers if entry.name in self._context.pythons or not entry.missing]

    def _converted(self, text: str, entry: ConverterEntry) -> ResolvedModel:
        """Return a model after a plugin's converter has turned it into ONNX."""
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
        """Return a model as described by the first backend that recognizes it."""
        source = ModelSource(
            format=form,
            location=text,
            name=split(text)[1] if form == CALLABLE else Path(text).stem,
            inputs=_declared(self._given),
            trusted=self._context.options.trust,
        )
        files = model_files(text, self._endings, preferred)
        readers = self._readers(text, form, preferred)
        usable = self._usable(readers)
        if not usable:
            raise ModelError(_unreadable(text, form, readers))
        refusals: list[str] = []
        for entry in usable:
            folder = self._context.scratch / f"model-{len(self._read)}-{entry.name}"
            folder.mkdir(parents=True, exist_ok=True)
            try:
                python = self._context.pythons.get(entry.name)
                description = self._context.model_worker.describe(entry, python, source, folder)
            except UnsupportedModel as refusal:
                refusals.append(str(refusal))
                continue
            default = form not in entry.capabilities.describes
            return described(text, description, self._given, files=files, fixed=default)
        absent = [entry for entry in readers if entry not in usable]
        more = f" {_unreadable(text, form, absent)}" if absent else ""
        raise ModelError(" ".join(refusals) + more)


def _reads(capabilities: Capabilities, form: str) -> bool:
    """Return whether a backend can describe models of a format: explicitly, or by loading a file."""
    loads = form in (*capabilities.formats, *capabilities.imports) and form != CALLABLE
    return loads or form in capabilities.describes


def _declared(given: Sequence[str]) -> tuple[TensorSpec, ...]:
    """Return the inputs whose dtype and shape are both given by `--input`."""
    from infer_compare.interfaces import TensorSpec

    return tuple(
        TensorSpec(spec.name, spec.dtype, spec.shape)
        for spec in map(parse_input, given)
        if spec.dtype is not None and spec.shape is not None
    )


def _mentions(text: str, form: str, entry: BackendEntry) -> bool:
    """Return whether a callable's file mentions a backend's framework; this only affects the order of trying."""
    if form != CALLABLE:
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
    what = f"{text} is a callable" if form == CALLABLE else f"{text} is of the format {form}"
    if not readers:
        return f"{what}, which no installed backend reads."
    names = listing([entry.name for entry in readers])
    hints = " or ".join(entry.install_hint for entry in readers if entry.install_hint)
    return f"{what}, which {names} would read, and that is not installed; {hints} installs it."
