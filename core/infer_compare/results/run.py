"""A run, as computed from its records."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

import msgspec

from infer_compare.results.agreement import Agreement
from infer_compare.results.budget import excess_cores
from infer_compare.results.outcomes import AnyOutcome, Skipped
from infer_compare.results.point import Point
from infer_compare.results.records import (
    AnyRecord,
    AxisLimit,
    Closing,
    ContenderSpec,
    Death,
    Header,
    Limit,
    Note,
    Predicted,
    Probe,
    Unusable,
)
from infer_compare.results.rounds import Round, WarmUp
from infer_compare.results.starts import Start
from infer_compare.results.tuning import Dropped, Recipe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infer_compare.interfaces.values import OperatingPoint
    from infer_compare.results.slices import Slice


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A stored run; every prefix of a run file that contains the header is a valid run."""

    header: Header
    starts: tuple[Start, ...] = ()
    probes: tuple[Probe, ...] = ()
    limits: tuple[Limit, ...] = ()
    """Of the batch size, at each setting of the other axes."""
    axis_limits: tuple[AxisLimit, ...] = ()
    """Of the other axes, at batch 1."""
    agreements: tuple[Agreement, ...] = ()
    predicted: tuple[Predicted, ...] = ()
    """Of points that were left out because there were too many."""
    rounds: tuple[Round, ...] = ()
    deaths: tuple[Death, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    """Contenders that were dropped from a race."""
    recipe: Recipe | None = None
    """How to use the winner of a race."""
    notes: tuple[Note, ...] = ()
    closing: Closing | None = None
    damage: tuple[str, ...] = ()
    """Damages of the file that it was read from, as clauses; empty for an intact file."""

    @classmethod
    def fold(cls, records: Iterable[AnyRecord]) -> Run:
        """Return the run that a sequence of records describes; the first record must be the header.

        Raises:
            ValueError: there is no header.
        """
        remaining = iter(records)
        header = next(remaining, None)
        if not isinstance(header, Header):
            raise ValueError("a run begins with a header record")  # noqa: TRY004 - of the content of a file
        return cls(header=header).extended(remaining)

    def extended(self, records: Iterable[AnyRecord]) -> Run:
        """Return the run with further records."""
        closing, recipe = self.closing, self.recipe
        starts, probes, limits = list(self.starts), list(self.probes), list(self.limits)
        axis_limits, predicted = list(self.axis_limits), list(self.predicted)
        agreements, rounds, deaths = list(self.agreements), list(self.rounds), list(self.deaths)
        unusable, dropped, notes = list(self.unusable), list(self.dropped), list(self.notes)
        for record in records:
            match record:
                case Header():
                    pass
                case Start():
                    starts.append(record)
                    # Its server has been reached after all.
                    unusable = [earlier for earlier in unusable if earlier.contender != record.contender]
                case Probe():
                    probes.append(record)
                case AxisLimit():
                    along = (record.contender, record.axis, record.axes)
                    axis_limits = [
                        *(limit for limit in axis_limits if (limit.contender, limit.axis, limit.axes) != along),
                        record,
                    ]
                case Limit():
                    # A resumed run repeats a search whose server was not reached.
                    same = (record.contender, record.axes)
                    limits = [*(limit for limit in limits if (limit.contender, limit.axes) != same), record]
                case Agreement():
                    agreements.append(record)
                case Predicted():
                    predicted.append(record)
                case Round():
                    rounds.append(record)
                case Death():
                    deaths.append(record)
                case Unusable():
                    unusable.append(record)
                case Dropped():
                    dropped.append(record)
                case Recipe():
                    recipe = record
                case Note():
                    notes.append(record)
                case Closing():
                    closing = record
                case _:
                    assert_never(record)
        return msgspec.structs.replace(
            self,
            starts=tuple(starts),
            probes=tuple(probes),
            limits=tuple(limits),
            axis_limits=tuple(axis_limits),
            agreements=tuple(agreements),
            predicted=tuple(predicted),
            rounds=tuple(rounds),
            deaths=tuple(deaths),
            unusable=tuple(unusable),
            dropped=tuple(dropped),
            recipe=recipe,
            notes=tuple(notes),
            closing=closing,
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the contenders, in the requested order."""
        return tuple(contender.label for contender in self.header.contenders)

    def contender(self, label: str) -> ContenderSpec:
        """Return the contender with that label."""
        return next(spec for spec in self.header.contenders if spec.label == label)

    def name(self, label: str) -> str:
        """Return the name of a contender in texts: its label, with ` (imported)` added if its model is imported.

        A label that contains `route=imported` stays as it is.
        """
        start = self.start(label)
        imported = start is not None and start.provenance == "imported"
        return f"{label} (imported)" if imported and "route=imported" not in label else label

    def agreement(self, label: str, point: OperatingPoint) -> Agreement | None:
        """Return the last comparison of that contender's outputs at that operating point."""
        matching = (
            agreement
            for agreement in reversed(self.agreements)
            if agreement.contender == label and agreement.point == point
        )
        return next(matching, None)

    def differs(self, label: str) -> Agreement | None:
        """Return a comparison in which the contender's outputs differ, which excludes it from the ranking; None without one.

        Differences that `--allow-error` permits do not count.
        """
        return next((agreement for agreement in self._differing(label) if not self._allows(agreement)), None)

    def deviates(self, label: str) -> Agreement | None:
        """Return a comparison in which a ranked contender differs beyond the tolerance, as `--allow-error` permits; else None."""
        differing = self._differing(label)
        return differing[0] if differing and self.differs(label) is None else None

    def _differing(self, label: str) -> tuple[Agreement, ...]:
        return tuple(
            agreement
            for agreement in self.agreements
            if agreement.contender == label and agreement.verdict == "differs"
        )

    def _allows(self, agreement: Agreement) -> bool:
        """Return whether the user permits a difference: numerical errors, but not another model."""
        return self.header.options.allow_error and agreement.recognizable is True

    def drop(self, label: str) -> Dropped | None:
        """Return the record that a contender was dropped from the race; None if it was not."""
        return next((record for record in self.dropped if record.contender == label), None)

    def start(self, label: str) -> Start | None:
        """Return the first start of that contender's worker."""
        return next((start for start in self.starts if start.contender == label), None)

    @property
    def explored(self) -> dict[tuple[str, OperatingPoint], AnyOutcome]:
        """The outcomes of exploring, by contender and operating point, without probes of the search for the limit."""
        return {(probe.contender, probe.point): probe.outcome for probe in self.probes if probe.phase == "explore"}

    @property
    def points(self) -> tuple[Point, ...]:
        """All points with their outcomes, ordered by contender and operating point.

        A death while measuring replaces the outcome of exploring, unless slices of the point were recorded.
        """
        outcomes = self.explored
        slices: dict[tuple[str, OperatingPoint], list[Slice]] = {}
        warm_ups: dict[tuple[str, OperatingPoint], list[WarmUp]] = {}
        for round_ in self.rounds:
            for piece in round_.slices:
                slices.setdefault((piece.contender, round_.point), []).append(piece)
            for warm_up in round_.warm_ups:
                warm_ups.setdefault((warm_up.contender, warm_up.point), []).append(warm_up)
        for death in self.deaths:
            if death.point is not None and not slices.get((death.contender, death.point)):
                outcomes[death.contender, death.point] = death.outcome
        for contender in self.labels:
            for point in self.header.points or ():
                outcomes.setdefault((contender, point), Skipped(reason="not reached"))
        order = {label: index for index, label in enumerate(self.labels)}
        # Processor time is not checked on an accelerator, whose drivers wait busily, or for a client of a server.
        on_host = {spec.label for spec in self.header.contenders if spec.on_host}
        budgets = {label: self.header.budget_of(label) for label in self.labels}
        return tuple(
            Point(
                contender=label,
                point=point,
                outcome=outcome,
                slices=tuple(slices.get((label, point), ())),
                warm_ups=tuple(warm_ups.get((label, point), ())),
                agreement=self.agreement(label, point),
                excess_cores=excess_cores(slices.get((label, point), ()), self.header.plan, budgets[label])
                if label in on_host
                else None,
            )
            for (label, point), outcome in sorted(
                outcomes.items(), key=lambda item: (order.get(item[0][0], len(order)), item[0][1])
            )
        )
