"""The phases of a run, one after the other."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from infer_compare.errors import InferCompareError, StoreError
from infer_compare.foreign import shortened
from infer_compare.phases.agree import agree
from infer_compare.phases.candidates import Candidate
from infer_compare.phases.coupling import is_quantized
from infer_compare.phases.evaluator import evaluate
from infer_compare.phases.limit import LimitFinder
from infer_compare.phases.odd_ones import odd_ones
from infer_compare.phases.outputs import Outputs
from infer_compare.phases.power import power
from infer_compare.phases.ranking import Ranking
from infer_compare.phases.survey import Survey
from infer_compare.request.contenders import REFERENCE
from infer_compare.results import Closing, Note, Run
from infer_compare.worker.supervisor import removed_if_killed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Literal

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.context import RunContext


class Sweep:
    """Runs a resolved plan and stores what happens."""

    def __init__(self, context: RunContext) -> None:
        """Starts nothing yet. The header of the run is the first record of the journal."""
        self._context = context
        self._resolved = context.resolved
        self._journal = context.journal
        self._observer = context.observer
        self._outputs: dict[str, Outputs] = {}
        closing = context.run.closing
        self._elapsed_s = closing.elapsed_s if closing is not None else 0.0
        self._began = context.surroundings.now()

    def run(self) -> Run:
        """Every phase that is left; the run as it then stands.

        Raises:
            KeyboardInterrupt: after the records were closed and every worker was ended.
            StoreError: a record could not be stored; the workers have been ended.
        """
        return self._ended(self._phases)

    def check(self) -> Run:
        """Only what compares outputs: exploring the batch sizes that were asked for, agreement, and what it would notice.

        Raises:
            KeyboardInterrupt: after every worker was ended.
        """

        def phases() -> tuple[Literal["complete", "stopped"], str]:
            _, points = self._compared()
            if points and (text := power(self._context)):
                self._journal.add(Note(topic="power", text=text))
            return "complete", ""

        return self._ended(phases)

    def _ended(self, phases: Callable[[], tuple[Literal["complete", "stopped"], str]]) -> Run:
        """What phases leave, closed however they end."""
        try:
            with removed_if_killed(self._context.scratch):
                state, reason = phases()
        except KeyboardInterrupt:
            self._close("interrupted", "interrupted from the keyboard or by a signal")
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
        survey, points = self._compared()
        self._find_limits(points)
        run = self._journal.run
        ranked = {label: found for label, found in points.items() if run.differs(label) is None and found}
        if not ranked:
            return "complete", ""
        return Ranking(self._context, ranked).run(disturbed=all(survey.disturbed[label] for label in ranked))

    def _compared(self) -> tuple[Survey, dict[str, tuple[OperatingPoint, ...]]]:
        """What every contender can run, explored, with its outputs compared."""
        self._observer.resolved(self._resolved.header)
        told = {one.contender for one in self._journal.run.unusable}
        for unusable in self._resolved.unusable:
            if unusable.contender not in told:
                self._journal.add(unusable)
            # The whole reason stands in the report, and can be long.
            reason = shortened(getattr(unusable.outcome, "reason", "").partition(" (")[0], 160)
            self._observer.note(unusable.contender, f"skipped: {reason}")
        for topic, text in (
            *(("model", one) for one in self._resolved.warnings),
            *(("inputs", one.warning) for one in self._resolved.inputs if one.warning),
        ):
            self._context.tell(topic, text)
        earlier = self._journal.run
        # What comes after comparing outputs tells that they were compared, for a run that is resumed.
        compared = bool(earlier.agreements and (earlier.rounds or earlier.limits))
        survey = Survey(self._context, self._outputs_of, compare=not compared)
        points = survey.run()
        if points and not compared:
            self._agree(points)
        return survey, points

    def _outputs_of(self, label: str) -> Outputs:
        if label not in self._outputs:
            # Labels are the user's words; a folder is named by a number.
            index = list(self._resolved.routes).index(label)
            order = self._resolved.routes[label].wiring.outputs
            specs = self._resolved.header.model.outputs
            self._outputs[label] = Outputs(self._context.scratch / "outputs" / str(index), order, specs)
        return self._outputs[label]

    def _agree(self, points: Mapping[str, Sequence[OperatingPoint]]) -> None:
        routes = self._resolved.routes
        candidates = {
            label: Candidate(
                spec.backend,
                routes[label].model.provenance,
                self._outputs_of(label),
                evaluates=spec.backend == REFERENCE and spec.model is None,
            )
            for label, spec in ((label, routes[label].contender.spec) for label in points)
        }

        @cache
        def quantized() -> bool:
            return any(is_quantized(route.model.path) for route in routes.values() if route.model.format == "onnx")

        known = {(one.contender, one.point) for one in self._journal.run.agreements}
        for one in agree(
            self._journal.run, points, candidates, evaluate=partial(evaluate, self._context), quantized=quantized
        ):
            if (one.contender, one.point) in known:
                continue
            self._journal.add(one)
            if one.verdict == "differs":
                other = "itself" if one.contender == one.reference else one.reference
                self._observer.note(
                    "agreement",
                    f"{one.contender} differs from {other} at {one.point}: {one.reason}; it is not ranked",
                )
        for text in odd_ones(self._journal.run, candidates):
            self._context.tell("agreement", text)

    def _find_limits(self, labels: Iterable[str]) -> None:
        """Where memory ends for each contender, one after the other, if that was asked for."""
        if not self._context.plan.find_limit:
            return
        known = {one.contender for one in self._journal.run.limits}
        for label in labels:
            if label not in known:
                LimitFinder(self._context, self._context.routes[label]).run()
