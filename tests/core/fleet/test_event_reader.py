"""What comes from a machine: cut anywhere, mixed with other texts, of other attempts; and files that grow."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.fleet.node.messages import line
from infer_compare.fleet.node.tail import Tail
from infer_compare.launchers import Beat, Ended, EventReader, Lines, Lost

EVENTS = st.one_of(
    st.just(Beat(job="a", attempt=2)),
    st.builds(Lines, job=st.just("a"), attempt=st.just(2), offset=st.integers(0, 99), text=st.text(max_size=30)),
    st.builds(Ended, job=st.just("a"), attempt=st.just(2), rc=st.integers(-9, 255), stderr=st.text(max_size=30)),
    st.builds(Lost, job=st.just("a"), attempt=st.just(2), why=st.text(max_size=30)),
)
NOISE = st.sampled_from(
    [b"Welcome to gpu1\n", b"\n", b"{}\n", b'{"type":"beat"}\n', b"\xff\xfe\n", line(Beat(job="a", attempt=1))]
)


@settings(max_examples=40)
@given(st.lists(EVENTS | NOISE), st.lists(st.integers(0, 400)))
def test_events_are_the_same_however_the_bytes_are_cut(sent, cuts):
    """What is no event of the attempt is left out."""
    data = b"".join(each if isinstance(each, bytes) else line(each) for each in sent)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    reader = EventReader("a", 2)
    read = [event for start, end in pairwise(places) for event in reader.feed(data[start:end])]
    assert read == [each for each in sent if not isinstance(each, bytes)]


def test_what_is_no_event_is_kept_to_be_told():
    """As the cause why a job is lost."""
    reader = EventReader("a", 1)
    assert reader.feed(b"bash: python3: command not found\n") == []
    assert reader.other.text == "bash: python3: command not found"


@settings(max_examples=40)
@given(st.lists(st.binary(max_size=20), max_size=20))
def test_a_tail_gives_every_whole_line_once_with_its_place(parts):
    """In as many bytes as the file has, whatever they are."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "run.jsonl")
        tail = Tail(path)
        assert list(tail.read()) == []
        pieces = []
        with path.open("wb", buffering=0) as file:
            for part in parts:
                os.write(file.fileno(), part)
                pieces += tail.read()
        tail.close()
        whole = b"".join(parts).rpartition(b"\n")
        assert "".join(text for _, text in pieces).encode() == _readable(whole[0] + whole[1], pieces)
        for (offset, text), (after, _) in pairwise(pieces):
            assert offset + len(text.encode()) == after


def _readable(data, pieces):
    """The bytes of the file; those of a piece that is no text have question marks."""
    read = b""
    for offset, text in pieces:
        piece = data[offset : offset + len(text.encode())]
        try:
            piece.decode()
        except UnicodeDecodeError:
            piece = bytes(byte if byte < 128 else ord("?") for byte in piece)
        read += piece
    assert len(read) == len(data)
    return read
