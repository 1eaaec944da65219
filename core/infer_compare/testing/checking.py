"""Runs the checks of plugins other than backends, and reports their results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from infer_compare.foreign import described, one_line
from infer_compare.interruption import is_interrupt
from infer_compare.testing.conformance.results import Failed, Passed, Skipped
from infer_compare.testing.conformance.violation import NotApplicable, Violation
from infer_compare.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Kind = Literal["converter", "reporter", "metric", "dataset", "launcher"]
LONGEST_REASON = 500


class Check(NamedTuple):
    """One check."""

    name: str
    sentence: str
    """The promise that it checks."""
    run: Callable[[], None]
    """Raises `Violation` if the promise is broken, `NotApplicable` if there is nothing to check."""


class PluginReport(msgspec.Struct, frozen=True, kw_only=True):
    """The results of the checks of a converter, a report format, a metric, a data set or a launcher."""

    schema: str = "infer-compare/plugin-check"
    version: tuple[int, int] = (1, 1)
    kind: Kind
    name: str
    tool_version: str = __version__
    results: tuple[Passed | Failed | Skipped, ...]
    sentences: dict[str, str]
    """The promise of each check, by its name."""

    @property
    def passed(self) -> bool:
        """Whether no promise is broken."""
        return not any(isinstance(result, Failed) for result in self.results)

    def verify(self) -> None:
        """Raise if a check failed, for use in a test.

        Raises:
            Violation: a check failed; the message lists all failures.
        """
        failed = [f"{result.check}: {result.reason}" for result in self.results if isinstance(result, Failed)]
        if failed:
            raise Violation("\n".join(failed))


def run_checks(kind: Kind, name: str, checks: Iterable[Check]) -> PluginReport:
    """Run checks one after the other; any exception is a failure of its check."""
    results = []
    sentences = {}
    for check in checks:
        sentences[check.name] = check.sentence
        results.append(_result(kind, check))
    return PluginReport(kind=kind, name=name, results=tuple(results), sentences=sentences)


def _result(kind: Kind, check: Check) -> Passed | Failed | Skipped:
    try:
        check.run()
    except NotApplicable as reason:
        return Skipped(check=check.name, group=kind, reason=str(reason))
    except Violation as broken:
        return Failed(check=check.name, group=kind, reason=one_line(str(broken), LONGEST_REASON))
    except BaseException as error:
        if is_interrupt(error):
            raise
        return Failed(check=check.name, group=kind, reason=one_line(f"it raised {described(error)}", LONGEST_REASON))
    return Passed(check=check.name, group=kind)
