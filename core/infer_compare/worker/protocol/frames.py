"""Sending and receiving messages as frames through pipes."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import ProtocolViolation
from infer_compare.worker.protocol.replies import Reply
from infer_compare.worker.protocol.requests import Request

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_FRAME = 64 * 1024 * 1024
"""The longest frame that is read, which protects the parent's memory from a faulty worker. A slice of 10^6 stamps fits."""

_LENGTH = struct.Struct(">I")

_encoder = msgspec.msgpack.Encoder()
request_decoder = msgspec.msgpack.Decoder(Request)
reply_decoder = msgspec.msgpack.Decoder(Reply)


def to_bytes(message: Request | Reply) -> bytes:
    """Return a message as bytes, without the length of a frame."""
    return _encoder.encode(message)


def frame(message: Request | Reply) -> bytes:
    """Return a message as a frame."""
    body = to_bytes(message)
    return _LENGTH.pack(len(body)) + body


def send(descriptor: int, message: Request | Reply) -> None:
    """Write a whole frame; blocks while the pipe is full.

    Raises:
        BrokenPipeError: the other side has closed the pipe.
    """
    data = memoryview(frame(message))
    while data:
        data = data[os.write(descriptor, data) :]


def receive_request(descriptor: int) -> Request | None:
    """Return the next request, or None when the parent has closed the pipe."""
    header = _read(descriptor, _LENGTH.size)
    if header is None:
        return None
    body = _read(descriptor, _LENGTH.unpack(header)[0])
    return None if body is None else request_decoder.decode(body)


def _read(descriptor: int, size: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size:
        part = os.read(descriptor, size - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)


class ReplyReader:
    """Assembles replies from pieces of any size, without blocking."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        """Reads through `read(size)`, which returns `b""` at the end of the pipe."""
        self._read = read
        self._buffer = bytearray()
        self.ended = False

    def feed(self) -> Reply | None:
        """Read once; return the next complete reply, or None if there is none yet.

        Raises:
            ProtocolViolation: the bytes are not a reply.
        """
        part = self._read(1 << 20)
        if not part:
            self.ended = True
        self._buffer += part
        return self.next()

    def next(self) -> Reply | None:
        """Return the next complete reply of the bytes that were read already, or None."""
        if len(self._buffer) < _LENGTH.size:
            return None
        (size,) = _LENGTH.unpack_from(self._buffer)
        if size > MAX_FRAME:
            raise ProtocolViolation(f"The worker announced a message of {size} bytes; at most {MAX_FRAME} are allowed.")
        end = _LENGTH.size + size
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        try:
            reply: Reply = reply_decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ProtocolViolation(f"The worker sent something that is not a message: {error}.") from error
        return reply
