"""Requested contenders: as text after `-b`, or as a table in a file or a dictionary in Python."""

from __future__ import annotations

import re
from typing import Annotated, Any, get_origin

import msgspec

from infer_compare import limits
from infer_compare.errors import OptionError, UsageError

DEFAULT_BACKENDS = ("torch", "onnx")
"""The backends that are compared if none is named."""
REFERENCE = "reference"
"""The backend that is always installed, with whose outputs those of others are compared."""

FILE = re.compile(r"(?P<path>.+\.py):(?P<name>[A-Za-z_]\w*)")
"""A backend in a Python file, without a package."""

_FILE_FIRST = re.compile(rf"(?P<backend>{FILE.pattern})(?::(?P<options>.*))?")
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""A comma outside of quotation marks."""
_DEVICE = re.compile(r"(?P<head>.+)@(?P<device>[a-z]\w*(?::\d+)?)")


class ContenderRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A requested contender: a backend with its options, and settings that the core handles for all contenders."""

    backend: str
    """A name, or `FILE.py:Class`."""
    options: dict[str, str | int | float | bool] = {}
    """Options of the backend."""
    device: str | None = None
    label: Annotated[str | None, "sets its name"] = None
    route: Annotated[str | None, "is native, exported or imported"] = None
    """`native`, `exported` or `imported`."""
    python: Annotated[str | None, "sets its Python interpreter"] = None
    threads: Annotated[Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_THREADS)] | None, "sets its threads"] = None
    precision: Annotated[str | None, "sets the precision it computes in"] = None
    instances: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_INSTANCES)] | None, "runs so many copies at the same time"
    ] = None

    @classmethod
    def of(cls, given: str | ContenderRequest) -> ContenderRequest:
        """Return a contender parsed from text, or from a request whose `backend` may itself contain such a text.

        Raises:
            UsageError: it names no backend, or its options cannot be understood.
        """
        if isinstance(given, str):
            return _parsed(given)
        head = _parsed(given.backend)
        keys = {name: getattr(given, name) or getattr(head, name) for name in ("device", *CORE)}
        return ContenderRequest(backend=head.backend, options={**head.options, **given.options}, **keys)

    @property
    def texts(self) -> dict[str, str]:
        """The options of the backend as texts."""
        return {key: _typed(value) for key, value in self.options.items()}

    @property
    def keys(self) -> dict[str, str]:
        """The settings that the core handles, as texts."""
        return {name: str(value) for name in CORE if (value := getattr(self, name)) is not None}

    def __str__(self) -> str:
        """Return the contender as typed after `-b`."""
        words = {**self.texts, **self.keys}
        parts = [f'{key}="{value}"' if "," in value else f"{key}={value}" for key, value in words.items()]
        return self.backend + (f":{','.join(parts)}" if parts else "") + (f"@{self.device}" if self.device else "")


CORE = {
    field.name: field.type.__metadata__[0]
    for field in msgspec.structs.fields(ContenderRequest)
    if get_origin(field.type) is Annotated
}
"""Keys of a contender's text that the core handles, with the words of the help text; all others are options of the backend."""
LATER = ("threads", "precision", "instances")
"""Keys that the core took over later: a backend that already has an option of this name keeps it."""
_NUMBERS = {"threads": limits.MOST_THREADS, "instances": limits.MOST_INSTANCES}


def _parsed(text: str) -> ContenderRequest:
    """Parse `NAME` or `FILE.py:Class`, followed by `:key=value,...` and `@DEVICE`, both optional."""
    text = text.strip()
    if not text:
        raise UsageError("A backend name is empty; write for example --backends torch,onnx.")
    match = _DEVICE.fullmatch(text)
    head, device = (match["head"], match["device"]) if match else (text, None)
    file = _FILE_FIRST.fullmatch(head)
    backend, options = (file["backend"], file["options"] or "") if file else head.partition(":")[::2]
    words: dict[str, str | int | float | bool] = {}
    for part in filter(None, (piece.strip() for piece in _COMMA.split(options))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise OptionError(f"In {text!r}: {part!r} is not an option; write key=value.")
        if key.strip() in words:
            raise OptionError(f"In {text!r}: the option {key.strip()!r} is given twice.")
        words[key.strip()] = value.strip().strip('"')
    keys: dict[str, Any] = {key: words.pop(key) for key in CORE if key in words}
    for key, most in _NUMBERS.items():
        if key in keys:
            try:
                keys[key] = limits.whole_number(keys[key], 1, most)
            except ValueError as error:
                raise OptionError(f"In {text!r}: {key}={keys[key]} does not fit: {error}.") from error
    return ContenderRequest(backend=backend, options=words, device=device, **keys)


def _typed(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
