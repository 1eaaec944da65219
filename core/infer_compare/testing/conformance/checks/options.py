"""Checks of options: declared with a description, refused if unknown, and visible in the effective settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.interfaces import Options
from infer_compare.plugins import describe_options
from infer_compare.testing.conformance.jobs import Effective, ask
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.testing.conformance.subject import Subject

UNKNOWN = "no_such_option_of_any_backend"


@check("options", dynamic=False)
def check_options_are_declared(subject: Subject) -> None:
    """Every option has a type, a default and a text."""
    options: Any = subject.backend.options  # a third party's may be anything
    if not (isinstance(options, type) and issubclass(options, Options)):
        raise Violation(f"`options` is {options!r}; make it a subclass of infer_compare.backends.Options.")
    for field in msgspec.structs.fields(options):
        if field.required:
            raise Violation(f"The option {field.name!r} has no default; give it one.")
    for option in describe_options(subject.backend):
        if not option.text:
            raise Violation(
                f"The option {option.name!r} has no text; declare it as Annotated[..., msgspec.Meta(description=...)]."
            )


@check("options", dynamic=False)
def check_unknown_options_are_refused(subject: Subject) -> None:
    """An unknown option is refused."""
    options = subject.backend.options
    try:
        msgspec.convert({UNKNOWN: "1"}, options, strict=False)
    except msgspec.ValidationError:
        return
    raise Violation(f"{options.__qualname__} accepts unknown options; do not change forbid_unknown_fields.")


@check("options", slow=True)
def check_options_are_effective(subject: Subject) -> None:
    """Choosing another value of an option shows in what the session says that it runs with."""
    chosen = list(_alternatives(subject))
    if not chosen:
        raise NotApplicable("the backend has no option of known values")
    # In a separate process with two threads: some options have no effect with one, which this process has.
    sets = (subject.options, *({**subject.options, name: value} for name, value in chosen))
    before, *after = ask(
        subject.job("effective", subject.simplest, threads=2, alternatives=sets, device=str(subject.device)), Effective
    ).told
    for (name, value), told in zip(chosen, after, strict=True):
        if told is not None and told == before:
            raise Violation(
                f"With the option {name}={value}, `effective` says the same as without it; pass the option on, and let "
                "`effective` report what the framework says about it."
            )


def _alternatives(subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield other values of the options with known values: switches and choices."""
    schema = msgspec.json.schema(subject.backend.options)
    definition = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    for name, entry in definition["properties"].items():
        if name in subject.options:
            continue
        default = entry.get("default")
        if entry.get("type") == "boolean":
            yield name, str(not default).lower()
        for value in entry.get("enum", ()):
            if value != default:
                yield name, str(value)
