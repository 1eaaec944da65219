"""The last section: under which conditions the figures hold, and how to get them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from infer_compare.report.facts import contender_facts, general_facts
from infer_compare.report.terminal.layout import INDENT, heading, indented, key_values
from infer_compare.report.words import plain, shell_lines, without_folder

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from infer_compare.report.schema import ReportDocument


def conditions_section(document: ReportDocument) -> list[RenderableType]:
    """Machine, versions, contenders as they ran, noise, and the command."""
    found: list[RenderableType] = [heading("conditions"), key_values(general_facts(document))]
    for one in document.contenders:
        found += [Text(""), indented(Text(plain(one.name), style="bold", overflow="fold"))]
        found.append(indented(key_values(contender_facts(one))))
    return [*found, heading("repeat with"), Command(without_folder(document.command))]


class Command:
    """A command on as many lines as the width asks for, which a shell reads as one."""

    def __init__(self, words: tuple[str, ...]) -> None:
        """Takes the arguments as they were typed."""
        self._words = words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lines that are never wrapped: that would change the command."""
        for line in shell_lines(self._words, options.max_width - INDENT):
            yield Text(f"{' ' * INDENT}{line}", no_wrap=True, overflow="ignore", style="bold")
