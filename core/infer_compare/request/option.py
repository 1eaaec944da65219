"""An option as it is declared beside its type, and what follows from both."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Group = Literal["model", "contenders", "measured", "memory", "answer", "output"]
"""What an option is about."""

GROUPS: dict[Group, str] = {
    "model": "Model and inputs",
    "contenders": "Who takes part",
    "measured": "What is measured",
    "memory": "Memory",
    "answer": "Answer",
    "output": "Output",
}
"""Their headings, in the order in which help lists them."""

SHARED: frozenset[Group] = frozenset({"model", "contenders"})
"""Every command that runs a model asks for these, where an option names no commands."""


class Option(NamedTuple):
    """What is known of an option besides its name, type, limits and default."""

    help: str
    value: str = ""
    """What a file has as the value of its key, in Markdown, where the type does not say it."""
    group: Group = "measured"
    commands: tuple[str, ...] = ()
    """Those that have it, where its group does not say it."""
    afterwards: bool = False
    """Whether it says how a result is shown, and so can still be changed when a run is resumed."""
    flags: tuple[str, ...] | None = ()
    """Where they are others than the name with dashes; None where there is no flag."""
    choices: Mapping[str, str] = {}
    """Flags that stand for one value each, with what their help says."""
    metavar: str | None = None
    default: str = ""
    """As it would be typed, where the field does not say it."""
    example: str = ""
    """A value with its unit, of an option that needs one in a file."""
    one_text: bool = False
    """Whether one text holds all its values."""
    read: Callable[[Any], Any] | None = None
    """Makes the value of what a person wrote; what it does not know it leaves as it is."""


_VALUES = {
    bool: "`true` or `false`",
    int: "a number",
    float: "a number",
    str: "a text",
    tuple: "a list of texts",
    dict: "a table by backend, or by label of a contender",
}


class Declared(NamedTuple):
    """An option as it was declared: its field, and what is known besides."""

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
        """What its value is held to."""
        return next(_metas(self.type), msgspec.Meta())

    @property
    def several(self) -> bool:
        """Whether it is given once for each of its values, and not all of them in one text."""
        return self.kind in {tuple, dict} and not self.option.one_text

    @property
    def value(self) -> str:
        """What a file has as the value of its key, in Markdown."""
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
        """What is typed for it; the name alone of an argument."""
        if self.option.flags is None:
            return ()
        if self.option.choices:
            return tuple(f"--{choice}" for choice in self.option.choices)
        return self.option.flags or (f"--{self.name.replace('_', '-')}",)


def declarations(struct: type[msgspec.Struct]) -> dict[str, Declared]:
    """Return what is declared of every field of a struct, by its name, in their order."""
    options = {}
    for field in msgspec.structs.fields(struct):
        # Annotations in one another are one: the bounds stand before the option.
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
