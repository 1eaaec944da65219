"""The public modules, and what they offer as text: `python tests/packaging/public_surface.py` writes it anew."""

from __future__ import annotations

import importlib
import inspect
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

PUBLIC = (
    "infer_compare",
    "infer_compare.backends",
    "infer_compare.backends.native_models",
    "infer_compare.backends.onnx_graphs",
    "infer_compare.launchers",
    "infer_compare.reports",
    "infer_compare.testing",
)
BY_SCHEMA = "infer_compare.reports"
"""The fields of its records are those of JSON schemas, which have versions of their own."""
HIDDEN = ("infer_compare.api.answer",)
"""Modules with bases of public classes that are not public themselves."""
SURFACE = Path(__file__).with_name("public_surface.txt")


LONGEST = 100
"""Signatures of more characters have a line for each parameter, so that a change of one can be seen."""


class _Plain(str):
    """An annotation that is shown without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def names_of(module: str) -> tuple[str, ...]:
    """Return what a public module offers."""
    return tuple(importlib.import_module(module).__all__)


def surface() -> str:
    """Return every public name with its signature, a line each."""
    lines = []
    for place in PUBLIC:
        module = importlib.import_module(place)
        lines.append(place)
        for name in sorted(names_of(place)):
            lines += [f"    {line}" for line in _described(name, getattr(module, name), fields=place != BY_SCHEMA)]
    return "\n".join(lines) + "\n"


def _described(name: str, thing: Any, *, fields: bool) -> Iterator[str]:
    if inspect.isclass(thing):
        bases = ", ".join(base.__name__ for base in thing.__bases__ if base is not object and not _is_hidden(base))
        yield f"class {name}({bases})" if bases else f"class {name}"
        if not issubclass(thing, BaseException) and (fields or not issubclass(thing, msgspec.Struct)):
            yield from (f"    {line}" for line in _members(thing))
    elif inspect.isroutine(thing):
        yield from _function(name, thing)
    elif isinstance(thing, int) or (isinstance(thing, str) and not name.startswith("__")):
        yield f"{name} = {thing!r}"
    else:
        yield f"{name}: {type(thing).__name__}"


def _members(kind: type) -> Iterator[str]:
    if issubclass(kind, Enum):
        yield from (f"{member.name} = {member.value!r}" for member in kind)
        return
    if issubclass(kind, msgspec.Struct):
        yield from _fields(kind)
    elif "__init__" in vars(kind) and not getattr(kind, "_is_protocol", False):
        yield from _function("__init__", kind.__init__)
    if not issubclass(kind, msgspec.Struct) and not is_dataclass(kind):
        for name, annotation in sorted(vars(kind).get("__annotations__", {}).items()):
            if not name.startswith("_"):
                yield f"{name}: {annotation}"
    hidden = (base for base in reversed(kind.__mro__) if _is_hidden(base))
    inherited = {name: member for base in hidden for name, member in vars(base).items()}
    for name, member in sorted((inherited | vars(kind)).items()):
        if name.startswith(("_", "test_")):
            continue
        if isinstance(member, property):
            yield f"property {name}"
        elif inspect.isroutine(member):
            yield from _function(name, getattr(kind, name))


def _is_hidden(base: type) -> bool:
    """Return whether a class is a base that is not public itself; its members are those of the classes derived from it."""
    return base.__module__ in HIDDEN


def _fields(kind: type[msgspec.Struct]) -> Iterator[str]:
    """The fields of a struct in order; dots stand for a default."""
    defaults = kind.__struct_defaults__
    needed = len(kind.__struct_fields__) - len(defaults)
    types = {
        name: text for base in reversed(kind.__mro__) for name, text in vars(base).get("__annotations__", {}).items()
    }
    for index, name in enumerate(kind.__struct_fields__):
        optional = index >= needed and defaults[index - needed] is not msgspec.NODEFAULT
        yield f"{name}: {types[name]}{' = ...' if optional else ''}"


def _function(name: str, function: Any) -> Iterator[str]:
    signature = inspect.signature(function)
    parameters = [
        one.replace(annotation=_Plain(one.annotation)) if isinstance(one.annotation, str) else one
        for one in signature.parameters.values()
    ]
    answer = _Plain(signature.return_annotation)
    line = f"def {name}{signature.replace(parameters=parameters, return_annotation=answer)}"
    if len(line) <= LONGEST:
        yield line
        return
    yield f"def {name}("
    for before, parameter in zip([None, *parameters], parameters, strict=False):
        if parameter.kind is parameter.KEYWORD_ONLY and (before is None or before.kind is not parameter.KEYWORD_ONLY):
            yield "    *,"
        yield f"    {parameter},"
    yield f") -> {answer}"


if __name__ == "__main__":
    SURFACE.write_text(surface(), encoding="utf-8")
