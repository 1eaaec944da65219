"""Checks of backends whose work a server does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from infer_compare.testing.conformance.subject import Subject


@check("running")
def check_server_is_told(subject: Subject) -> None:
    """A backend whose work a server does says in `effective` which one."""
    if not subject.backend.capabilities.remote:
        raise NotApplicable("its work is not done elsewhere")
    with subject.session(subject.simplest) as session:
        if not session.effective.get("server", "").strip():
            raise Violation(
                "The capabilities say `remote=True`, and `effective` has no `server`; report the address of who does the work."
            )
