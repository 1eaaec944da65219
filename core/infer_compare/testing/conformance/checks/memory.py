"""Checks of memory: classification of errors, release on closing, and recognition of exhaustion."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from infer_compare.foreign import one_line, text_of
from infer_compare.interfaces import Classification, FailureKind, Settings
from infer_compare.plugins import read_options
from infer_compare.testing.conformance.jobs import MORE_CYCLES, Cycles, Died, Exhausted, ask
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from infer_compare.testing.conformance.subject import Subject

LIMITS = (
    "Expected canUse32BitIndexMath(input) && canUse32BitIndexMath(output) to be true, but got false.",
    "the size is not representable by 32-bit integers",
)
"""Messages of frameworks about limits."""
ORDINARY = (
    ValueError("shapes (2, 3) and (2, 3) do not fit"),
    TypeError("expected float32, got float64"),
    KeyError("x"),
    RuntimeError("there is no kernel for this operator"),
)
MIB = 2**20
CAP = 512 * MIB


@check("memory", dynamic=False)
def check_out_of_memory_is_recognised(subject: Subject) -> None:
    """A `MemoryError`, and every recorded error of the framework, is classified as out of memory."""
    for error in (MemoryError(), *subject.oom_errors):
        kind = _classify(subject, error).kind
        if kind is not FailureKind.OOM:
            raise Violation(f"`classify` says {kind} of {_text(error)}, which is out of memory.")


@check("memory", dynamic=False)
def check_limits_are_not_out_of_memory(subject: Subject) -> None:
    """A limit other than memory, such as a 32-bit index, is not taken for out of memory."""
    for error in map(RuntimeError, LIMITS):
        if _classify(subject, error).kind is FailureKind.OOM:
            raise Violation(f"`classify` takes {_text(error)} for out of memory, which is a limit of an index.")
    for recorded in subject.limit_errors:
        kind = _classify(subject, recorded).kind
        if kind is not FailureKind.LIMIT:
            raise Violation(f"`classify` says {kind} of {_text(recorded)}, which is a limit.")


@check("memory", dynamic=False)
def check_interrupts_are_not_out_of_memory(subject: Subject) -> None:
    """Ctrl-C and an exit are never taken for a failure, whatever was being handled."""
    for cls in (KeyboardInterrupt, SystemExit):
        for error in (cls(), cls("out of memory")):
            error.__context__ = MemoryError("out of memory")
            kind = _classify(subject, error).kind
            if kind is not FailureKind.NO:
                raise Violation(f"`classify` says {kind} of {cls.__name__}; look at that before all others.")


@check("memory", dynamic=False)
def check_ordinary_errors_are_not_out_of_memory(subject: Subject) -> None:
    """A mistake is neither out of memory nor a limit."""
    for error in ORDINARY:
        kind = _classify(subject, error).kind
        if kind is not FailureKind.NO:
            raise Violation(f"`classify` says {kind} of {_text(error)}, which is an ordinary error.")


@check("memory", slow=True)
def check_closing_frees_memory(subject: Subject) -> None:
    """Ten more sessions leave the memory of the process as it was after ten."""
    example = subject.simplest
    if "onnx" in subject.formats and not subject.own():
        # A model with large weights.
        with subject.session(subject.example("heavy")):
            example = subject.example("heavy")
    done = ask(subject.job("cycles", example, device=str(subject.device)), Cycles)
    if done.kept > done.allowed:
        raise Violation(
            f"After {len(done.resident) - MORE_CYCLES} sessions, loading, running and closing a model ten times more takes "
            f"{done.kept / MIB:.1f} MiB that are not given back ({done.allowed / MIB:.1f} MiB is allowed); free in `close` "
            "what the session holds, and keep nothing in the backend or its module."
        )


@check("memory", slow=True)
def check_real_exhaustion_is_recognised(subject: Subject) -> None:
    """A batch that really does not fit, under a cap and in a process of its own, is classified as out of memory."""
    device = subject.device
    if device.kind != "cpu" or sys.platform != "linux":
        raise NotApplicable("only the memory of the processor can be capped, on Linux")
    if subject.backend.capabilities.remote:
        raise NotApplicable("the work is done elsewhere, and only the client's memory can be capped")
    example = subject.example("wide")
    with subject.session(example):
        pass
    try:
        done = ask(subject.job("exhaust", example, device=str(device), cap=CAP), Exhausted)
    except Died as death:
        raise NotApplicable(
            f"the framework ended its process with {death}, which the harness recognizes without an error"
        ) from None
    if not done.kind:
        raise NotApplicable(f"a batch of {done.batch // 2} did not use up {CAP // MIB} MiB")
    if done.kind not in {FailureKind.OOM, FailureKind.AMBIGUOUS}:
        raise Violation(
            f"At batch {done.batch}, memory did not suffice, and `classify` says {done.kind!r} of the error: {done.error}"
        )


def _classify(subject: Subject, error: BaseException) -> Classification:
    subject.need_whole()
    backend = subject.backend
    made = backend(Settings(options=read_options(backend, subject.options), threads=1))
    classification = made.classify(error)
    if not isinstance(classification, Classification):
        raise Violation(f"`classify` returned {classification!r}; return an infer_compare.backends.Classification.")
    return classification


def _text(error: BaseException) -> str:
    text = one_line(text_of(error))
    return f"{type(error).__name__}({text[:120]!r})"
