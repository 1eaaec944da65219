"""A contender as it is asked for: typed after `-b`, or as a table of a file or a dictionary."""

from __future__ import annotations

import re
from typing import Annotated, Any, get_origin

import msgspec

from infer_compare import limits
from infer_compare.errors import OptionError, UsageError

DEFAULT_BACKENDS = ("torch", "onnx")
"""Those that are compared where none is named."""
REFERENCE = "reference"
"""The backend that is always there: outputs are compared with its own, and a comparison needs another."""

FILE = re.compile(r"(?P<path>.+\.py):(?P<name>[A-Za-z_]\w*)")
"""A backend without a package."""

_FILE_FIRST = re.compile(rf"(?P<backend>{FILE.pattern})(?::(?P<options>.*))?")
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""A comma outside of quotation marks."""
_DEVICE = re.compile(r"(?P<head>.+)@(?P<device>[a-z]\w*(?::\d+)?)")


class ContenderRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contender in parts: a backend with its options, and what the core itself understands of every contender."""

    backend: str
    """A name, or `FILE.py:Class`."""
    options: dict[str, str | int | float | bool] = {}
    """Of the backend."""
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
        """Return the contender in parts, in whichever form it was given; a text may also stand in `backend`.

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
        """The options of the backend as they would be typed."""
        return {key: _typed(value) for key, value in self.options.items()}

    @property
    def keys(self) -> dict[str, str]:
        """What the core understands of it, as it would be typed."""
        return {name: str(value) for name in CORE if (value := getattr(self, name)) is not None}

    def __str__(self) -> str:
        """As it would be typed after `-b`."""
        words = {**self.texts, **self.keys}
        parts = [f'{key}="{value}"' if "," in value else f"{key}={value}" for key, value in words.items()]
        return self.backend + (f":{','.join(parts)}" if parts else "") + (f"@{self.device}" if self.device else "")


CORE = {
    field.name: field.type.__metadata__[0]
    for field in msgspec.structs.fields(ContenderRequest)
    if get_origin(field.type) is Annotated
}
"""Keys of a contender's text that are the core's, and no options of its backend; with what each does, as help says it."""
LATER = ("threads", "precision", "instances")
"""Those of them that plugins could have as options of their own before they were the core's. A backend that has one keeps it."""
_NUMBERS = {"threads": limits.MOST_THREADS, "instances": limits.MOST_INSTANCES}


def _parsed(text: str) -> ContenderRequest:
    """`NAME` or `FILE.py:Class`, then `:key=value,...`, then `@DEVICE`."""
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
    own: dict[str, Any] = {key: words.pop(key) for key in CORE if key in words}
    for key, most in _NUMBERS.items():
        if key in own:
            try:
                own[key] = limits.whole_number(own[key], 1, most)
            except ValueError as error:
                raise OptionError(f"In {text!r}: {key}={own[key]} does not fit: {error}.") from error
    return ContenderRequest(backend=backend, options=words, device=device, **own)


def _typed(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
