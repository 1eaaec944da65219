"""The progress of a run, read from the records that its machine sends."""

from __future__ import annotations

import msgspec

from infer_compare.foreign import one_line
from infer_compare.interfaces.values import OperatingPoint

LONGEST = 60


class _Line(msgspec.Struct):
    """The fields of a record that are read here; those that a line lacks stay empty."""

    type: str = ""
    contender: str = ""
    point: OperatingPoint | None = None
    index: int | None = None
    topic: str = ""
    text: str = ""
    state: str = ""


_decoder = msgspec.json.Decoder(_Line)


def progress_of(data: bytes) -> str:
    """Return the last line of a piece of a run file in a few words for people; empty if it has no meaning for them."""
    line = _last(data)
    return one_line(_words(line), LONGEST) if line is not None else ""


def closing_state(data: bytes) -> str:
    """Return how a run ended, if the last line of a piece of its file is its closing record; else an empty text."""
    line = _last(data)
    return line.state if line is not None and line.type == "closing" else ""


def _last(data: bytes) -> _Line | None:
    try:
        return _decoder.decode(data.rstrip(b"\n").rsplit(b"\n", 1)[-1])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def _words(line: _Line) -> str:
    at = f" at {line.point}" if line.point is not None else ""
    match line.type:
        case "header":
            return "planned"
        case "start":
            return f"{line.contender} started"
        case "probe":
            return f"tried {line.contender}{at}"
        case "limit":
            return f"searched the memory limit of {line.contender}"
        case "agreement":
            return f"checked the outputs of {line.contender}"
        case "round":
            return f"measured round {line.index}{at}" if line.index is not None else f"measured{at}"
        case "death":
            return f"lost the worker of {line.contender}{at}"
        case "note":
            return f"{line.topic}: {line.text}"
        case "closing":
            return line.state
        case _:
            return ""
