"""Messages travel whole, in whatever pieces, and what is no message is refused."""

from __future__ import annotations

import os
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.errors import ProtocolViolation
from infer_compare.foreign import escaped
from infer_compare.interfaces import FailureKind, OperatingPoint
from infer_compare.results import Memory
from infer_compare.worker.protocol import (
    MAX_FRAME,
    Begins,
    Bye,
    Done,
    Explore,
    Explored,
    Failure,
    Reply,
    ReplyReader,
    frame,
    receive_request,
    send,
)
from infer_compare.worker.supervisor.ring import Ring

NUMBER = st.integers(0, 2**60)
REPLIES: st.SearchStrategy[Reply] = st.one_of(
    st.builds(Done, number=NUMBER),
    st.builds(Begins, number=NUMBER, point=st.builds(OperatingPoint, st.integers(1, 10**6))),
    st.builds(
        Explored,
        number=NUMBER,
        prepare_ns=NUMBER,
        first_call_ns=NUMBER,
        latency_ns=st.integers(1, 2**60),
        memory=st.builds(Memory, resident=st.none() | NUMBER),
        written=st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=3).map(tuple),
    ),
    st.builds(
        Failure,
        kind=st.sampled_from(FailureKind),
        fatal=st.booleans(),
        error=st.just("E"),
        category=st.just("error"),
        text=st.text(st.characters(codec="utf-8")),
        traceback=st.just(""),
    ),
)


class Pieces:
    """A pipe that gives what it holds in given pieces, and then its end."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data = data
        self._sizes = iter(sizes)

    def read(self, size: int) -> bytes:
        take = min(size, next(self._sizes, size))
        part, self._data = self._data[:take], self._data[take:]
        return part


def read_all(pipe: Pieces) -> list[Reply]:
    """Every reply until the pipe ends."""
    reader = ReplyReader(pipe.read)
    found = []
    while not reader.ended:
        reply = reader.feed()
        while reply is not None:
            found.append(reply)
            reply = reader.next()
    return found


@settings(deadline=None)
@given(replies=st.lists(REPLIES, max_size=5), sizes=st.lists(st.integers(1, 40), max_size=30))
def test_replies_arrive_whole_and_in_order_in_whatever_pieces(replies: list[Reply], sizes: list[int]) -> None:
    """A pipe knows no borders between messages."""
    assert read_all(Pieces(b"".join(map(frame, replies)), sizes)) == replies


@settings(deadline=None)
@given(reply=REPLIES, data=st.data())
def test_half_a_reply_is_none(reply: Reply, data: st.DataObject) -> None:
    """However much of it came."""
    whole = frame(reply)
    assert read_all(Pieces(whole[: data.draw(st.integers(0, len(whole) - 1))], [])) == []


@settings(deadline=None)
@given(rubbish=st.binary(max_size=200), framed=st.booleans())
def test_rubbish_is_refused_or_not_yet_a_message(rubbish: bytes, framed: bool) -> None:
    """Never another error."""
    data = struct.pack(">I", len(rubbish)) + rubbish if framed else rubbish
    try:
        found = read_all(Pieces(data, []))
    except ProtocolViolation:
        return
    assert found or not framed


@settings(deadline=None)
@given(reply=REPLIES, place=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_reply_with_a_changed_byte_is_another_reply_or_refused(reply: Reply, place: int, byte: int) -> None:
    """The body is checked against the types of its message."""
    data = bytearray(frame(reply))
    place = 4 + place % (len(data) - 4)
    data[place] = byte
    try:
        (found,) = read_all(Pieces(bytes(data), []))
    except ProtocolViolation:
        return
    assert frame(found)


@pytest.mark.parametrize("size", [MAX_FRAME + 1, 2**32 - 1])
def test_a_reply_that_claims_to_be_huge_is_refused_before_it_is_read(size: int) -> None:
    """It must not cost the parent its memory."""
    with pytest.raises(ProtocolViolation, match=f"announced a message of {size} bytes"):
        read_all(Pieces(struct.pack(">I", size), []))


def test_requests_arrive_as_they_were_sent() -> None:
    """Until the parent closes the pipe."""
    read, write = os.pipe()
    request = Explore(number=7, point=OperatingPoint(4, (("seq", 128),)), rows=(0, 3))
    try:
        send(write, request)
        send(write, Bye(number=8))
        assert receive_request(read) == request
        assert receive_request(read) == Bye(number=8)
        os.write(write, frame(request)[:9])
        os.close(write)
        assert receive_request(read) is None
        assert receive_request(read) is None
    finally:
        os.close(read)


@settings(deadline=None)
@given(parts=st.lists(st.binary(max_size=30), max_size=10), capacity=st.integers(1, 40))
def test_the_last_of_what_was_written_is_kept(parts: list[bytes], capacity: int) -> None:
    """In as many pieces as it came, and whatever bytes they were."""
    ring = Ring(capacity)
    for part in parts:
        ring.add(part)
    kept = b"".join(parts)[-capacity:].decode("utf-8", "backslashreplace").strip()
    assert ring.text == escaped(kept, keep="\n\t")
    assert not set(ring.text) & {"\x00", "\x1b", "\r"}
