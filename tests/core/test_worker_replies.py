"""What a worker may answer: whatever else comes is a violation of the protocol, and never another error."""

from __future__ import annotations

import copy
import struct
from math import inf, nan

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infer_compare.errors import ProtocolViolation
from infer_compare.interfaces import Device, FailureKind, ModelDescription, ModelSource, OperatingPoint, TensorSpec
from infer_compare.results import Memory, PhaseTimes, Slice, WorkerEnvironment
from infer_compare.worker.border import checked
from infer_compare.worker.protocol import (
    Answered,
    Bye,
    Convert,
    Describe,
    Described,
    Done,
    Explore,
    Explored,
    Failure,
    Load,
    Loaded,
    Open,
    Opened,
    Reply,
    ReplyReader,
    Request,
    Room,
    Serve,
    ServeBatch,
    Serving,
    Stage,
    Timed,
    TimeSlice,
    WarmedUp,
    WarmUp,
    frame,
)
from quiet_slices import quiet

POSTED, ANSWERED = 10**12, 10**12 + 10**9
"""The parent waited for a second."""
ONE = OperatingPoint(1)
MODEL = ModelSource(format="onnx", location="/tmp/m.onnx", name="m")
CALM = quiet(10**8, threads=1)
SLICE = TimeSlice(point=ONE, scope="end_to_end", latency_ns=10**6, start_ns=POSTED + 10)
TOGETHER = {"window_ns": 1, "calls": [1.0, 1.0], "stamps": [1, 1], "skew_ns": 0}
SPEC = TensorSpec("x", "float32", ("batch", 8))
HONEST: tuple[tuple[Request, Reply], ...] = (
    (
        Open(backend="onnx", options={}, threads=1, seed=0),
        Opened(
            protocol=1, version="1.2+cpu", devices=(Device("cpu"),), began_ns=POSTED + 5, import_ns=5, schedstat=True,
            environment=WorkerEnvironment(interpreter="/bin/python", python="3.11", variables={"OMP_NUM_THREADS": "1"}),
        ),
    ),
    (
        Load(model=MODEL, device="cpu"),
        Loaded(
            inputs=(SPEC,), outputs=(SPEC,), effective={"precision": "float32"}, load_ns=1, to_device_ns=1, resident=1
        ),
    ),
    (
        Explore(point=ONE, outputs="/out", rows=(0,)),
        Explored(
            prepare_ns=0, first_call_ns=9, latency_ns=7, memory=Memory(resident=2**20), written=("/out/1-0-0.npy",)
        ),
    ),
    (
        WarmUp(point=ONE, scope="device"),
        WarmedUp(
            prepare_ns=0, first_call_ns=9, calls=3, total_ns=30, latency_ns=7, steady=True, compilations=None
        ),
    ),
    (
        SLICE,
        Timed(
            started_ns=POSTED + 10, durations_ns=(10**6, 10**6), calls_per_stamp=1, discarded=3,
            phases=PhaseTimes(stage_ns=(1, 1), run_ns=(2, 2), fetch_ns=(3, 3)), diagnostics=CALM,
        ),
    ),
    (
        Describe(model=MODEL, folder="/tmp"),
        Described(description=ModelDescription(source=MODEL, inputs=(SPEC,), files=("/tmp/m.onnx",))),
    ),
    (Convert(converter="c", model=MODEL, target="/out/m.onnx"), Done()),
    (Stage(point=ONE, scope="device"), Done()),
    (Serve(path="/out/rows", points=(ONE,), rooms=(Room(offset=0, shape=(1, 4), dtype="<f4"),)), Serving(outputs=40)),
    (ServeBatch(rows=1), Answered(outputs=40)),
    (Bye(), Done()),
)  # fmt: skip
NASTY = st.sampled_from([
    None, True, -1, 0, 1, 2**31, 2**62, 2**63 - 1, 2**64 - 1, -(2**63), nan, inf, -inf, -1.0, 1e308, "", "\0", "\x1b[31m",
    "../../x", "x" * 30_000, b"\xff", [], [0], [-1], [2**63 - 1] * 3, [[]], {}, {"a": 1}, [None], ["\n"],
])  # fmt: skip


def heard(request: Request, reply: dict[str, object]) -> Reply:
    """What the parent takes from a pipe for an answer."""
    body = msgspec.msgpack.encode(reply)
    pieces = [struct.pack(">I", len(body)) + body, b""]
    found = ReplyReader(lambda _: pieces.pop(0)).feed()
    assert found is not None
    return checked(request, found, posted_ns=POSTED, answered_ns=ANSWERED)


@pytest.mark.parametrize(("request_", "reply"), HONEST)
def test_an_honest_answer_is_taken(request_, reply) -> None:
    """As it is."""
    assert heard(request_, msgspec.to_builtins(reply)) == reply


@settings(deadline=None, max_examples=120)
@given(pair=st.sampled_from(HONEST), data=st.data())
def test_an_answer_that_was_tampered_with_is_taken_or_refused(pair, data) -> None:
    """Whatever stands in its fields, at any depth; what is taken can be stored and read again."""
    request, reply = pair
    told = msgspec.to_builtins(reply)
    for _ in range(data.draw(st.integers(1, 3))):
        part = told
        while True:
            keys = list(part) if isinstance(part, dict) else range(len(part))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(part[key], (dict, list)) and data.draw(st.booleans()):
                part = part[key]
                continue
            if isinstance(part, (dict, list)):
                part[key] = copy.deepcopy(data.draw(NASTY))
            break
    try:
        taken = heard(request, told)
    except ProtocolViolation:
        return
    if isinstance(taken, Timed):
        piece = Slice(
            contender="a", position=0, started_ns=taken.started_ns, durations_ns=taken.durations_ns,
            calls_per_stamp=taken.calls_per_stamp, discarded=taken.discarded, samples=taken.samples,
            phases=taken.phases, diagnostics=taken.diagnostics,
        )  # fmt: skip
        assert msgspec.json.decode(msgspec.json.encode(piece), type=Slice) == piece
        assert piece.mean_ns > 0


@settings(deadline=None, max_examples=64)
@given(request=st.sampled_from([request for request, _ in HONEST]), reply=st.sampled_from([one for _, one in HONEST]))
def test_the_answer_to_another_request_is_refused(request, reply) -> None:
    """Each request has one kind of answer, beside a failure."""
    own = {type(asked): type(answer) for asked, answer in HONEST}
    if own[type(request)] is not type(reply):
        with pytest.raises(ProtocolViolation, match="was expected"):
            checked(request, reply, posted_ns=POSTED, answered_ns=ANSWERED)


LIES = (
    (SLICE, {"calls_per_stamp": 0}, "calls_per_stamp"),
    (SLICE, {"durations_ns": []}, "durations_ns"),
    (SLICE, {"durations_ns": [0]}, "durations_ns"),
    (SLICE, {"durations_ns": [2 * 10**9], "phases": None}, "when its calls ran"),
    (SLICE, {"started_ns": POSTED - 10**9}, "when its calls ran"),
    (SLICE, {"started_ns": POSTED + 9}, "when its calls ran"),
    (SLICE, {"instances": TOGETHER}, "instances beside itself"),
    (SLICE, {"samples": 5}, "how many samples"),
    (SLICE, {"phases": {"stage_ns": [1], "run_ns": [1], "fetch_ns": [1]}}, "phases"),
    (SLICE, {"diagnostics": {**msgspec.to_builtins(CALM), "wall_ns": 10**11}}, "how long its slice took"),
    (SLICE, {"diagnostics": {**msgspec.to_builtins(CALM), "steal_share": nan}}, "steal_share"),
    (HONEST[2][0], {"written": ["/etc/passwd"]}, "which outputs"),
    (HONEST[2][0], {"written": ["/out/../1-0-0.npy"]}, "which outputs"),
    (HONEST[2][0], {"memory": {"resident": -1}}, "resident"),
    (HONEST[2][0], {"latency_ns": 10**10}, "how long its calls took"),
    (HONEST[3][0], {"total_ns": 10**10}, "how long warming up took"),
    (HONEST[1][0], {"effective": {"precision": "float32\x1b[2J"}}, "effective"),
    (HONEST[0][0], {"version": "1\n2"}, "version"),
    (HONEST[0][0], {"import_ns": 10**10}, "how long importing took"),
)


@pytest.mark.parametrize(("request_", "lie", "what"), LIES)
def test_a_lie_is_named(request_, lie, what) -> None:
    """By its field, or in words where only the parent can tell."""
    honest = next(reply for asked, reply in HONEST if asked is request_)
    with pytest.raises(ProtocolViolation, match=what):
        heard(request_, {**msgspec.to_builtins(honest), **lie})


def test_control_characters_in_the_text_of_a_failure_are_written_out() -> None:
    """They would change the terminal of whoever reads the report."""
    failure = Failure(
        kind=FailureKind.NO, fatal=False, error="Bad\x07", category="error", text="\x1b[31mred\nline", traceback="\x00"
    )
    taken = checked(SLICE, failure, posted_ns=POSTED, answered_ns=ANSWERED)
    assert isinstance(taken, Failure)
    assert (taken.error, taken.text, taken.traceback) == ("Bad\\x07", "\\x1b[31mred\nline", "\\x00")


def test_more_durations_than_any_slice_has_are_refused_unread() -> None:
    """Before memory is taken for them."""
    body = bytearray(msgspec.msgpack.encode(msgspec.to_builtins(HONEST[4][1])))
    at = body.index(b"durations_ns") + len("durations_ns")
    body[at : at + 1] = b"\xdd\x7f\xff\xff\xff"
    pieces = [struct.pack(">I", len(body)) + bytes(body), b""]
    with pytest.raises(ProtocolViolation, match="length <= 10000000"):
        ReplyReader(lambda _: pieces.pop(0)).feed()


def test_a_deeply_nested_message_is_refused() -> None:
    """Without using up the stack."""
    body = b"\x81\xa4type" + b"\x91" * 100_000
    pieces = [struct.pack(">I", len(body)) + body, b""]
    with pytest.raises(ProtocolViolation):
        ReplyReader(lambda _: pieces.pop(0)).feed()
    assert frame(Done())
