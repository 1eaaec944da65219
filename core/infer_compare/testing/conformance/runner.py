"""Running checks without pytest."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
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
from infer_compare.testing.conformance.violation import NotApplicable, Violation
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from infer_compare.testing.conformance.registry import Check, Group
    from infer_compare.testing.conformance.subject import Subject

__all__ = ["check_backend", "checks", "run_check"]

MAX_TEXT = 600
"""Some frameworks put whole arrays or their stacks into a message."""


def check_backend(
    subject: Subject,
    *,
    groups: Collection[Group] = GROUPS,
    slow: bool | None = None,
    watch: Callable[[Check], None] | None = None,
) -> Report:
    """Runs the checks of some groups.

    Args:
        subject: the backend.
        groups: all of them by default.
        slow: True for the slow checks alone, False for the others, None for both.
        watch: is told of each check before it runs.

    Raises:
        UsageError: a known gap names no check, or gives no reason.
    """
    verify_gaps(subject)
    results: list[Result] = []
    for check in CHECKS.values():
        if check.group in groups and slow in {None, check.slow}:
            if watch is not None:
                watch(check)
            results.append(run_check(check, subject))
    return Report(
        backend=subject.backend.name if isinstance(getattr(subject.backend, "name", None), str) else "",
        reference=subject.reference,
        tool_version=__version__,
        results=tuple(results),
        passed=not any(map(is_bad, results)),
    )


def verify_gaps(subject: Subject) -> None:
    """Refuses gaps that nothing could ever close.

    Raises:
        UsageError: a known gap names no check, or gives no reason.
    """
    for name, reason in subject.known_gaps.items():
        if name not in CHECKS:
            near = difflib.get_close_matches(name, CHECKS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"The known gap {name!r} is no check of the kit.{hint}")
        if not reason.strip():
            raise UsageError(f"The known gap {name!r} gives no reason; say why the check cannot pass.")


def run_check(check: Check, subject: Subject) -> Result:
    """What comes of one check. A known gap is strict: where the check passes, it is a failure."""
    gap = subject.known_gaps.get(check.name)
    try:
        if check.dynamic:
            subject.need_framework()
        check.function(subject)
    except NotApplicable as reason:
        return Skipped(check=check.name, group=check.group, reason=str(reason))
    except Exception as error:  # noqa: BLE001 - whatever a backend raises is a finding
        seen = describe(error)
        if gap is not None:
            return KnownGap(check=check.name, group=check.group, reason=gap, seen=seen)
        return Failed(check=check.name, group=check.group, reason=seen)
    if gap is not None:
        return GapClosed(check=check.name, group=check.group, reason=gap)
    return Passed(check=check.name, group=check.group)


def describe(error: BaseException) -> str:
    """A violation's own sentence; for anything else, what was raised where nothing should have been."""
    text = " ".join(str(error).split())
    if isinstance(error, Violation):
        return text if text.endswith((".", "?", ")")) else f"{text}."
    shown = text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}..."
    return f"The backend raised {type(error).__name__}{f': {shown}' if shown else ''}, where it should have worked."
