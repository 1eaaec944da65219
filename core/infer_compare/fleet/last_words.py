"""What a run says last, from the records that its machine sends."""

from __future__ import annotations

import msgspec

from infer_compare.foreign import one_line
from infer_compare.interfaces.values import OperatingPoint

LONGEST = 60


class _Line(msgspec.Struct):
    """What is read of a record; all that a line does not have stays empty."""

    type: str = ""
    contender: str = ""
    point: OperatingPoint | None = None
    index: int | None = None
    topic: str = ""
    text: str = ""
    state: str = ""


_decoder = msgspec.json.Decoder(_Line)


def last_words(data: bytes) -> str:
    """Return what the last of some lines of a run file says, in a few words; empty where it says nothing to people."""
    line = _last(data)
    return one_line(_words(line), LONGEST) if line is not None else ""


def closing_state(data: bytes) -> str:
    """Return how a run ended by the last line of its file; empty where that is not its end."""
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
