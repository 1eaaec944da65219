"""The findings of the self-test in sentences, with advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.results.slices import busiest
from infer_compare.stats.wording import count, listing, percent
from infer_compare.verdicts.protocol import GUARD, NOISY_REJECTED_SHARE, SAME_RESTARTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from infer_compare.results import ForeignProcess
    from infer_compare.selftest.findings import BackendFindings, PlantedFindings

FINE = 0.10
"""Slowdown that should be found everywhere; otherwise advice is given."""


def backend_sentence(findings: BackendFindings) -> str:
    """Return the findings for one backend in a sentence."""
    match findings.state:
        case "busy":
            return f"{findings.backend}: nothing could be measured: {findings.reason}."
        case "failed":
            return f"{findings.backend}: it could not be run: {findings.reason}."
        case "measured":
            return f"{findings.backend}: {_clauses([findings])}."


def statement(findings: Sequence[BackendFindings], threads: int) -> str:
    """Return the findings over all backends: what all of them resolve, and the totals of verdicts and slices."""
    where = f"On this machine with {count(threads, 'thread')}"
    measured = [finding for finding in findings if finding.state == "measured"]
    if not measured:
        if any(finding.state == "busy" for finding in findings):
            busy = next(finding for finding in findings if finding.state == "busy")
            return f"{where} nothing could be measured: {busy.reason}."
        return f"{where} nothing could be measured: no backend could be run."
    left_out = [finding.backend for finding in findings if finding.state != "measured"]
    without = f"; nothing was measured with {listing(left_out)}" if left_out else ""
    return f"{where} {_clauses(measured)}{without}."


def advice(findings: Sequence[BackendFindings], *, threads: int, cores: int) -> tuple[str, ...]:
    """Return advice, the most useful first; empty if nothing needs to be done.

    Args:
        findings: the findings for each backend.
        threads: the tested thread budget.
        cores: the usable logical processors.
    """
    return tuple(_advice(findings, min(threads, cores) - 1))


def _advice(findings: Sequence[BackendFindings], fewer: int) -> Iterable[str]:
    busy = any(finding.state == "busy" for finding in findings)
    noisy = _rejected_share(findings) > NOISY_REJECTED_SHARE
    if busy or noisy:
        # The reason of a busy machine already names a program, and the busiest program changes quickly.
        top = None if busy else busiest(finding.top for finding in findings)
        close = f"Close {_process(top)}" if top is not None else "Close what is busy"
        yield f"{close}, or run it when the machine is quieter: slices that other programs disturb are rejected."
        if fewer:
            yield f"Or use --threads {fewer}, which other programs affect less; it measures a different setting."
    if any(finding.false for finding in findings):
        yield (
            "Among so few comparisons a false verdict may be chance: run the self-test again. If it comes again, "
            "believe only differences well beyond those that were called wrongly."
        )
    short = [finding for finding in findings if finding.cut_short]
    if short:
        yield (
            f"Give it more time: {listing([finding.backend for finding in short])} had "
            f"{count(min(finding.restarts for finding in short), 'restart')}, and a difference below {percent(GUARD - 1)} needs "
            f"{SAME_RESTARTS} of them."
        )
    spoilt = [finding for finding in findings if finding.spoilt]
    if spoilt:
        yield (
            f"Too much was rejected with {listing([finding.backend for finding in spoilt])}: a batch size had clean rounds in "
            f"{count(min(finding.clean_restarts for finding in spoilt), 'restart')} only, and a difference below "
            f"{percent(GUARD - 1)} needs {SAME_RESTARTS} of them; run it again when the machine is quieter."
        )
    coarse = [
        finding
        for finding in findings
        if finding.state == "measured" and not (finding.cut_short or finding.spoilt or _fine(finding))
    ]
    if coarse and not noisy:
        ways = ["use --thorough where small differences matter"]
        if fewer:
            ways.append(f"try --threads {fewer}, with which processes differ less from one another")
        yield f"The spread is not due to other programs: {listing(ways, 'or')}."


def _fine(findings: BackendFindings) -> bool:
    return findings.resolved is not None and findings.resolved <= FINE


def _clauses(measured: Sequence[BackendFindings]) -> str:
    return "; ".join([_shown(measured), _false(measured), _rejected(measured)])


def _shown(measured: Sequence[BackendFindings]) -> str:
    resolved = [finding.resolved for finding in measured]
    known = [slowdown for slowdown in resolved if slowdown is not None]
    if len(known) == len(resolved):
        return f"a difference of {percent(max(known))} is shown reliably"
    largest = [finding.planted[-1] for finding in measured]
    if all(trial.shown for trial in largest):
        return f"a difference of {percent(largest[0].slowdown)} is shown at {_share(largest)}"
    return f"not even a difference of {percent(largest[0].slowdown)} is shown reliably, but at {_share(largest)}"


def _share(planted: Sequence[PlantedFindings]) -> str:
    right, points = sum(trial.right for trial in planted), sum(trial.points for trial in planted)
    return f"{right or 'none'} of {count(points, 'operating point')}"


def _false(measured: Sequence[BackendFindings]) -> str:
    false = sum(finding.twins.false for finding in measured)
    comparisons = sum(finding.twins.comparisons for finding in measured)
    said = f"{count(false, 'false verdict') if false else 'no false verdict'} in {count(comparisons, 'A/A comparison')}"
    wrong = sum(planted.wrong for finding in measured for planted in finding.planted)
    if wrong:
        said += f", and a planted slowdown called faster or the same at {count(wrong, 'operating point')}"
    return said


def _rejected(measured: Sequence[BackendFindings]) -> str:
    share, top = _rejected_share(measured), busiest(finding.top for finding in measured)
    who = f" ({_process(top)})" if share and top is not None else ""
    return f"{percent(share)} of slices were rejected{who}"


def _rejected_share(findings: Sequence[BackendFindings]) -> float:
    slices = sum(finding.slices for finding in findings)
    return sum(finding.rejected for finding in findings) / slices if slices else 0.0


def _process(process: ForeignProcess) -> str:
    return f"{process.name}, pid {process.pid}"
