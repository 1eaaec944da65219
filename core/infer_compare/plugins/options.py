"""The options of a backend: reading them from texts, and describing them for users."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import msgspec

from infer_compare.errors import BackendUnusable, OptionError
from infer_compare.foreign import one_line
from infer_compare.plugins.guard import PluginFailed, guarded
from infer_compare.request.contenders import CORE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infer_compare.interfaces import Backend, Options

_AT = re.compile(r" - at `\$\.(\w+)`")
"""The part of msgspec's messages that names the field."""


class OptionDescription(msgspec.Struct, frozen=True):
    """One option of a backend, for `infer-compare backends NAME`."""

    name: str
    type: str
    default: str
    text: str


def read_options(backend: type[Backend[Any]], given: Mapping[str, str]) -> Options:
    """Return typed options parsed from texts such as `{"compile": "true"}`.

    Raises:
        OptionError: the backend has no such option (the message suggests the nearest), or a value does not fit.
    """
    try:
        with guarded(f"reading the options of {backend.name}", passing=(OptionError,)):
            return _read(backend, given)
    except PluginFailed as failure:
        raise OptionError(f"The options of the backend {backend.name!r} cannot be read: {failure}.") from failure


def _read(backend: type[Backend[Any]], given: Mapping[str, str]) -> Options:
    known = {field.name: field for field in msgspec.structs.fields(backend.options)}
    groups: dict[str, dict[str, str]] = {
        name: {} for name, field in known.items() if get_origin(_bare(field.type)) is dict
    }
    words: dict[str, str | dict[str, str]] = {}
    for key, value in given.items():
        group, dot, name = key.partition(".")
        if dot and name and group in groups:
            groups[group][name] = value
            words[group] = groups[group]
        elif key in known:
            words[key] = value
        else:
            names = [*known, *CORE]
            near = difflib.get_close_matches(key, names, 1) or [
                *(name for name in known if key in name),
                # Such as `intra_op_num_threads` of other libraries.
                *(name for name in CORE if name in key.split("_")),
            ]
            hint = f" Did you mean {near[0]!r}?" if near else ""
            have = ", ".join(sorted(f"{name}.KEY" if name in groups else name for name in known)) or "none"
            raise OptionError(
                f"The backend {backend.name!r} has no option {key!r}.{hint} Its options: {have}; "
                f"every contender also has {', '.join(CORE)}."
            )
    try:
        return msgspec.convert(words, backend.options, strict=False)
    except msgspec.ValidationError as error:
        raise OptionError(_misfit(backend, given, str(error))) from error


def _bare(kind: Any) -> Any:  # noqa: ANN401 - a type may be anything
    """Return a type without its annotations."""
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _misfit(backend: type[Backend[Any]], given: Mapping[str, str], problem: str) -> str:
    """Return the error message for a value that does not fit, with the possible values."""
    named = _AT.search(problem)
    options = {option.name: option for option in describe_options(backend)}
    if named is not None and f"{named[1]}.KEY" in options:
        return f"{backend.name}: {named[1]} is a group of options; write {named[1]}.KEY=VALUE."
    if named is None or named[1] not in options or named[1] not in given:
        return f"An option of the backend {backend.name!r} has an invalid value: {problem}."
    name, kind = named[1], options[named[1]].type
    choices = kind.split(" | ")
    near = difflib.get_close_matches(given[name], choices, 1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    start = f"{backend.name}: {name}={given[name]} is not valid"
    if kind == "boolean":
        return f"{start}; write true or false."
    if problem.startswith("Invalid enum value"):
        return f"{start}; write one of {', '.join(choices)}.{hint}"
    return f"{start}: {problem.partition(' - at ')[0].lower()}."


def describe_options(backend: type[Backend[Any]]) -> tuple[OptionDescription, ...]:
    """Return the name, type, default and text of each option for display; a group of keys has the name `NAME.KEY`.

    Raises:
        BackendUnusable: the class of the options cannot be read.
    """
    try:
        with guarded(f"reading the options of {backend.name}"):
            schema = msgspec.json.schema(backend.options)
            definition = schema["$defs"][schema["$ref"].rpartition("/")[2]]
            return tuple(
                OptionDescription(
                    *map(
                        one_line, (_name(name, entry), _type(entry), _default(entry), str(entry.get("description", "")))
                    )
                )
                for name, entry in definition["properties"].items()
            )
    except PluginFailed as failure:
        raise BackendUnusable(f"The options of the backend {backend.name!r} cannot be read: {failure}.") from failure


def _name(name: str, entry: dict[str, Any]) -> str:
    """Return the name of an option as typed."""
    return f"{name}.KEY" if entry.get("type") == "object" else name


def _type(entry: dict[str, Any]) -> str:
    """Return the type of an option, such as `integer | null`, or its choices."""
    if entry.get("type") == "object":
        return _type(entry.get("additionalProperties") or {"type": "string"})
    if "anyOf" in entry:
        return " | ".join("true | false" if part == "boolean" else part for part in map(_type, entry["anyOf"]))
    return " | ".join(map(str, entry["enum"])) if "enum" in entry else str(entry.get("type", ""))


def _default(entry: dict[str, Any]) -> str:
    """Return the default of an option as typed."""
    value = entry.get("default", "")
    if value is None:
        return "null"
    if value == {}:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
