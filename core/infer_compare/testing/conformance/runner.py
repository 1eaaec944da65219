"""Runs checks without pytest."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from infer_compare.errors import UsageError
from infer_compare.foreign import described, one_line, text_of
from infer_compare.interruption import is_interrupt
from infer_compare.plugins.guard import PluginFailed, guarded
from infer_compare.testing.conformance import checks
from infer_compare.testing.conformance.registry import CHECKS, GROUPS
from infer_compare.testing.conformance.results import (
    Failed,
    GapClosed,
    KnownGap,
    Passed,
    Report,
    Result,
    Skipped,
    is_bad,
)
from infer_compare.testing.conformance.violation import DeclaredGap, NotApplicable, Violation
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from infer_compare.testing.conformance.registry import Check, Group
    from infer_compare.testing.conformance.subject import Subject

__all__ = ["check_backend", "checks", "run_check"]


def check_backend(
    subject: Subject,
    *,
    groups: Collection[Group] = GROUPS,
    slow: bool | None = None,
    watch: Callable[[Check], None] | None = None,
) -> Report:
    """Run the checks of some groups.

    Args:
        subject: the backend.
        groups: all of them by default.
        slow: True for only the slow checks, False for only the others, None for both.
        watch: called with each check before it runs.

    Raises:
        UsageError: a known gap does not name a check, or gives no reason.
    """
    verify_gaps(subject)
    results: list[Result] = []
    for check in CHECKS.values():
        if check.group in groups and slow in {None, check.slow}:
            if watch is not None:
                watch(check)
            results.append(run_check(check, subject))
    return Report(
        backend=_name_of(subject),
        reference=subject.reference,
        tool_version=__version__,
        results=tuple(results),
        passed=not any(map(is_bad, results)),
    )


def _name_of(subject: Subject) -> str:
    try:
        with guarded("reading the backend's name"):
            name: Any = subject.backend.name  # a third party's may be anything
            return one_line(name) if isinstance(name, str) else ""
    except PluginFailed:
        return ""


def verify_gaps(subject: Subject) -> None:
    """Refuse invalid known gaps.

    Raises:
        UsageError: a known gap does not name a check, or gives no reason.
    """
    for name, reason in subject.known_gaps.items():
        if name not in CHECKS:
            near = difflib.get_close_matches(name, CHECKS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"The known gap {name!r} is no check of the kit.{hint}")
        if not reason.strip():
            raise UsageError(f"The known gap {name!r} gives no reason; say why the check cannot pass.")


def run_check(check: Check, subject: Subject) -> Result:
    """Run one check. A known gap is strict: if the check passes, the result is a failure.

    A check that fails in a shared session is run again in fresh sessions, and this result counts, since other checks may have
    left state behind.
    """
    shared = subject.has_sessions
    result = _run(check, subject)
    if isinstance(result, Failed | KnownGap):
        subject.close_sessions()
        if shared:
            result = _run(check, subject)
            subject.close_sessions()
    return result


def _run(check: Check, subject: Subject) -> Result:
    gap = subject.known_gaps.get(check.name)
    try:
        if check.dynamic:
            subject.need_framework()
        check.function(subject)
    except NotApplicable as reason:
        return Skipped(check=check.name, group=check.group, reason=str(reason), refusal=reason.refusal)
    except DeclaredGap as own:
        return KnownGap(check=check.name, group=check.group, reason=gap or own.declared, seen=own.seen)
    except BaseException as error:
        # Any exception of a backend is a finding, even SystemExit, but not an interrupt by the user.
        if is_interrupt(error):
            raise
        seen = describe(error)
        if gap is not None:
            return KnownGap(check=check.name, group=check.group, reason=gap, seen=seen)
        return Failed(check=check.name, group=check.group, reason=seen)
    if gap is not None:
        return GapClosed(check=check.name, group=check.group, reason=gap)
    return Passed(check=check.name, group=check.group)


def describe(error: BaseException) -> str:
    """Return the message of a violation, or for any other error a sentence about the unexpected error."""
    if isinstance(error, Violation):
        text = one_line(text_of(error))
        return text if text.endswith((".", "?", ")")) else f"{text}."
    return f"The backend raised {described(error)}, where it should have worked."
