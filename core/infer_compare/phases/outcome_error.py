"""A request to a contender's worker that did not succeed, as the outcome that it is."""

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
    """A request that did not succeed."""

    def __init__(self, outcome: AnyOutcome, *, ambiguous: bool = False, suspect: bool = False) -> None:
        """Carries the outcome.

        Args:
            outcome: how it ended.
            ambiguous: the error is seen for out-of-memory and for other causes.
            suspect: a crash near the memory cap.
        """
        super().__init__(str(outcome))
        self.outcome = outcome
        self.ambiguous = ambiguous
        self.suspect = suspect


class ContenderLost(Exception):
    """A contender failed in the middle of a round."""


def outcome_error(error: WorkerError, phase: Phase, *, cap: int, seen: MemorySeen) -> OutcomeError:
    """Return what an error of a worker is to its contender.

    Args:
        error: what its client raised.
        phase: what it was doing.
        cap: the most memory that it may hold, in bytes.
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
    # What the other interpreter lacks is known only when its worker is asked to begin.
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
