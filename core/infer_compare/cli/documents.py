"""Writes documents to a file, a terminal or standard output, in the chosen format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click
import msgspec

from infer_compare.cli import stdout
from infer_compare.cli.completing import completer
from infer_compare.cli.flags import FORCE, flags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infer_compare.cli.options import Command
    from infer_compare.report.formats import Format, Formats

Document = TypeVar("Document", bound=msgspec.Struct)


def document_options(formats: Callable[[str], Iterable[str]], words: str, example: str) -> Callable[[Command], Command]:
    """Return a decorator that adds `--format`, `-o`, `--force` and `--json` to a command.

    Args:
        formats: returns format names that complete the typed text.
        words: the format names, for the help text.
        example: a file name, for the help text.
    """
    return flags(
        click.option(
            "--format",
            "name",
            metavar="FORMAT",
            shell_complete=completer(formats),
            help=f"{words}.  [default: by the ending of the file, else text]",
        ),
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path),
            help=f"File to write, e.g. {example}; - for standard output.  [default: -]",
        ),
        FORCE,
        click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
    )


class Destination(NamedTuple):
    """Where a document is written, and in which format."""

    form: str
    """The name of the format."""
    target: Path | None
    """None for standard output."""
    force: bool = False
    """Whether a file that is there is replaced."""

    @property
    def printed(self) -> bool:
        """Whether the document is printed as text."""
        from infer_compare.cli.output import TEXT

        return self.target is None and self.form == TEXT


def asked_format(name: str | None, *, as_json: bool) -> str | None:
    """Return the format that `--format` or `--json` names, or None if neither was given.

    Raises:
        UsageError: they name different formats.
    """
    from infer_compare.errors import UsageError

    if as_json and name not in {None, "json"}:
        raise UsageError(f"--json and --format {name} contradict each other; leave one of them out.")
    return "json" if as_json else name


def destination_of(
    formats: Formats[Document], output: Path | None, name: str | None, *, as_json: bool, force: bool, example: str
) -> Destination:
    """Return the destination that the options name; called before the work of making the document.

    Args:
        formats: the available formats.
        output: the value of `-o`.
        name: the value of `--format`.
        as_json: whether `--json` was given.
        force: whether `--force` was given.
        example: the command without its output options, for error messages.

    Raises:
        UsageError: the options contradict each other, there is no such format, or the file exists.
    """
    from infer_compare.cli.output import check_terminal, format_for, target_of
    from infer_compare.report.files import check_target

    target = target_of(output)
    form = formats.find(format_for(target, asked_format(name, as_json=as_json), formats.endings))
    if target is None:
        check_terminal(form.name, form.suffix, example)
    else:
        check_target(target, force=force)
    return Destination(form.name, target, force)


def show(document: Document, formats: Formats[Document], destination: Destination, noun: str) -> None:
    """Write a document to its destination.

    Args:
        document: the document.
        formats: the formats of its kind.
        destination: where to write it, and in which format.
        noun: what it is called at the start of a sentence.

    Raises:
        UsageError: the file exists by now, or cannot be written.
    """
    from infer_compare.report.files import write_report

    form: Format[Document] = formats.find(destination.form)
    if destination.target is not None:
        write_report(destination.target, form.render(document), force=destination.force)
        click.echo(f"{noun} written to {destination.target}", err=True)
    elif destination.printed:
        print_document(document, formats)
    else:
        stdout.write(form.render(document))


def print_document(document: Document, formats: Formats[Document]) -> None:
    """Print a document as text, as wide as the terminal, and in colour if standard output is one.

    Args:
        document: the document.
        formats: the formats of its kind.
    """
    from infer_compare.cli.console import print_parts
    from infer_compare.report.terminal.writer import renderables
    from infer_compare.report.text import NARROWEST

    print_parts(renderables(formats.sections(document)), least_width=NARROWEST)
