"""The results of checks, as they are printed."""

from __future__ import annotations

import msgspec


class Base(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome"):
    """Base class of results."""

    check: str
    group: str


class Passed(Base, frozen=True, kw_only=True, tag="passed"):
    """The promise is kept."""


class Failed(Base, frozen=True, kw_only=True, tag="failed"):
    """The promise is broken."""

    reason: str
    """The fault and its remedy."""


class Skipped(Base, frozen=True, kw_only=True, tag="skipped"):
    """There was nothing to check."""

    reason: str
    refusal: str = ""
    """The backend's message, if it refused the model of the check."""


class KnownGap(Base, frozen=True, kw_only=True, tag="known_gap"):
    """The promise is broken, as the author or the backend declared."""

    reason: str
    """The declared reason."""
    seen: str
    """What is wrong."""


class GapClosed(Base, frozen=True, kw_only=True, tag="gap_closed"):
    """The promise is kept although a gap is declared; the declaration must be removed."""

    reason: str
    """The declared reason."""


Result = Passed | Failed | Skipped | KnownGap | GapClosed


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The report that `infer-compare plugin check --json` prints."""

    schema: str = "infer-compare/plugin-check"
    version: tuple[int, int] = (1, 1)
    backend: str
    reference: str
    """The reference by which a worker finds the class."""
    tool_version: str
    results: tuple[Result, ...]
    passed: bool
    """Whether no promise is broken except for known gaps, and no known gap is closed."""


def is_bad(result: Result) -> bool:
    """Return whether a result makes the whole report fail."""
    return isinstance(result, Failed | GapClosed)
