"""Makes the comparison document of two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.report.across import where_words
from infer_compare.report.comparison.memory import memory
from infer_compare.report.comparison.schema import ComparisonDocument, RunReport
from infer_compare.report.comparison.sentences import spoken
from infer_compare.report.noise import noise
from infer_compare.report.shortcomings import state_of
from infer_compare.report.words import shell_line, without_folder
from infer_compare.stats.wording import listing, percent
from infer_compare.verdicts.looks import Verdict
from infer_compare.verdicts.protocol import MARGIN
from infer_compare.verdicts.unpaired import PointComparison, RunComparison, compare_runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.request.axes import Setting
    from infer_compare.results import Run


SAME_RUN = "Both are the same run: held against itself, it shows nothing."


def document(
    base: Run, new: Run, *, margin: float = MARGIN, across_conditions: bool = False, loss: float | None = None
) -> ComparisonDocument:
    """Return the comparison document of two runs.

    Args:
        base: the run that counts as 1.
        new: the run that is compared with it.
        margin: relative difference within which throughputs count as the same.
        across_conditions: give verdicts even if conditions differ.
        loss: the relative loss of throughput that the guard tests for; None for no guard.

    Raises:
        UsageError: the runs are of different models, or nothing was measured in both.
    """
    comparison = spoken(compare_runs(base, new, margin=margin, across_conditions=across_conditions, loss=loss))
    if not comparison.points:
        why = "; ".join(contender.sentence for contender in comparison.missing)
        raise UsageError(f"Nothing can be compared, since nothing was measured in both runs: {why}.")
    return ComparisonDocument(
        headline=SAME_RUN if base.header.run_id == new.header.run_id else headline(comparison),
        regression=comparison.guard is not None and comparison.guard.tripped,
        untested=comparison.guard.untested if comparison.guard is not None else "",
        model=new.header.model,
        base=_run(base),
        new=_run(new),
        comparison=comparison,
        memory=tuple(memory(base, new)),
        metrics=tuple(info for info in new.header.metrics if info in base.header.metrics),
        notes=tuple(_notes(base, new, comparison)),
    )


def headline(comparison: RunComparison) -> str:
    """Return the verdicts at the best sizes in one sentence, changes first."""
    by_verdict: dict[Verdict, dict[str, list[Setting]]] = {}
    settings: dict[str, set[Setting]] = {}
    for best in comparison.bests:
        by_verdict.setdefault(best.verdict, {}).setdefault(best.name, []).append(best.point.axes)
        settings.setdefault(best.name, set()).add(best.point.axes)
    words = {
        Verdict.SLOWER: "slower than the base: {}",
        Verdict.FASTER: "faster than the base: {}",
        Verdict.SAME: f"the same within {percent(comparison.margin)}: {{}}",
        Verdict.INCONCLUSIVE: "no verdict: {}",
    }
    parts = "; ".join(
        text.format(_where(by_verdict[verdict], settings)) for verdict, text in words.items() if verdict in by_verdict
    )
    if set(by_verdict) == {Verdict.INCONCLUSIVE} and _all_withheld(comparison.bests):
        return "No verdict: the conditions of the two runs differ."
    return f"{parts[0].upper()}{parts[1:]}."


def _where(verdicts: Mapping[str, Sequence[Setting]], settings: Mapping[str, set[Setting]]) -> str:
    """Return the names of contenders, grouped by the settings of their other axes; without settings if there is only one."""
    contenders: dict[str, list[str]] = {}
    for name, names in verdicts.items():
        every = len(names) == len(settings[name])
        where = "" if len(settings[name]) == 1 else "at every setting" if every else f"at {where_words(sorted(names))}"
        contenders.setdefault(where, []).append(name)
    return ", ".join(f"{listing(names)} {where}".rstrip() for where, names in contenders.items())


def _all_withheld(bests: Sequence[PointComparison]) -> bool:
    return all(best.differing for best in bests)


def _run(run: Run) -> RunReport:
    disturbances = noise(run)
    header = run.header
    return RunReport(
        run_id=header.run_id,
        created=header.created,
        state=state_of(run),
        reason=run.closing.reason if run.closing is not None else "",
        command=header.command,
        repeat=shell_line(without_folder(header.command)),
        mode=header.options.mode,
        slices=disturbances.slices,
        rejected=disturbances.rejected,
    )


def _notes(base: Run, new: Run, comparison: RunComparison) -> Iterator[str]:
    if base.header.created > new.header.created:
        yield "the base was measured after the new run"
    for which, run in (("base", base), ("new run", new)):
        state = state_of(run)
        if run.damage:
            yield f"the run file of the {which} is damaged: {'; '.join(run.damage)}"
        if state != "complete":
            yield f"the {which} was {state}: what it measured until then is compared"
    if base.header.model.sha256 == new.header.model.sha256 and base.header.model.name != new.header.model.name:
        yield f"the model is called {base.header.model.name} in the base, and {new.header.model.name} in the new run"
    for best in comparison.bests:
        if best.in_place_of is not None:
            yield (
                f"{best.name}: {best.in_place_of}, the best of the base, has no figures in both runs; {best.point}, the fastest "
                "that has, stands for it"
            )
    yield (
        "the verdicts at the best sizes are adjusted for their number by Holm's method; those in the table of all sizes "
        "are not"
    )
