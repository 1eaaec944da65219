"""The declaration of an option: metadata beside its type, and what follows from both."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Group = Literal["model", "contenders", "measured", "memory", "answer", "output"]
"""The subject of an option, under which help lists it."""

GROUPS: dict[Group, str] = {
    "model": "Model and inputs",
    "contenders": "Who takes part",
    "measured": "What is measured",
    "memory": "Memory",
    "answer": "Answer",
    "output": "Output",
}
"""Headings of the groups, in the order in which help lists them."""

SHARED: frozenset[Group] = frozenset({"model", "contenders"})
"""Groups whose options every command that runs a model has, unless an option names its commands."""


class Option(NamedTuple):
    """The metadata of an option besides its name, type, limits and default."""

    help: str
    value: str = ""
    """The form of its value in a file, in Markdown; empty if the type determines it."""
    group: Group = "measured"
    commands: tuple[str, ...] = ()
    """The commands that have it; empty if its group determines them."""
    afterwards: bool = False
    """Whether it only affects how a result is shown, and so can be changed when a run is resumed."""
    flags: tuple[str, ...] | None = ()
    """Its flags, if they are not the name with dashes; None if there is no flag."""
    choices: Mapping[str, str] = {}
    """Flags that each stand for a value, with their help texts."""
    metavar: str | None = None
    default: str = ""
    """The default as typed, if it differs from that of the field."""
    example: str = ""
    """A value with its unit, for options that need a unit in a file."""
    one_text: bool = False
    """Whether a single text holds all its values."""
    read: Callable[[Any], Any] | None = None
    """Converts what a user wrote to the value; it returns anything that it does not recognize as it is."""


_VALUES = {
    bool: "`true` or `false`",
    int: "a number",
    float: "a number",
    str: "a text",
    tuple: "a list of texts",
    dict: "a table by backend, or by label of a contender",
}


class Declared(NamedTuple):
    """A declared option: a field of `RunOptions` with its metadata."""

    name: str
    type: Any
    """With its limits."""
    default: Any
    option: Option

    def belongs_to(self, command: str) -> bool:
        """Return whether a command has this option."""
        if self.option.commands:
            return command in self.option.commands
        return command == "run" or self.option.group in SHARED

    @property
    def kind(self) -> Any:  # noqa: ANN401 - any form of type
        """The type without limits and None: `int`, `dict`, `tuple`, `Literal`, ..."""
        return _bare(self.type)

    @property
    def bounds(self) -> msgspec.Meta:
        """The limits of its value."""
        return next(_metas(self.type), msgspec.Meta())

    @property
    def several(self) -> bool:
        """Whether the option is repeated for each of its values, instead of taking all in one text."""
        return self.kind in {tuple, dict} and not self.option.one_text

    @property
    def value(self) -> str:
        """The form of its value in a file, in Markdown."""
        choices = [f'`"{choice}"`' for choice in get_args(self.type)] if self.kind is Literal else []
        return self.option.value or (
            f"{', '.join(choices[:-1])} or {choices[-1]}"
            if choices
            else f'such as `"{self.option.example}"`'
            if self.option.example
            else _VALUES[self.kind]
        )

    @property
    def flags(self) -> tuple[str, ...]:
        """Its flags, or the name alone if it is an argument."""
        if self.option.flags is None:
            return ()
        if self.option.choices:
            return tuple(f"--{choice}" for choice in self.option.choices)
        return self.option.flags or (f"--{self.name.replace('_', '-')}",)


def declarations(struct: type[msgspec.Struct]) -> dict[str, Declared]:
    """Return the declared options of a struct by the name of their field, in order."""
    options = {}
    for field in msgspec.structs.fields(struct):
        # Python flattens nested annotations: the limits come before the option.
        kind, *bounds, option = get_args(field.type)
        for bound in bounds:
            kind = Annotated[kind, bound]
        default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
        options[field.name] = Declared(field.name, kind, default, option)
    return options


def _metas(kind: Any) -> Iterator[msgspec.Meta]:  # noqa: ANN401 - any form of type
    if get_origin(kind) in {Union, UnionType, Annotated}:
        for part in get_args(kind):
            yield from _metas(part)
    elif isinstance(kind, msgspec.Meta):
        yield kind


def _bare(kind: Any) -> Any:  # noqa: ANN401 - any form of type
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        return _bare(next(part for part in get_args(kind) if part is not NoneType))
    return get_origin(kind) or kind
