"""Recognizing the formats of model files by their names, as backends declare them in `Capabilities.suffixes`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from infer_compare.paths import is_file, is_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.plugins.entries import BackendEntry

ONNX = "onnx"
"""The exchange format, which is read without any backend."""
LONGEST_ENDING = 64
_FILES = re.compile(r"(\.[\w-]+)+(\+(\.[\w-]+)+)*", re.ASCII)
_MEMBER = re.compile(r"/[\w.-]*\w", re.ASCII)


class Ending(NamedTuple):
    """How a model of a format is recognized: by the suffix of its file, or by a file in its folder."""

    suffix: str
    """In lower case; empty for a folder that is recognized by its content."""
    companions: tuple[str, ...] = ()
    """Suffixes of further files of the model, with the same stem."""
    member: str = ""
    """The file by which a folder is recognized."""

    @classmethod
    def parse(cls, text: str) -> Ending:
        """Parse an ending such as `.tflite`, `.xml+.bin` or `/saved_model.pb`.

        Raises:
            ValueError: the text has another form.
        """
        if len(text) <= LONGEST_ENDING and _MEMBER.fullmatch(text):
            return cls("", (), text[1:])
        if len(text) > LONGEST_ENDING or not _FILES.fullmatch(text):
            raise ValueError(f"{text!r} is not an ending; write .tflite, .xml+.bin or /saved_model.pb")
        suffix, *companions = text.split("+")
        return cls(suffix.lower(), tuple(companions))

    def matches(self, path: Path) -> bool:
        """Return whether a path matches the ending; only for folders the file system is accessed."""
        if self.member:
            return is_file(path / self.member)
        return len(path.name) > len(self.suffix) and path.name.lower().endswith(self.suffix)

    def files(self, path: Path) -> tuple[Path, ...]:
        """Return the file or folder of a matching model, and its companion files."""
        stem = path.name.removesuffix(path.name[-len(self.suffix) :]) if self.suffix else ""
        return (path, *(path.with_name(stem + companion) for companion in self.companions))

    def __str__(self) -> str:
        """Return the ending as declared."""
        return f"/{self.member}" if self.member else "+".join((self.suffix, *self.companions))


class Claim(NamedTuple):
    """A backend's declaration that files with an ending are of a format."""

    ending: Ending
    format: str
    backend: str
    """Empty for ONNX, which needs no backend."""


class Endings:
    """The endings of all backends of an installation."""

    def __init__(self, entries: Iterable[BackendEntry] = ()) -> None:
        """Collects the endings of backends in the order of their registration."""
        self._claims = (
            Claim(Ending.parse(".onnx"), ONNX, ""),
            *(
                Claim(ending, form, entry.name)
                for entry in entries
                for form, endings in entry.endings.items()
                for ending in endings
            ),
        )

    def claim(self, text: str, preferred: Sequence[str] = ()) -> Claim | None:
        """Return the claim that applies to a path; None if no backend knows its ending.

        If several apply, those of backends that take part win, then the longest ending, then the backend registered first.

        Args:
            text: the path as it was typed.
            preferred: the backends that take part.
        """

        def rank(claim: Claim) -> tuple[bool, int]:
            return claim.backend not in preferred, -len(claim.ending.suffix)

        path = Path(text)
        return min((claim for claim in self._claims if claim.ending.matches(path)), key=rank, default=None)

    def owner(self, path: Path) -> Path | None:
        """Return the model file to which a companion file belongs, such as `net.xml` for `net.bin`, if it exists."""
        for claim in self._claims:
            for companion in claim.ending.companions:
                if path.name.endswith(companion):
                    model = path.with_name(path.name.removesuffix(companion) + claim.ending.suffix)
                    if is_file(model) or is_folder(model):
                        return model
        return None

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The suffixes of model files, each once."""
        return tuple(dict.fromkeys(claim.ending.suffix for claim in self._claims if claim.ending.suffix))

    @property
    def members(self) -> tuple[str, ...]:
        """The files by which folders are recognized, each once."""
        return tuple(dict.fromkeys(claim.ending.member for claim in self._claims if claim.ending.member))
