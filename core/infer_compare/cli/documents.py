"""Where a document goes, and in which format: a file, a terminal, or standard output."""

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
        formats: returns names of formats for what was typed so far, for completion.
        words: the names in words, for the help text.
        example: the name of a file, for the help text.
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


class Way(NamedTuple):
    """How a document is to be shown."""

    form: str
    """The name of the format."""
    target: Path | None
    """None for standard output."""
    force: bool = False
    """Whether a file that is there is replaced."""

    @property
    def printed(self) -> bool:
        """Whether it is printed as text for people."""
        from infer_compare.cli.output import TEXT

        return self.target is None and self.form == TEXT


def asked_format(name: str | None, *, as_json: bool) -> str | None:
    """Return the format that `--format` or `--json` names; None where neither was typed.

    Raises:
        UsageError: they name different ones.
    """
    from infer_compare.errors import UsageError

    if as_json and name not in {None, "json"}:
        raise UsageError(f"--json and --format {name} contradict each other; leave one of them out.")
    return "json" if as_json else name


def way_of(
    formats: Formats[Document], output: Path | None, name: str | None, *, as_json: bool, force: bool, example: str
) -> Way:
    """Return how a document is to be shown, before the work of making it.

    Args:
        formats: those that there are.
        output: what was typed after `-o`.
        name: what was typed after `--format`.
        as_json: whether `--json` was typed.
        force: whether `--force` was typed.
        example: the command, up to what is about the output.

    Raises:
        UsageError: these contradict each other, there is no such format, or the file is there already.
    """
    from infer_compare.cli.output import check_terminal, format_for, target_of
    from infer_compare.report.files import check_target

    target = target_of(output)
    form = formats.find(format_for(target, asked_format(name, as_json=as_json), formats.endings))
    if target is None:
        check_terminal(form.name, form.suffix, example)
    else:
        check_target(target, force=force)
    return Way(form.name, target, force)


def show(document: Document, formats: Formats[Document], way: Way, noun: str) -> None:
    """Write the document where it is to go.

    Args:
        document: what is shown.
        formats: of its kind.
        way: how.
        noun: what it is called at the start of a sentence.

    Raises:
        UsageError: the file is there by now, or cannot be written.
    """
    from infer_compare.report.files import write_report

    form: Format[Document] = formats.find(way.form)
    if way.target is not None:
        write_report(way.target, form.render(document), force=way.force)
        click.echo(f"{noun} written to {way.target}", err=True)
    elif way.printed:
        print_document(document, formats)
    else:
        stdout.write(form.render(document))


def print_document(document: Document, formats: Formats[Document]) -> None:
    """Print the document as text, as wide as the terminal and in colour where that is one.

    Args:
        document: what is printed.
        formats: of its kind.
    """
    from infer_compare.cli.console import print_parts
    from infer_compare.report.terminal.writer import renderables
    from infer_compare.report.text import NARROWEST

    print_parts(renderables(formats.sections(document)), least_width=NARROWEST)
