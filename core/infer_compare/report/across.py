"""The answer over all settings of the axes other than the batch."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from infer_compare.report.boundaries import axis_boundaries, axis_limits_headline
from infer_compare.report.phrases import axes_words
from infer_compare.report.schema import Across
from infer_compare.report.words import plain
from infer_compare.stats.wording import listing, percent, rate, ratio
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.measurements import Candidate
from infer_compare.verdicts.mixes import mix_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.report.schema import AnswerReport
    from infer_compare.results import Run
    from infer_compare.verdicts import Summary
    from infer_compare.verdicts.mixes import MixAnswer


def across(run: Run, summary: Summary, answers: Sequence[AnswerReport]) -> Across | None:
    """Return the answer over all settings; None if the batch is the only axis.

    Args:
        run: the run.
        summary: the summary of the run.
        answers: the answers in words, one for each setting.
    """
    if not run.header.options.axis:
        return None
    table = {Candidate(figures.contender, figures.point): figures for figures in summary.figures}
    mix = mix_answer(run, [report.answer for report in answers], table)
    return Across(
        changes=plain(_changes(answers)),
        mix=mix,
        mix_headline=plain(_mix_headline(run, mix)),
        mix_sentences=tuple(map(plain, _mix_sentences(mix))) if mix is not None else (),
        limits=axis_boundaries(run),
        limits_headline=plain(axis_limits_headline(run)),
    )


def _changes(answers: Sequence[AnswerReport]) -> str:
    """Return a sentence that says where the winner changes, in the order of the settings."""
    won = [(report, _winner(report)) for report in answers]
    if not any(name for _, name in won):
        some = any(map(_misses_bound, answers))
        return f"No contender {'keeps the latency bound' if some else 'was measured'} at any setting."
    parts = []
    for (name, misses), group in groupby(won, key=lambda pair: (pair[1], _misses_bound(pair[0]))):
        members = [report for report, _ in group]
        where = where_words([report.answer.axes for report in members])
        open_at = [report.answer.axes for report in members if report.estimate]
        if not name:
            parts.append(f"none within the bound at {where}" if misses else f"nothing was measured at {where}")
            continue
        unsure = ""
        if open_at:
            unsure = (
                " (not confirmed)" if len(open_at) == len(members) else f" (not confirmed at {where_words(open_at)})"
            )
        parts.append(f"{name} at {where}{unsure}")
    if len(parts) == 1 and len(answers) > 1:
        doubt = parts[0].partition(" (")[2]
        return f"The fastest is {won[0][1]} at every setting{f' ({doubt}' if doubt else ''}."
    return f"The fastest is {', then '.join(parts)}."


def _winner(report: AnswerReport) -> str:
    bound, free = report.answer.bound, report.answer.recommended
    if bound is not None:
        return bound.best.name if bound.best is not None else ""
    return free.name if free is not None else ""


def _misses_bound(report: AnswerReport) -> bool:
    """Return whether points were measured, but none keeps the latency bound."""
    bound = report.answer.bound
    return bound is not None and bound.best is None and report.answer.recommended is not None


def where_words(settings: Sequence[tuple[tuple[str, int], ...]]) -> str:
    """Return settings in words, with the sizes of a single axis in one list."""
    if all(len(setting) == 1 for setting in settings):
        return f"{settings[0][0][0]} {listing([str(setting[0][1]) for setting in settings])}"
    return listing([axes_words(setting) for setting in settings])


def _mix_headline(run: Run, mix: MixAnswer | None) -> str:
    if mix is None:
        options = run.header.options
        lacks = "was measured" if options.latency_bound is None else "keeps the latency bound"
        return f"No answer for the mix: no contender {lacks} in all of its settings." if options.mix else ""
    first, *others = mix.by_contender
    place = f"{first.name} for the mix, {rate(first.throughput)} over all"
    if not others or mix.verdict is Verdict.FASTER:
        return f"Use {place}."
    if mix.verdict is Verdict.SAME:
        return f"Use {place}; {others[0].name} is as fast."
    lead = ratio(first.throughput / others[0].throughput)
    return f"Probably {place}: its {lead}x lead over {others[0].name} is not confirmed."


def _mix_sentences(mix: MixAnswer) -> Iterator[str]:
    shares = listing([f"{percent(share)} at {axes_words(setting)}" for setting, share in mix.shares])
    yield f"the mix has {shares}, each in batches of the best size for it"
    for best in mix.by_contender[1:]:
        yield f"{best.name}: {rate(best.throughput)} over the mix"
    first = mix.by_contender[0]
    if first.padded is None or len(mix.shares) < 2:
        return
    if first.throughput < (1 + mix.margin) * first.padded:
        yield f"padding every sample to the longest would cost {first.name} nothing"
    else:
        yield (
            f"padding every sample to the longest would leave {first.name} {rate(first.padded)}: batches of samples of one size "
            f"are {ratio(first.throughput / first.padded)}x as fast"
        )
