"""Where a document that is no report of a run goes, and in which format: a file, a terminal, or standard output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click
import msgspec

from infer_compare.cli import stdout
from infer_compare.cli.completing import completer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infer_compare.cli.options import Command
    from infer_compare.report.formats import Format, Formats

Document = TypeVar("Document", bound=msgspec.Struct)


def document_options(formats: Callable[[str], Iterable[str]], words: str, example: str) -> Callable[[Command], Command]:
    """Return a decorator that adds `--format`, `-o` and `--json` to a command.

    Args:
        formats: returns names of formats for what was typed so far, for completion.
        words: the names in words, for the help text.
        example: the name of a file, for the help text.
    """

    def add(command: Command) -> Command:
        for option in (
            click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
            click.option(
                "-o",
                "--output",
                type=click.Path(path_type=Path),
                help=f"File to write, e.g. {example}; - for standard output.  [default: -]",
            ),
            click.option(
                "--format",
                "name",
                metavar="FORMAT",
                shell_complete=completer(formats),
                help=f"{words}.  [default: by the ending of the file, else text]",
            ),
        ):
            command = option(command)
        return command

    return add


class Way(NamedTuple):
    """How a document is to be shown."""

    form: str
    """The name of the format."""
    target: Path | None
    """None for standard output."""

    @property
    def printed(self) -> bool:
        """Whether it is printed as text for people."""
        from infer_compare.cli.output import TEXT

        return self.target is None and self.form == TEXT


def way_of(formats: Formats[Document], output: Path | None, name: str | None, *, as_json: bool, example: str) -> Way:
    """Return how a document is to be shown, before the work of making it.

    Args:
        formats: those that there are.
        output: what was typed after `-o`.
        name: what was typed after `--format`.
        as_json: whether `--json` was typed.
        example: the command, up to what is about the output.

    Raises:
        UsageError: these contradict each other, there is no such format, or the file is there already.
    """
    from infer_compare.cli.output import check_terminal, format_for, target_of
    from infer_compare.errors import UsageError

    if as_json:
        if name is not None and name != "json":
            raise UsageError(f"--json and --format {name} contradict each other; leave one of them out.")
        name = "json"
    target = target_of(output)
    form = formats.find(format_for(target, name, formats.endings))
    if target is None:
        check_terminal(form.name, form.suffix, example)
    else:
        _refuse_taken(target)
    return Way(form.name, target)


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
    form: Format[Document] = formats.find(way.form)
    if way.target is not None:
        _write(way.target, form.render(document), noun)
    elif way.printed:
        _print(document, formats)
    else:
        stdout.write(form.render(document))


def _refuse_taken(output: Path) -> None:
    """Before anything is read; whether it can be written shows when it is."""
    import os

    from infer_compare.errors import UsageError

    if output.is_dir():
        raise UsageError(f"{output} is a folder; name a file in it.")
    if os.path.lexists(output):
        raise UsageError(f"{output} exists already; remove it or name another file.")


def _write(output: Path, text: str, noun: str) -> None:
    from infer_compare.errors import UsageError

    try:
        with output.open("x", encoding="utf-8") as file:
            try:
                file.write(text)
                file.flush()
            except BaseException:
                # Half a file would stand in the way of the next try.
                output.unlink(missing_ok=True)
                raise
    except FileExistsError:
        raise UsageError(f"{output} exists already; remove it or name another file.") from None
    except OSError as error:
        raise UsageError(f"{output} cannot be written: {error.strerror}.") from None
    click.echo(f"{noun} written to {output}", err=True)


def _print(document: Document, formats: Formats[Document]) -> None:
    """As wide as the terminal, in colour where that is one."""
    from infer_compare.report.terminal.writer import renderables
    from infer_compare.report.text import NARROWEST, tidy

    console = stdout.console(highlight=False)
    console.width = max(console.width, NARROWEST)
    with console.capture() as capture:
        for part in renderables(formats.sections(document)):
            console.print(part)
    encoding = getattr(stdout.stream(), "encoding", None) or "utf-8"
    # Characters that the encoding of standard output lacks are replaced.
    stdout.write(tidy(capture.get()).encode(encoding, "replace").decode(encoding), color=True)
