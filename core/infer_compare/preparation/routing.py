"""Routing models to contenders: as they are, converted, or imported by the backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.errors import ModelError
from infer_compare.interfaces import TensorSpec
from infer_compare.models.conversion import cheapest
from infer_compare.preparation.kept_models import KeptModels, Maker
from infer_compare.preparation.route import Route

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from infer_compare.interfaces import ModelSource, Provenance
    from infer_compare.models.resolved_model import ResolvedModel
    from infer_compare.plugins import BackendEntry, ConverterEntry, Origin
    from infer_compare.preparation.contenders import Contender
    from infer_compare.preparation.context import PreparationContext

Shape = tuple[int | str, ...]
"""Shape of an input, whose batch axis is named `batch`."""

IMPORT_COST = 1.0
"""An import by the backend costs as much as a conversion."""


class ConversionPath(NamedTuple):
    """The planned conversions on a model's route to a contender."""

    converters: tuple[ConverterEntry, ...]
    imported: bool
    """Whether the backend imports the last format, or a converter rebuilds the model."""
    chain: tuple[str, ...]
    """The steps in words, beginning with the source format."""
    cost: float

    @property
    def provenance(self) -> Provenance:
        """`native`, `exported` or `imported`."""
        return "imported" if self.imported else "exported" if self.converters else "native"


class NoRouteError(Exception):
    """A model cannot reach a contender; the text gives the reason as a clause."""


class Router:
    """Finds the routes of a run's models to its contenders, and converts the models that need it."""

    def __init__(self, context: PreparationContext) -> None:
        """Converts nothing yet."""
        self._context = context
        self._all = context.plugins.converters
        self._models = KeptModels(context)
        self._done: dict[tuple[str, str], Path] = {}
        self._failed: dict[tuple[str, str], str] = {}

    def path(self, contender: Contender, form: str) -> ConversionPath:
        """Return the cheapest path from a format to a contender, of the kind that it demands; nothing is converted yet.

        Raises:
            NoRouteError: there is none; the text says what is missing.
        """
        asked = contender.spec.route
        paths = [path for path in self._paths(contender, form) if asked in {None, path.provenance}]
        if paths:
            return min(paths, key=lambda path: (path.cost, len(path.converters)))
        raise NoRouteError(self._why(contender, form) if asked is None else self._why_not(contender, form, asked))

    def _paths(self, contender: Contender, form: str) -> Iterator[ConversionPath]:
        """Yield the cheapest path to each format that a contender accepts."""
        capabilities = contender.entry.capabilities
        ready = [entry for entry in self._all if self._can(entry)] if self._context.options.convert else []
        for imported, formats in ((False, capabilities.formats), (True, capabilities.imports)):
            for target in formats:
                converters = cheapest(form, [target], ready)
                if converters is not None:
                    cost = sum(entry.converter.cost for entry in converters) + IMPORT_COST * imported
                    chain = _chain(form, converters, contender.entry if imported else None)
                    rebuilt = imported or any(entry.converter.imports for entry in converters)
                    yield ConversionPath(converters, rebuilt, chain, cost)

    def _why_not(self, contender: Contender, form: str, asked: Provenance) -> str:
        """Return why a model cannot reach a contender by the route that it demands."""
        name, capabilities = contender.entry.name, contender.entry.capabilities
        leave = f"leave route={asked} out"
        if asked == "native":
            formats = " or ".join(capabilities.formats)
            return f"its model is {form}, which is not native to {name}; give one that is {formats}, or {leave}"
        if asked == "imported" and not capabilities.imports:
            return f"{name} runs only its own formats and imports no others; {leave}"
        if asked == "imported":
            return f"the model cannot be imported: {self._lacking(form, capabilities.imports)}"
        if form in capabilities.formats:
            return f"its model is {form}, which is native to {name} and is not converted; {leave}"
        return self._lacking(form, capabilities.formats)

    def _why(self, contender: Contender, form: str) -> str:
        """Return why a model cannot reach a contender by any route."""
        capabilities = contender.entry.capabilities
        return self._lacking(form, (*capabilities.formats, *capabilities.imports))

    def _lacking(self, form: str, takes: Sequence[str]) -> str:
        """Return what prevents the conversion of a format to those that a backend accepts."""
        reason = f"it takes no {form} models (it takes: {', '.join(takes)})"
        possible = cheapest(form, takes, self._all)
        if possible is None:
            return reason
        if not self._context.options.convert:
            return f"{reason}, and --no-convert is set"
        lacking = next((entry for entry in possible if not self._can(entry)), None)
        if lacking is None:
            return reason
        missing = ", ".join(lacking.missing)
        hint = f"; {lacking.converter.install_hint} installs it" if lacking.converter.install_hint else ""
        return f"converting {lacking.converter.source} to {lacking.converter.target} needs {missing}, which is not installed{hint}"

    def _can(self, entry: ConverterEntry) -> bool:
        return entry.converter.backend in self._context.pythons or not entry.missing

    def route(self, contender: Contender, model: ResolvedModel, shapes: Sequence[Shape]) -> Route:
        """Return the route of a model to a contender; needed conversions are made, once for all contenders.

        Args:
            contender: the contender.
            model: the run's model, or the contender's separate one.
            shapes: of the model's inputs in this run.

        Raises:
            NoRouteError: there is none, or a conversion failed.
        """
        path = self.path(contender, model.format)
        source = sized(model.given, shapes)
        for entry in path.converters:
            source = self._converted(entry, source, model)
        return Route(
            contender,
            msgspec.structs.replace(source, provenance=path.provenance),
            path.chain,
            path.cost,
            converters=path.converters,
        )

    def _converted(self, entry: ConverterEntry, source: ModelSource, model: ResolvedModel) -> ModelSource:
        key = (entry.reference, model.sha256)
        if key in self._failed:
            raise NoRouteError(self._failed[key])
        if key not in self._done:
            try:
                self._done[key] = self._make(entry, source, model)
            except ModelError as error:
                self._failed[key] = f"{error}".rstrip(".")
                raise NoRouteError(self._failed[key]) from error
        return msgspec.structs.replace(
            source, format=entry.converter.target, location=str(self._done[key]), weights="", trusted=False
        )

    def _make(self, entry: ConverterEntry, source: ModelSource, model: ResolvedModel) -> Path:
        python = self._context.pythons.get(entry.converter.backend)

        def make(target: Path) -> None:
            self._context.model_worker.convert(entry, python, source, target)

        return self._models.get(
            Maker(entry, entry.converter.requires, python),
            f"model.{entry.converter.target}",
            make,
            {
                "options": entry.converter.options,
                "model": model.sha256,
                "inputs": [str(spec) for spec in source.inputs],
            },
        )


def _chain(form: str, converters: Sequence[ConverterEntry], importer: BackendEntry | None) -> tuple[str, ...]:
    kinds = {True: "imported", False: "exported"}
    steps = (
        form,
        *(f"{entry.converter.target} ({_by(kinds[entry.converter.imports], entry.origin)})" for entry in converters),
    )
    return steps if importer is None else (*steps, f"{importer.name} ({_by('imported', importer.origin)})")


def _by(word: str, origin: Origin) -> str:
    """Return a word such as `exported`, with the plugin's name if a third party's plugin did it."""
    return f"{word} by {origin.third_party}" if origin.third_party else word


def sized(source: ModelSource, shapes: Sequence[Shape]) -> ModelSource:
    """Return a model with the shapes of this run's inputs, or unchanged if it has another number of inputs."""
    if len(source.inputs) != len(shapes):
        return source
    specs = (TensorSpec(spec.name, spec.dtype, shape) for spec, shape in zip(source.inputs, shapes, strict=True))
    return msgspec.structs.replace(source, inputs=tuple(specs))
