"""Shell commands and code in a terminal, in lines that are never wrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from infer_compare.report.terminal.layout import INDENT
from infer_compare.report.words import shell_lines

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult


class ShellCommand:
    """A command on several lines joined by backslashes."""

    def __init__(self, words: tuple[str, ...]) -> None:
        """Store the arguments of the command."""
        self._words = words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield lines that are never wrapped, since wrapping would change the command."""
        for line in shell_lines(self._words, options.max_width - INDENT):
            yield Text(f"{' ' * INDENT}{line}", no_wrap=True, overflow="ignore", style="bold")


class PastedCode:
    """Code at the left edge, ready to be copied."""

    def __init__(self, text: str) -> None:
        """Store the code."""
        self._text = text

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield lines that are never wrapped, since wrapping would change the code."""
        for line in self._text.splitlines():
            yield Text(line, no_wrap=True, overflow="ignore")
