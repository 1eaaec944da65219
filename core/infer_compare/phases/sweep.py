"""The sequence of the phases of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.errors import InferCompareError, StoreError
from infer_compare.foreign import shortened
from infer_compare.phases.agree import agree
from infer_compare.phases.explore import explore
from infer_compare.phases.limit import limit
from infer_compare.phases.power import power
from infer_compare.phases.rank import rank
from infer_compare.phases.recipe import recipe
from infer_compare.results import Closing, Note, Run
from infer_compare.worker.supervisor import removed_if_killed

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from infer_compare.phases.context import RunContext
    from infer_compare.phases.explore import Explored
    from infer_compare.phases.race import Race


def nothing_left(race: Race, least: tuple[str, float] | None) -> str:
    """Return why a race has no contender left after trying them, and the remedy."""
    context, most = race.context, race.context.options.max_error
    reasons = {record.reason for record in context.run.dropped}
    if most is not None and least is not None and "error" in reasons and least[1] > most:
        return f"no configuration keeps --max-error {most:g}; the least output error is {least[1]:.2g}, of {least[0]}"
    if "latency" in reasons:
        fastest = min(record.latency_ns or 0 for record in context.run.dropped if record.reason == "latency")
        return f"no configuration keeps the latency bound; the shortest latency is {fastest / 1e6:.3g} ms"
    if "time" in reasons:
        number = len(context.routes)
        enough = race.preparing_s + 4 * number
        return (
            f"the budget of {context.options.budget:g} s was used up before anything was measured: reading and converting the "
            f"model took {race.preparing_s:.0f} s; give --budget {enough:.0f}s or more for {number} configurations"
        )
    return "no configuration could be run"


class Sweep:
    """Runs a resolved plan and stores the records."""

    def __init__(self, context: RunContext) -> None:
        """Starts nothing yet."""
        self._context = context
        self._resolved = context.resolved
        self._journal = context.journal
        self._observer = context.observer
        closing = self._journal.run.closing if self._journal.begun else None
        self._elapsed_s = closing.elapsed_s if closing is not None else 0.0
        self._began = context.surroundings.now()

    def run(self) -> Run:
        """Run all remaining phases, and return the run.

        Raises:
            KeyboardInterrupt: after the records were closed and all workers were ended.
            StoreError: a record could not be stored; the workers have been ended.
        """
        return self._ended(self._phases)

    def check(self) -> Run:
        """Only explore the requested batch sizes and compare outputs, without measuring; return the run.

        Raises:
            KeyboardInterrupt: after all workers were ended.
        """

        def phases() -> tuple[Literal["complete", "stopped"], str]:
            if self._compared().points and (text := power(self._context)):
                self._journal.add(Note(topic="power", text=text))
            return "complete", ""

        return self._ended(phases)

    def _ended(self, phases: Callable[[], tuple[Literal["complete", "stopped"], str]]) -> Run:
        """Run phases, close the run however they end, and return it."""
        try:
            if not self._journal.begun:
                self._journal.add(self._resolved.header)
            with removed_if_killed(self._context.scratch):
                state, reason = phases()
        except KeyboardInterrupt as interrupt:
            if self._journal.begun:
                self._close("interrupted", str(interrupt) or "interrupted from the keyboard or by a signal")
            raise
        except StoreError:
            raise
        except InferCompareError as error:
            self._close("stopped", str(error))
            raise
        return self._close(state, reason)

    def _close(self, state: Literal["complete", "interrupted", "stopped"], reason: str) -> Run:
        elapsed_s = round(self._elapsed_s + self._context.surroundings.now() - self._began, 3)
        self._journal.add(Closing(state=state, reason=reason, elapsed_s=elapsed_s))
        run = self._journal.run
        self._observer.finished(run)
        return run

    def _phases(self) -> tuple[Literal["complete", "stopped"], str]:
        explored = self._compared()
        limit(self._context, explored.points)
        run, race = self._journal.run, self._context.race
        ranked = {label: tuple(own) for label, own in explored.points.items() if run.differs(label) is None and own}
        if race is not None:
            alike = ranked
            ranked = {label: tuple(own) for label, own in race.after_trying(ranked).items()}
            if not ranked:
                return "stopped", nothing_left(race, race.least_error(list(alike)))
        if not ranked:
            return "complete", ""
        ended = rank(self._context, ranked, disturbed=all(explored.disturbed[label] for label in ranked))
        if race is not None:
            recipe(self._context)
        return ended

    def _compared(self) -> Explored:
        """Explore which points each contender can run, and compare their outputs."""
        if self._journal.resumed:
            self._context.quiet.before_run()
        self._observer.resolved(self._resolved.header)
        known = {record.contender for record in self._journal.run.unusable}
        for unusable in self._resolved.unusable:
            if unusable.contender not in known:
                self._journal.add(unusable)
            # Shortened, as the reason can be long; the report has all of it.
            reason = shortened(getattr(unusable.outcome, "reason", "").partition(" (")[0], 160)
            self._observer.note(unusable.contender, f"skipped: {reason}")
        for topic, text in (
            *(("model", warning) for warning in self._resolved.warnings),
            *self._resolved.remarks,
            *(("inputs", plan.warning) for plan in self._resolved.inputs if plan.warning),
        ):
            self._context.tell(topic, text)
        if (metering := self._context.metering) is not None:
            metering.prepare({label: route.contender.spec.device for label, route in self._context.routes.items()})
        compared = self._context.is_compared
        explored = explore(self._context)
        if explored.points and not compared:
            agree(self._context, explored.points)
        return explored
