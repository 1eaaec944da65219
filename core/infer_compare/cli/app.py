"""The command group, which imports a command only when it is used, and the exit codes."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, NoReturn

import click

from infer_compare.cli import interrupts, stdout
from infer_compare.cli.brief import brief
from infer_compare.cli.ending import ending_the_process
from infer_compare.cli.exhausted import no_room, out_of_memory
from infer_compare.cli.flags import DEBUG
from infer_compare.cli.surroundings import check_surroundings, is_text
from infer_compare.errors import InferCompareError
from infer_compare.foreign import escaped, text_of
from infer_compare.version import __version__

INTERRUPTED = 130

COMMANDS = {
    "run": "Measure a model on several frameworks over batch sizes.",
    "tune": "Find the fastest configuration for a model, within a budget.",
    "check": "Compare the outputs of a model on several frameworks.",
    "explain": "Show how each framework would load a model, without running it.",
    "report": "Show a stored run.",
    "compare": "Compare two stored runs.",
    "fleet": "Run models on many machines, and report over all of them.",
    "capacity": "Work out what load a stored run handles, and how many machines a load takes.",
    "runs": "List stored runs.",
    "backends": "List backends, or describe one.",
    "models": "List the built-in models.",
    "cache": "List or clear the cache of converted models.",
    "devices": "List the devices of each framework.",
    "doctor": "Find what would disturb measurements on this machine.",
    "selftest": "Test how far verdicts can be trusted on this machine.",
    "plugin": "Check a backend, or create a new one.",
    "completion": "Print the completion script for a shell.",
    "schema": "Print the JSON Schema of a run file or of a report.",
}
"""Names and first lines; with them here, `--help` imports no command."""


class Commands(click.Group):
    """A group that finds each command in the module of the same name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order in which a new user needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import and return a command; None if there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"infer_compare.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the typed command; if there is none of that name, suggest the nearest name.

        Raises:
            click.UsageError: there is no such command.
        """
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            # Click cannot suggest names itself, since commands are imported on demand.
            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            if not near or args[0].startswith("-"):
                raise
            raise click.UsageError(f"No such command {args[0]!r}. Did you mean {near[0]!r}?", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "INFER_COMPARE"}
)
@click.version_option(__version__, "--version", message="infer-compare %(version)s")
@DEBUG
@click.option("--no-plugin", "blocked", multiple=True, metavar="NAME", help="Do not load this plugin. Repeatable.")
@click.pass_context
def group(context: click.Context, *, debug: bool, blocked: tuple[str, ...]) -> None:
    """Find which inference framework, with which options, at which batch size, this model should run with here."""
    check_surroundings()
    context.obj = {"debug": debug, "blocked": blocked}


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit with the documented code.

    Args:
        arguments: replace those of the process; the process may then continue afterwards.
    """
    if arguments is not None:
        _main(arguments)
    stdout.keep_for_good()
    with ending_the_process():
        _main(sys.argv[1:])
    raise AssertionError  # the line above exits


def _main(arguments: list[str]) -> NoReturn:
    if "_INFER_COMPARE_COMPLETE" in os.environ:
        # Click finds its shell classes by name.
        importlib.import_module("infer_compare.cli.completing")
    debug = "--debug" in arguments or bool(os.environ.get("INFER_COMPARE_DEBUG"))
    if sys.platform == "win32":
        _fail("infer-compare runs on Linux and macOS; on Windows, use it inside WSL.", 2)
    for argument in arguments:
        if not is_text(argument):
            _fail(
                f"{argument!r} is not valid UTF-8 and cannot be stored in a run; rename the file or leave the argument out.",
                2,
            )
    try:
        with interrupts.heard():
            result: Any = group.main(args=arguments, prog_name="infer-compare", standalone_mode=False)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        # Shorten very long arguments in the message; `message` is final only for type checkers.
        vars(error)["message"] = brief(error.message)
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        if isinstance(error.__cause__, EOFError):
            # Click treats every EOFError as the end of standard input at a prompt.
            if debug:
                raise
            _fail("EOFError: a file ended early.\nThis is a bug in infer-compare; --debug shows the traceback.", 1)
        # The work is done: a further signal could only disturb the interpreter's shutdown.
        interrupts.ignore()
        interrupt = error.__cause__ if isinstance(error, click.Abort) else error
        click.echo(" ".join(("Interrupted.", *getattr(interrupt, "__notes__", ()))), err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # The reader of the output has gone, as `head` does; the interpreter must not complain when closing it.
        stdout.abandon()
        sys.exit(1)
    except InferCompareError as error:
        if debug:
            raise
        _fail(text_of(error), error.exit_code)
    except Exception as error:
        if debug:
            raise
        if (sentence := out_of_memory(error) or no_room(error)) is not None:
            _fail(sentence, 1)
        _fail(
            f"{type(error).__name__}: {text_of(error)}\nThis is a bug in infer-compare; --debug shows the traceback.", 1
        )
    sys.exit(result if isinstance(result, int) else 0)


def _fail(text: str, code: int) -> NoReturn:
    click.echo(f"Error: {brief(escaped(text, keep=stdout.WHITE))}", err=True)
    sys.exit(code)
