"""Checks of a worker's answers before they are used.

A worker runs code of others, so its answers are not trusted. The types of the messages limit each number and text. This module
checks what depends on the request and the parent's clock: nothing can have taken longer than the parent waited for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import ProtocolViolation
from infer_compare.foreign import escaped
from infer_compare.limits import MOST_AXES
from infer_compare.worker.protocol import (
    Answered,
    Begins,
    Bye,
    Collect,
    Convert,
    Describe,
    Described,
    Done,
    Explore,
    Explored,
    Failure,
    Inputs,
    Load,
    Loaded,
    Open,
    Opened,
    PlannedVariant,
    PlanVariant,
    Reply,
    Request,
    Serve,
    ServeBatch,
    Serving,
    Stage,
    Timed,
    TimeSlice,
    WarmedUp,
    WarmUp,
    WriteVariant,
    WrittenVariant,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import ModelSource, TensorSpec
    from infer_compare.results import WorkerEnvironment
    from infer_compare.results.slices import PhaseTimes

ANSWERS: dict[type[Request], type[Reply]] = {
    Open: Opened,
    Load: Loaded,
    Inputs: Done,
    Explore: Explored,
    WarmUp: WarmedUp,
    Stage: Done,
    TimeSlice: Timed,
    Serve: Serving,
    ServeBatch: Answered,
    Describe: Described,
    PlanVariant: PlannedVariant,
    WriteVariant: WrittenVariant,
    Convert: Done,
    Collect: Done,
    Bye: Done,
}
CLOCK_NS = 1_000_000
"""The largest error between readings of the machine's clock in two processes."""
MOST_TENSORS = 10_000
MOST_PAIRS = 2000
"""The most environment variables and packages that a worker may report."""
LONGEST_NAME = 4096
WHITE = "\n\t"


def checked(request: Request, reply: Reply, *, posted_ns: int, answered_ns: int) -> Reply:
    """Return a worker's reply, if it is a possible answer to the request.

    Control characters in the texts of a failure are escaped.

    Args:
        request: the request.
        reply: the reply, of any valid type.
        posted_ns: the monotonic clock before the request was sent.
        answered_ns: the monotonic clock after the reply arrived.

    Raises:
        ProtocolViolation: the reply is impossible.
    """
    if isinstance(reply, Failure):
        return msgspec.structs.replace(
            reply,
            error=escaped(reply.error, keep=WHITE),
            text=escaped(reply.text, keep=WHITE),
            traceback=escaped(reply.traceback, keep=WHITE),
        )
    expected = ANSWERS[type(request)]
    if not isinstance(reply, expected):
        raise ProtocolViolation(f"The worker answered {type(reply).__name__} where {expected.__name__} was expected.")
    waited_ns = answered_ns - posted_ns
    match reply:
        case Opened():
            _require(
                all(device.kind.isidentifier() and _is_line(device.description) for device in reply.devices),
                "its devices",
            )
            # A worker reads this request as soon as it has started, possibly long before its answer is awaited.
            _require(reply.began_ns <= answered_ns, "when it began")
            _require(reply.import_ns <= waited_ns + CLOCK_NS, "how long importing took")
            _require(reply.environment is None or _is_environment(reply.environment), "its environment")
        case Loaded():
            _require(reply.load_ns + reply.to_device_ns <= waited_ns + CLOCK_NS, "how long loading took")
        case Described():
            _description(reply)
        case PlannedVariant():
            _require(reply.plan is None or _is_line(reply.plan.text), "which model it would make")
        case WrittenVariant():
            _source(reply.model)
        case Explored():
            assert isinstance(request, Explore)
            took_ns = reply.prepare_ns + max(reply.first_call_ns, reply.latency_ns)
            _require(took_ns <= waited_ns + CLOCK_NS, "how long its calls took")
            _require(reply.written == _names(request, len(reply.written)), "which outputs it wrote")
        case WarmedUp():
            took_ns = reply.prepare_ns + max(reply.first_call_ns, reply.total_ns)
            _require(took_ns <= waited_ns + CLOCK_NS, "how long warming up took")
        case Timed():
            assert isinstance(request, TimeSlice)
            _timed(request, reply, posted_ns, answered_ns)
        case Begins() | Done() | Serving() | Answered():
            pass
    return reply


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise ProtocolViolation(f"The worker sent an impossible value: {what}.")


def _timed(request: TimeSlice, reply: Timed, posted_ns: int, answered_ns: int) -> None:
    """Check that a slice is within the time that the parent waited, and that its parts fit into it.

    Raises:
        ProtocolViolation: this is not so.
    """
    total_ns = sum(reply.durations_ns)
    begins = max(posted_ns - CLOCK_NS, request.start_ns or 0) <= reply.started_ns
    _require(begins and reply.started_ns + total_ns <= answered_ns + CLOCK_NS, "when its calls ran, and for how long")
    _require(reply.instances is None, "instances beside itself")
    _require(reply.diagnostics.wall_ns <= answered_ns - posted_ns + CLOCK_NS, "how long its slice took")
    _require((reply.samples is not None) == (request.scope == "dataset"), "how many samples an iteration has")
    if reply.phases is not None:
        loads = bool(reply.phases.load_ns)
        _require(request.scope != "device" and loads == (request.scope == "dataset"), "the phases of its calls")
        _phases(reply.phases, len(reply.durations_ns), total_ns)


def _phases(phases: PhaseTimes, count: int, total_ns: int) -> None:
    parts = [phases.stage_ns, phases.run_ns, phases.fetch_ns, *([phases.load_ns] if phases.load_ns else [])]
    fits = all(len(times) == count for times in parts) and sum(map(sum, parts)) <= total_ns + CLOCK_NS
    _require(fits, "the phases of its calls")


def _names(request: Explore, count: int) -> tuple[str, ...]:
    """Return the names of the first `count` output files that a worker may write for a request."""
    return () if request.outputs is None else tuple(map(request.output_path, range(count)))


def _description(reply: Described) -> None:
    """Check that the description of a model has possible names and sizes.

    Raises:
        ProtocolViolation: it does not.
    """
    description = reply.description
    _source(description.source)
    _require(all(map(_is_place, description.files)), "where the model lies")
    _require(len(description.files) <= MOST_TENSORS, "which files the model has")
    for what, specs in (("inputs", description.inputs), ("outputs", description.outputs)):
        _require(_are_tensors(specs), f"the model's {what}")
    _require(
        all(_is_line(text) for item in description.fills.items() for text in item), "how the model's inputs are filled"
    )


def _source(source: ModelSource) -> None:
    """Check the location and the inputs of a model.

    Raises:
        ProtocolViolation: they are impossible.
    """
    _require(bool(source.location) and _is_place(source.location) and _is_place(source.weights), "where the model lies")
    _require(_are_tensors(source.inputs), "the model's inputs")


def _is_place(text: str) -> bool:
    return "\0" not in text and len(text) <= LONGEST_NAME


def _are_tensors(specs: Sequence[TensorSpec]) -> bool:
    return len(specs) <= MOST_TENSORS and all(
        _is_line(spec.name)
        and spec.dtype.isidentifier()
        and len(spec.dtype) <= MOST_AXES
        and len(spec.shape) <= MOST_AXES
        and all(_is_line(size) if isinstance(size, str) else 0 <= size < 1 << 62 for size in spec.shape)
        for spec in specs
    )


def _is_environment(environment: WorkerEnvironment) -> bool:
    pairs = [*environment.variables.items(), *environment.packages.items()]
    texts = (environment.interpreter, environment.python, *(text for pair in pairs for text in pair))
    return len(pairs) <= MOST_PAIRS and all(map(_is_line, texts))


def _is_line(text: str) -> bool:
    return len(text) <= LONGEST_NAME and text.isprintable()
