"""The main loop of a worker: it answers requests until the parent says goodbye or is gone."""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import os
import sys
import traceback
from typing import TYPE_CHECKING, Literal, assert_never

from infer_compare.errors import (
    BackendUnusable,
    DeviceUnavailable,
    InferCompareError,
    ModelError,
    UnsupportedModel,
    UntrustedModel,
    UsageError,
)
from infer_compare.foreign import described, escaped, one_line, text_of
from infer_compare.interfaces import Classification, FailureKind
from infer_compare.interfaces.failures import classify_common
from infer_compare.worker.child import models
from infer_compare.worker.child.host import Host
from infer_compare.worker.child.isolation import isolate
from infer_compare.worker.protocol import (
    Answered,
    Begins,
    Bye,
    Collect,
    Convert,
    Describe,
    Done,
    Explore,
    Failure,
    Inputs,
    Load,
    Open,
    PlanVariant,
    Reply,
    Request,
    Serve,
    ServeBatch,
    Stage,
    Timed,
    TimeSlice,
    WarmUp,
    WriteVariant,
    receive_request,
    send,
)

if TYPE_CHECKING:
    from infer_compare.interfaces import Backend, OperatingPoint

MAX_NAME = 200
MAX_TEXT = 16_000
"""The most characters of an error that are sent; some frameworks put whole arrays into a message."""


def main() -> None:
    """Serve requests from one pipe and answer on another, both named on the command line."""
    parser = argparse.ArgumentParser(prog="infer_compare.worker")
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument("--replies", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    arguments = parser.parse_args()
    isolate(arguments.parent)
    faulthandler.enable()
    for descriptor in (arguments.requests, arguments.replies):
        os.set_inheritable(descriptor, False)
    serve(arguments.requests, arguments.replies)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            # A framework may have closed it.
            stream.flush()
    # The session is closed. Shutting down the interpreter and a framework would take up to 0.7 s, and free nothing that the end of
    # the process does not free.
    os._exit(0)


def serve(requests: int, replies: int) -> None:
    """Answer every request until `Bye` or the end of the pipe."""
    number = 0

    def announce(point: OperatingPoint) -> None:
        send(replies, Begins(number=number, point=point))

    host = Host(announce)
    try:
        while True:
            request = receive_request(requests)
            if request is None:
                break
            number = request.number
            send(replies, _numbered(answer(host, request), number))
            if isinstance(request, Bye):
                break
    except BrokenPipeError:
        # The parent is gone.
        os._exit(1)
    finally:
        # The process ends after this anyway, so errors of a backend's shutdown do not matter.
        with contextlib.suppress(BaseException):
            host.close()


def _numbered(reply: Reply, number: int) -> Reply:
    import msgspec

    return msgspec.structs.replace(reply, number=number)


def answer(host: Host, request: Request) -> Reply:
    """Return the reply to a request; any exception becomes a `Failure`.

    This includes `BaseException`, because OpenBLAS raises SIGINT in its own process when it lacks memory, and because a plugin may
    call `sys.exit`. The user's Ctrl-C never reaches a worker.
    """
    try:
        return _checked(_dispatch(host, request))
    except BaseException as error:  # noqa: BLE001 - see above
        return _failure(error, host.backend)


def _checked(reply: Reply) -> Reply:
    """Return the reply, after checking that all values from the backend have the types of the interface.

    Raises:
        TypeError: a value does not; the error names it.
    """
    import msgspec

    if isinstance(reply, Timed | Answered):
        # These contain no values from the backend, may have a million durations, or are time-critical.
        return reply
    try:
        msgspec.msgpack.decode(msgspec.msgpack.encode(reply), type=type(reply))
    except (TypeError, ValueError) as error:
        raise TypeError(f"the backend returned something of a wrong type: {error}") from error
    return reply


def _dispatch(host: Host, request: Request) -> Reply:
    match request:
        case ServeBatch():
            return host.batch(request)
        case Open():
            return host.open(request)
        case Load():
            return host.load(request)
        case Inputs():
            return host.inputs(request)
        case Explore():
            return host.explore(request)
        case WarmUp():
            return host.warm_up(request)
        case Stage():
            return host.stage(request)
        case TimeSlice():
            return host.time_slice(request)
        case Serve():
            return host.serve(request)
        case Describe():
            return models.describe(host.backend, request)
        case PlanVariant():
            return models.plan_variant(host.backend, request)
        case WriteVariant():
            return host.write_variant(request)
        case Convert():
            return models.convert(request)
        case Collect():
            return models.collect(request)
        case Bye():
            host.close()
            return Done()
        case _:
            assert_never(request)


def _failure(error: BaseException, backend: Backend[object] | None) -> Failure:
    """Return the reply for an exception. Reading it, or asking the backend about it, may itself raise an exception."""
    category = _category(error)
    classification, note = Classification(FailureKind.NO), ""
    if category == "error":
        try:
            classification = classify_common(error)
            if classification.kind is FailureKind.NO and backend is not None:
                kind = backend.classify(error)
                classification = Classification(FailureKind(kind.kind), fatal=bool(kind.fatal))
        except BaseException as second:  # noqa: BLE001 - a backend that cannot read its own errors
            note = f"\nclassify() itself raised {described(second)}"
    return Failure(
        kind=classification.kind,
        fatal=classification.fatal,
        error=_kind(error),
        category=category,
        text=_shorten(text_of(error)),
        traceback=_shorten(_traceback(error) + note),
    )


def _kind(error: BaseException) -> str:
    kind = type(error)
    try:
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        return one_line(name, MAX_NAME)
    except BaseException:  # noqa: BLE001 - a class may say anything of itself
        return "an exception"


def _traceback(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    except BaseException as second:  # noqa: BLE001 - an exception may say anything of itself
        return f"The traceback cannot be shown: {described(second)}"


def _category(error: BaseException) -> Literal["error", "usage", "model", "unsupported", "untrusted", "device"]:
    match error:
        case UnsupportedModel():
            return "unsupported"
        case UntrustedModel():
            return "untrusted"
        case ModelError():
            return "model"
        case DeviceUnavailable() | BackendUnusable():
            # The machine lacks a device or a compiler: the contender is skipped.
            return "device"
        case UsageError() | InferCompareError():
            return "usage"
        case _:
            return "error"


def _shorten(text: str) -> str:
    if len(text) > MAX_TEXT:
        half = MAX_TEXT // 2
        text = f"{text[:half]}\n[...]\n{text[-half:]}"
    # Escaped, as it is shown on terminals and may contain names of files in any bytes.
    return escaped(text, keep="\n\t")
