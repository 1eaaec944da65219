"""A line of a run file: a record as JSON, the line's number, and a checksum over both.

The checksum reveals changed bytes; the number reveals a missing, repeated or misplaced line. Both are the last keys of the JSON object,
so a line is plain JSON. A line without them, for example after editing by hand, is accepted.
"""

from __future__ import annotations

import re
import zlib
from typing import Any, NamedTuple

import msgspec

from infer_compare.results import AnyRecord

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyRecord)
_SEAL = re.compile(rb',"line":([1-9][0-9]{0,15}),"crc":"([0-9a-f]{8})"\}\Z')
_TYPE = re.compile(rb'\{"type":"([a-z]+)"')
KINDS = frozenset(str(kind.__struct_config__.tag) for kind in AnyRecord.__args__)

SEAL_SCHEMA = {
    "line": {
        "type": "integer",
        "minimum": 1,
        "description": "Number of the line in the file; absent, like the checksum, in a line that was edited by hand.",
    },
    "crc": {
        "type": "string",
        "pattern": "^[0-9a-f]{8}$",
        "description": "CRC-32 (as zlib's) of the line's bytes before `,\"crc\":`, in hexadecimal; the last key of the line.",
    },
}


class DamagedLine(Exception):
    """A line is damaged; the text says what is wrong, as a clause."""


class Line(NamedTuple):
    """A decoded line: its record and its number."""

    record: AnyRecord
    number: int | None
    """None in a line without a checksum."""


def encode(record: AnyRecord, number: int) -> bytes:
    """Return a record as a line, including its newline."""
    body = b'%b,"line":%d' % (_encoder.encode(record)[:-1], number)
    return b'%b,"crc":"%08x"}\n' % (body, zlib.crc32(body))


def decode(line: bytes) -> Line:
    """Return the record of a line.

    Args:
        line: without its newline.

    Raises:
        DamagedLine: the checksum does not fit, the line is not JSON, or it is not a valid record.
    """
    seal = _SEAL.search(line)
    if seal is not None and zlib.crc32(line[: seal.start(2) - len(b',"crc":"')]) != int(seal[2], 16):
        raise DamagedLine("its checksum does not fit")
    try:
        return Line(_decoder.decode(line), int(seal[1]) if seal is not None else None)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedLine(str(error)) from error


def kind_of(line: bytes) -> str:
    """Return the kind of record that a damaged line seems to contain; empty if it is not recognizable."""
    match = _TYPE.match(line)
    kind = match[1].decode() if match is not None else ""
    return kind if kind in KINDS else ""


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a line: a record with the line's number and checksum."""
    made = msgspec.json.schema(AnyRecord)
    for kind in AnyRecord.__args__:
        made["$defs"][kind.__name__]["properties"].update(SEAL_SCHEMA)
    return made
