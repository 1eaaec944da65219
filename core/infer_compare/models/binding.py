"""Binds the inputs of a model to the parameters of its function.

Inputs are bound by name: if a model takes `input_ids`, `attention_mask` and `token_type_ids`, passing the first and the last
by position would use the token types as the mask.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import Parameter
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints, is_typeddict

from infer_compare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Place = int | list[Any] | dict[str, Any]
"""The index of an input, or a list or dictionary of such."""

REST = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
"""Parameters that stand for any number of arguments."""


@dataclass(frozen=True, slots=True)
class Binding:
    """How tensors, in the order of the inputs, become the arguments of a function."""

    positional: tuple[Place, ...]
    keywords: Mapping[str, Place] = field(default_factory=dict)

    def arguments(self, tensors: Sequence[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the positional and keyword arguments that pass the tensors."""
        positional = tuple(_packed(place, tensors) for place in self.positional)
        return positional, {name: _packed(place, tensors) for name, place in self.keywords.items()}

    @property
    def in_order(self) -> bool:
        """Whether the function takes the tensors as positional arguments in order."""
        return not self.keywords and self.positional == tuple(range(len(self.positional)))

    def bound(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that takes the tensors as positional arguments: the function itself if it already does."""
        if self.in_order:
            return function
        count, names = len(self.positional), tuple(self.keywords)
        if (*self.positional, *self.keywords.values()) == tuple(range(count + len(names))):

            def call(*tensors: Any) -> Any:  # noqa: ANN401 - tensors, and whatever the function returns
                return function(*tensors[:count], **dict(zip(names, tensors[count:], strict=True)))

        else:

            def call(*tensors: Any) -> Any:  # noqa: ANN401 - as above
                arguments, keywords = self.arguments(tensors)
                return function(*arguments, **keywords)

        return call


def one_by_one(count: int) -> Binding:
    """Return the binding of a function that takes its tensors as positional arguments in order."""
    return Binding(tuple(range(count)))


def bind(parameters: Sequence[Parameter], names: Sequence[str], title: str, function: object = None) -> Binding:
    """Return the binding of named inputs to the parameters of a function.

    The name of an input is that of a parameter, or for a parameter that takes a dictionary or a list, followed by a dot and a
    key or index (`batch.image`, `past.0`). If the function has a single parameter, an input of any name is passed to it, and
    several inputs are passed as a dictionary.

    Args:
        parameters: the parameters of the function that can be inputs.
        names: the names of the inputs, in order.
        title: the name of the function, for messages.
        function: used to resolve annotations that are texts.

    Raises:
        InputError: the function has no parameter for an input, or requires a parameter without an input.
    """
    accepted = _accepted(parameters, function)
    unknown = [head for head in dict.fromkeys(name.partition(".")[0] for name in names) if not accepted(head)]
    if not unknown:
        return _by_name(parameters, names, title)
    named = [parameter for parameter in parameters if parameter.kind not in REST]
    if len(names) == 1 and not named:
        return one_by_one(1)
    if not named and all(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters) and parameters:
        # `forward(*tensors)` has no parameter names.
        return one_by_one(len(names))
    if len(named) == len(parameters) == 1:
        (sole,) = named
        mapping = _takes_mapping(sole, function)
        if mapping or (mapping is None and len(names) > 1):
            return _sole(sole, {name: place for place, name in enumerate(names)})
        if len(names) == 1:
            return _sole(sole, 0)
    close = difflib.get_close_matches(unknown[0], [parameter.name for parameter in named], n=1)
    guess = f" (did you mean {close[0]!r}?)" if close else ""
    takes = f"it takes {', '.join(parameter.name for parameter in named)}" if named else "it has no parameters"
    raise InputError(f"{title} has no parameter {unknown[0]!r}; {takes}{guess}; name each input after a parameter.")


def _accepted(parameters: Sequence[Parameter], function: object) -> Callable[[str], bool]:
    """Return whether a function takes an argument of a name."""
    named = {parameter.name for parameter in parameters if parameter.kind not in REST}
    rest = next((parameter for parameter in parameters if parameter.kind is Parameter.VAR_KEYWORD), None)
    if rest is None:
        return lambda name: name in named
    keys = {key for kind in get_args(_hint(rest, function)) if is_typeddict(kind) for key in kind.__annotations__}
    # `**kwargs` without annotated keys takes every name.
    return lambda name: name in named or (name in keys if keys else name.isidentifier())


def _by_name(parameters: Sequence[Parameter], names: Sequence[str], title: str) -> Binding:
    """Return the binding of inputs that are all named after parameters; as many as possible are passed by position."""
    trees = _trees(names)
    positional: list[Place] = []
    keywords: dict[str, Place] = {}
    gap = False
    for parameter in parameters:
        if parameter.kind in REST:
            gap = gap or parameter.kind is Parameter.VAR_POSITIONAL
        elif parameter.name not in trees:
            if parameter.default is Parameter.empty:
                raise InputError(
                    f"{title} needs {parameter.name!r}, which is not among the inputs ({', '.join(names)}); add it to the inputs."
                )
            gap = True
        elif parameter.kind is Parameter.KEYWORD_ONLY or (gap and parameter.kind is Parameter.POSITIONAL_OR_KEYWORD):
            keywords[parameter.name] = trees.pop(parameter.name)
        elif gap:
            raise InputError(
                f"{title} takes {parameter.name!r} by position only; describe the inputs before it as well."
            )
        else:
            positional.append(trees.pop(parameter.name))
    return Binding(tuple(positional), {**keywords, **trees})


def _sole(parameter: Parameter, value: Place) -> Binding:
    return Binding((), {parameter.name: value}) if parameter.kind is Parameter.KEYWORD_ONLY else Binding((value,))


def _trees(names: Sequence[str]) -> dict[str, Place]:
    """Return for each parameter the index of its input, or for names with dots a dictionary or list of indices."""
    trees: dict[str, Any] = {}
    for place, name in enumerate(names):
        *heads, last = name.split(".")
        inner = trees
        for head in heads:
            inner = inner.setdefault(head, {})
            if not isinstance(inner, dict):
                raise InputError(
                    f"The input {name!r} is part of the input {head!r}; describe its parts or the whole input."
                )
        if last in inner:
            raise InputError(f"The input {name!r} is described twice, or as a whole and in parts; describe it once.")
        inner[last] = place
    return {name: _with_lists(tree) for name, tree in trees.items()}


def _with_lists(tree: Any) -> Place:  # noqa: ANN401 - a place, or a dictionary of such
    """Return a tree in which dictionaries with the keys 0, 1, ... are lists."""
    if not isinstance(tree, dict):
        return int(tree)
    inner = {key: _with_lists(value) for key, value in tree.items()}
    if set(inner) == set(map(str, range(len(inner)))):
        return [inner[str(index)] for index in range(len(inner))]
    return inner


def _packed(place: Place, tensors: Sequence[Any]) -> Any:  # noqa: ANN401 - a tensor or a structure of them
    if isinstance(place, int):
        return tensors[place]
    if isinstance(place, dict):
        return {key: _packed(part, tensors) for key, part in place.items()}
    return tuple(_packed(part, tensors) for part in place)


def _takes_mapping(parameter: Parameter, function: object) -> bool | None:
    """Return whether a parameter is annotated as a dictionary; None if it is not annotated."""
    if parameter.annotation is Parameter.empty:
        return None
    hint = _hint(parameter, function)
    kinds = [get_origin(kind) or kind for kind in (hint, *get_args(hint))]
    return any(isinstance(kind, type) and issubclass(kind, Mapping) for kind in kinds)


def _hint(parameter: Parameter, function: object) -> Any:  # noqa: ANN401 - an annotation can be anything
    if not isinstance(parameter.annotation, str):
        return parameter.annotation
    try:
        return get_type_hints(inspect.unwrap(function))[parameter.name]  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - an annotation is any text, and what it names need not be importable
        return None
