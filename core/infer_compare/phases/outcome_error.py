"""Errors of requests to a contender's worker, with the outcomes that they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from infer_compare.errors import WorkerDied, WorkerTimeout
from infer_compare.interfaces import FailureKind
from infer_compare.results import AnyOutcome, Failed, LimitReached, OutOfMemory, Phase, Skipped, TimedOut, Unavailable
from infer_compare.worker.client import OtherVersion, RequestFailed, first_line
from infer_compare.worker.supervisor import is_suspect, name_death

if TYPE_CHECKING:
    from infer_compare.errors import WorkerError
    from infer_compare.worker.client import MemorySeen
    from infer_compare.worker.protocol import Failure


class OutcomeError(Exception):
    """A request to a worker did not succeed; carries the outcome."""

    def __init__(self, outcome: AnyOutcome, *, ambiguous: bool = False, suspect: bool = False) -> None:
        """Takes the outcome.

        Args:
            outcome: how the request ended.
            ambiguous: whether the error may be due to memory or to another cause.
            suspect: whether the worker crashed near its memory cap.
        """
        super().__init__(str(outcome))
        self.outcome = outcome
        self.ambiguous = ambiguous
        self.suspect = suspect


class ContenderLost(Exception):
    """A contender failed in the middle of a round."""


def outcome_error(error: WorkerError, phase: Phase, *, cap: int, seen: MemorySeen) -> OutcomeError:
    """Return the outcome that an error of a worker means for its contender.

    Args:
        error: raised by the worker's client.
        phase: of the request.
        cap: the memory limit of the worker, in bytes.
        seen: what is known of its memory.
    """
    match error:
        case RequestFailed():
            return _failed(error.failure, phase)
        case WorkerDied():
            outcome = name_death(error, phase, cap=cap, kernel_kills=seen.kernel_kills)
            return OutcomeError(outcome, suspect=is_suspect(outcome, highest=seen.highest, cap=cap))
        case WorkerTimeout():
            return OutcomeError(
                TimedOut(deadline_s=error.deadline_s, phase=phase, stderr_tail=error.stderr_tail[-2000:])
            )
        case OtherVersion():
            return OutcomeError(Skipped(reason=str(error)))
        case _:
            return OutcomeError(Failed(error=type(error).__name__, reason=str(error), phase=phase))


def _failed(failure: Failure, phase: Phase) -> OutcomeError:
    # A module that another interpreter lacks becomes known only when its worker starts.
    if failure.category in {"device", "unsupported"} or (failure.category == "usage" and phase == "start"):
        return OutcomeError(Skipped(reason=failure.text))
    reason = first_line(failure.text) or failure.error
    match failure.kind:
        case FailureKind.OOM:
            return OutcomeError(OutOfMemory(reason=reason, evidence="raised", phase=phase))
        case FailureKind.LIMIT:
            return OutcomeError(LimitReached(reason=reason, phase=phase))
        case FailureKind.UNAVAILABLE:
            return OutcomeError(Unavailable(error=failure.error, reason=reason, phase=phase))
        case FailureKind.AMBIGUOUS | FailureKind.NO:
            failed = Failed(error=failure.error, reason=reason, phase=phase, traceback=failure.traceback)
            return OutcomeError(failed, ambiguous=failure.kind is FailureKind.AMBIGUOUS)
        case _:
            assert_never(failure.kind)
