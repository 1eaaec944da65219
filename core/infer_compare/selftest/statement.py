"""What the findings mean, in sentences for people, and what to do."""

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
"""A machine on which a slowdown of this share is not found everywhere deserves advice."""


def backend_sentence(found: BackendFindings) -> str:
    """What was found with one backend."""
    match found.state:
        case "busy":
            return f"{found.backend}: nothing could be measured: {found.reason}."
        case "failed":
            return f"{found.backend}: it could not be run: {found.reason}."
        case "measured":
            return f"{found.backend}: {_clauses([found])}."


def statement(findings: Sequence[BackendFindings], threads: int) -> str:
    """What was found over all backends: what every one of them shows, and all verdicts and slices together."""
    where = f"On this machine with {count(threads, 'thread')}"
    measured = [one for one in findings if one.state == "measured"]
    if not measured:
        if any(one.state == "busy" for one in findings):
            busy = next(one for one in findings if one.state == "busy")
            return f"{where} nothing could be measured: {busy.reason}."
        return f"{where} nothing could be measured: no backend could be run."
    left_out = [one.backend for one in findings if one.state != "measured"]
    without = f"; nothing was measured with {listing(left_out)}" if left_out else ""
    return f"{where} {_clauses(measured)}{without}."


def advice(findings: Sequence[BackendFindings], *, threads: int, cores: int) -> tuple[str, ...]:
    """What to do, the most useful first; empty where nothing needs to be done.

    Args:
        findings: of each backend.
        threads: the budget that was tested.
        cores: logical processors that may be used.
    """
    return tuple(_advice(findings, min(threads, cores) - 1))


def _advice(findings: Sequence[BackendFindings], fewer: int) -> Iterable[str]:
    busy = any(one.state == "busy" for one in findings)
    noisy = _rejected_share(findings) > NOISY_REJECTED_SHARE
    if busy or noisy:
        # The reason of a busy machine names a program already, and the busiest changes from one moment to the next.
        top = None if busy else busiest(one.top for one in findings)
        close = f"Close {_process(top)}" if top is not None else "Close what is busy"
        yield f"{close}, or run it when the machine is quieter: slices that other programs disturb are rejected."
        if fewer:
            yield f"Or use --threads {fewer}, which other programs affect less; it measures a different setting."
    if any(one.false for one in findings):
        yield (
            "Among so few comparisons a false verdict may be chance: run the self-test again. If it comes again, "
            "believe only differences well beyond those that were called wrongly."
        )
    short = [one for one in findings if one.cut_short]
    if short:
        yield (
            f"Give it more time: {listing([one.backend for one in short])} had "
            f"{count(min(one.restarts for one in short), 'restart')}, and a difference below {percent(GUARD - 1)} needs "
            f"{SAME_RESTARTS} of them."
        )
    spoilt = [one for one in findings if one.spoilt]
    if spoilt:
        yield (
            f"Too much was rejected with {listing([one.backend for one in spoilt])}: a batch size had clean rounds in "
            f"{count(min(one.clean_restarts for one in spoilt), 'restart')} only, and a difference below "
            f"{percent(GUARD - 1)} needs {SAME_RESTARTS} of them; run it again when the machine is quieter."
        )
    coarse = [one for one in findings if one.state == "measured" and not (one.cut_short or one.spoilt or _fine(one))]
    if coarse and not noisy:
        ways = ["use --thorough where small differences matter"]
        if fewer:
            ways.append(f"try --threads {fewer}, with which processes differ less from one another")
        yield f"The spread is not due to other programs: {listing(ways, 'or')}."


def _fine(found: BackendFindings) -> bool:
    return found.resolved is not None and found.resolved <= FINE


def _clauses(measured: Sequence[BackendFindings]) -> str:
    return "; ".join([_shown(measured), _false(measured), _rejected(measured)])


def _shown(measured: Sequence[BackendFindings]) -> str:
    resolved = [one.resolved for one in measured]
    known = [one for one in resolved if one is not None]
    if len(known) == len(resolved):
        return f"a difference of {percent(max(known))} is shown reliably"
    largest = [one.planted[-1] for one in measured]
    if all(one.shown for one in largest):
        return f"a difference of {percent(largest[0].slowdown)} is shown at {_share(largest)}"
    return f"not even a difference of {percent(largest[0].slowdown)} is shown reliably, but at {_share(largest)}"


def _share(planted: Sequence[PlantedFindings]) -> str:
    right, points = sum(one.right for one in planted), sum(one.points for one in planted)
    return f"{right or 'none'} of {count(points, 'operating point')}"


def _false(measured: Sequence[BackendFindings]) -> str:
    false = sum(one.twins.false for one in measured)
    comparisons = sum(one.twins.comparisons for one in measured)
    said = f"{count(false, 'false verdict') if false else 'no false verdict'} in {count(comparisons, 'A/A comparison')}"
    wrong = sum(planted.wrong for one in measured for planted in one.planted)
    if wrong:
        said += f", and a planted slowdown called faster or the same at {count(wrong, 'operating point')}"
    return said


def _rejected(measured: Sequence[BackendFindings]) -> str:
    share, top = _rejected_share(measured), busiest(one.top for one in measured)
    who = f" ({_process(top)})" if share and top is not None else ""
    return f"{percent(share)} of slices were rejected{who}"


def _rejected_share(findings: Sequence[BackendFindings]) -> float:
    slices = sum(one.slices for one in findings)
    return sum(one.rejected for one in findings) / slices if slices else 0.0


def _process(process: ForeignProcess) -> str:
    return f"{process.name}, pid {process.pid}"
