"""Removes folders, names of other programs and the name of the machine from a report, so that it can be shared."""

from __future__ import annotations

import platform
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.results import Environment, ForeignProcess

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infer_compare.report.schema import ReportDocument
    from infer_compare.results import Run

PROGRAM = "another program"
"""Replaces the name of a program."""
MACHINE = "this-machine"

_IN_A_PATH = r"[^\s'\"`,;:()\[\]{}<>|=]"
_ABSOLUTE = re.compile(rf"(?<![\w.~/<:-])(?:~|\.\.?)?/{_IN_A_PATH}+")
_PRICE = re.compile(r"\W*[\d.]+\D{0,9}/\w+")
_WORD = r"[^\s():,;]+"


def anonymised(document: ReportDocument, run: Run) -> ReportDocument:
    """Return the document of a run without private names.

    Paths are reduced to their last part. Names and process ids of other programs are removed, and the name of the machine
    that makes the report is replaced everywhere.
    """
    hiding = _Hiding(_paths(document), _programs(run))
    hidden: ReportDocument = hiding.walk(document)
    return hidden


class _Hiding:
    """Replaces private names in every text of a document."""

    def __init__(self, paths: Iterable[str], programs: Iterable[str]) -> None:
        self._relative = _any_of({path for path in paths if len(PurePath(path).parts) > 1})
        # A name alone may be an ordinary word, such as `python`; in sentences a process id follows the name.
        names = sorted({re.escape(name) for name in programs}, key=len, reverse=True)
        self._programs = re.compile(rf"(?:{'|'.join((*names, _WORD))})(?: \(pid \d+\)|, pid \d+)")
        # A short machine name may be part of any word.
        node = platform.node()
        self._machine = _any_of({node} if len(node) > 3 else ())

    def walk(self, value: Any) -> Any:  # noqa: ANN401 - any part of a document
        """Return the value with every text in it replaced."""
        if isinstance(value, str) and type(value) is str:
            return self.text(value)
        if isinstance(value, msgspec.Struct):
            changed = {name: self.walk(getattr(value, name)) for name in value.__struct_fields__}
            match value:
                case ForeignProcess():
                    changed |= {"name": PROGRAM, "pid": 0}
                case Environment(memory_group=str()):
                    # The last part of this path may name a user or a container.
                    changed["memory_group"] = "control group"
            return msgspec.structs.replace(value, **changed)
        if isinstance(value, dict):
            return {self.walk(key): self.walk(part) for key, part in value.items()}
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return type(value)(*map(self.walk, value))
        if isinstance(value, tuple | list | frozenset):
            return type(value)(map(self.walk, value))
        return value

    def text(self, text: str) -> str:
        """Return a text without paths and names."""
        text = self._programs.sub(PROGRAM, text)
        if self._relative is not None:
            text = self._relative.sub(lambda match: PurePath(match[0]).name, text)
        text = _ABSOLUTE.sub(lambda match: PurePath(match[0]).name or "folder", text)
        return self._machine.sub(MACHINE, text) if self._machine is not None else text


def _paths(document: ReportDocument) -> Iterator[str]:
    """Yield the absolute and relative paths in a document; sentences may contain them too."""
    yield from filter(None, (document.model.source, document.plan.data))
    for contender in document.contenders:
        yield from _pieces((contender.backend, contender.label, contender.python or "", *contender.options.values()))
    yield from _pieces(document.command)


def _pieces(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        for piece in re.split(r"[=:,@]", word):
            if "/" in piece and not _PRICE.fullmatch(piece):
                yield piece


def _programs(run: Run) -> Iterator[str]:
    """Yield the names of other programs."""
    for piece in (piece for round_ in run.rounds for piece in round_.slices):
        if piece.diagnostics is not None:
            for program in filter(None, (piece.diagnostics.top, *piece.diagnostics.others)):
                yield program.name


def _any_of(words: Iterable[str]) -> re.Pattern[str] | None:
    """Return a pattern that matches any of the words as a whole, longest first; None if there are no words."""
    ordered = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<![\w/.-])(?:{'|'.join(map(re.escape, ordered))})(?![\w/-])") if ordered else None
