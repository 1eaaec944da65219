"""Reading options that users give as flags, keys or arguments, merging them, and completing them.

Until they are complete, options are a dictionary of values by name; an option that was not given is absent.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from infer_compare import limits
from infer_compare.errors import UsageError
from infer_compare.request.contenders import ContenderRequest
from infer_compare.request.options import RunOptions, declared
from infer_compare.request.values import share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infer_compare.request.option import Declared

Given = dict[str, Any]
"""Options that were given, by name, with values of the types in `RunOptions`."""


def read_options(given: Mapping[str, Any], where: str) -> Given:
    """Return options parsed from plain values, and checked.

    Args:
        given: the values by name; None counts as not given.
        where: how error messages name their place, such as the name of a file.

    Raises:
        UsageError: an option is unknown (the message names the nearest), or a value does not fit its type.
    """
    known = declared()
    for name in given:
        if name not in known:
            raise UsageError(f"{where}: there is no option {name!r}{_hint(name, known)}")
    check_integers(given, where)
    contenders = given.get("contenders")
    for place, contender in enumerate(contenders if isinstance(contenders, (list, tuple)) else ()):
        if isinstance(contender, dict):
            _check_contender(contender, f"{where}: contender {place + 1}")
    values: Given = {}
    for name, value in given.items():
        if value is None:
            continue
        option = known[name]
        try:
            read = option.option.read(value) if option.option.read is not None else value
            values[name] = msgspec.convert(read, option.type)
        except msgspec.ValidationError as error:
            raise UsageError(f"{where}: {_sentence(option, value, str(error))}.") from error
    return values


def over(given: Given, base: Given) -> Given:
    """Return options merged from two sources.

    Args:
        given: options that take precedence, such as flags.
        base: the other options, such as those of a file.
    """
    rest = dict(base)
    if "backends" in given or "contenders" in given:
        # Both together determine who takes part.
        rest = {name: value for name, value in rest.items() if name not in {"backends", "contenders"}}
    if "mode" in given or "budget" in given:
        # Either determines the number of repetitions.
        rest = {name: value for name, value in rest.items() if name not in {"restarts", "rounds"}}
    tables = {name: {**rest.get(name, {}), **value} for name, value in given.items() if declared()[name].kind is dict}
    return {**rest, **given, **tables}


def complete(given: Given) -> RunOptions:
    """Return complete options, with defaults for those that were not given.

    Raises:
        UsageError: the model is empty.
    """
    if given.get("model") == "":
        # From `run "$MODEL"` with an unset variable, which does not mean the default.
        raise UsageError("The model is empty; name a file or one of `infer-compare models`.")
    first = next(iter(given.get("models", {}).values()), None)
    return RunOptions(**({} if first is None else {"model": first}) | given)


def check_integers(value: object, where: str, name: str = "") -> None:
    """Raise `UsageError` for an integer at any depth of a value that is too large to be stored."""
    if isinstance(value, int) and abs(value) > limits.LARGEST_INTEGER:
        raise UsageError(f"{where}: {name} does not fit: it has a number of more than 19 digits.")
    parts = (
        value.items()
        if isinstance(value, dict)
        else ((name, part) for part in value)
        if isinstance(value, (list, tuple))
        else ()
    )
    for key, part in parts:
        check_integers(part, where, name or str(key))


def _check_contender(table: dict[str, Any], where: str) -> None:
    known = ContenderRequest.__struct_fields__
    for name in table:
        if name not in known:
            raise UsageError(f"{where} has an unknown key {name!r}{_hint(name, known)}")


def _hint(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; write one of {', '.join(names)}."


def _sentence(option: Declared, value: object, text: str) -> str:
    """Return an error message of msgspec about a value, rephrased as a clause about the option."""
    name, bounds = option.name, option.bounds
    if option.kind is Literal:
        return f"{name} is {value!r}; write one of {', '.join(get_args(option.type))}"
    if option.option.read is share:
        return f"{name} goes from {bounds.ge:.0%} to {bounds.le:.0%}"
    match = re.fullmatch(r"(?P<what>.*?)(?: - at `\$(?P<where>.*?)`)?", text, re.DOTALL)
    assert match is not None
    place = re.sub(r"\[[^]]*\]", "", match["where"] or "")
    what = match["what"]
    what = what[:1].lower() + what[1:].replace(" | null", "").replace("array", "list").replace("object", "table")
    return f"{name}{place} does not fit: {what}"
