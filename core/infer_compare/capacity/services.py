"""The service times of a run's contenders: from its serving curve if there is one, else from the sweep."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infer_compare.capacity.service_times import service_of_curve, service_of_run
from infer_compare.errors import UsageError
from infer_compare.stats.wording import listing, percent
from infer_compare.verdicts.measurements import Measurements
from infer_compare.verdicts.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.capacity.service import Service
    from infer_compare.capacity.values import ServingCurve
    from infer_compare.request.axes import Setting
    from infer_compare.results import Run
    from infer_compare.verdicts.exclusions import Exclusion
    from infer_compare.verdicts.figures import Figures

HELD_UP = 0.02
"""Share of the serving time lost to other programs above which a caution is given: a quiet machine stays below."""


def services_of(
    run: Run,
    *,
    setting: Setting | None = None,
    contenders: Sequence[str] | None = None,
    copies: Sequence[int] | None = None,
    curves: Sequence[ServingCurve] = (),
) -> tuple[tuple[Service, ...], tuple[Exclusion, ...]]:
    """Return the service times of the ranked contenders of a run, and why the others are excluded.

    Args:
        run: a stored run.
        setting: sizes of the axes other than the batch; optional if the run has only one setting.
        contenders: labels; None for all of the run.
        copies: a curve with one of these numbers of copies is preferred to others of the same contender.
        curves: service times measured over a pipe, used in place of those of the run.

    Raises:
        UsageError: no contender has measured sizes, the run has no such label, one of several settings must be named, or the
            run timed whole passes over a data set.
    """
    if run.header.options.scope == "dataset":
        raise UsageError("This run timed whole passes (--scope dataset), not calls; repeat it with another scope.")
    for label in contenders or ():
        if label not in run.labels:
            raise UsageError(f"This run has no contender {label!r}; name {listing(run.labels, 'or')}.")
    setting = setting_of(run, setting)
    summary = summarise(run, every_bound=False)
    asked = [label for label in run.labels if contenders is None or label in contenders]
    excluded = tuple(exclusion for exclusion in summary.excluded if exclusion.contender in asked)
    out = {exclusion.contender for exclusion in excluded}
    measurements = Measurements(run.rounds, run.header.budget_of)
    services: list[Service] = []
    for label in asked:
        figures = [figure for figure in summary.figures if figure.contender == label and figure.point.axes == setting]
        if label in out or not figures:
            continue
        curve = _curve(label, setting, copies, curves)
        service = (
            service_of_run(
                measurements, label, run.contender(label).instances, setting, [figure.point.batch for figure in figures]
            )
            if curve is None
            else service_of_curve(curve, setting)
        )
        if service.measured:
            services.append(replace(service, cautions=tuple(_cautions(run, service, figures))))
    if not services:
        where = "" if not setting else f" at {_words(setting)}"
        raise UsageError(
            f"No contender of this run has a place in the ranking and a measured batch size{where}; "
            "see what `infer-compare report` says of each, and measure again."
        )
    return tuple(services), excluded


def setting_of(run: Run, setting: Setting | None = None) -> Setting:
    """Return the named setting of a run, or its only one when none is named.

    Raises:
        UsageError: the run has several settings and none is named, or it does not have the named one.
    """
    settings = run.header.options.settings
    choices = listing([_typed(choice) for choice in settings], "or")
    if setting is None:
        if len(settings) > 1:
            raise UsageError(f"This run has several settings; choose one with {choices}.")
        return settings[0]
    if setting not in settings:
        known = f"choose one with {choices}" if settings != ((),) else "it has no axis besides the batch"
        raise UsageError(f"This run has no setting {_words(setting)}; {known}.")
    return setting


def _words(setting: Setting) -> str:
    return ", ".join(f"{name}={size}" for name, size in setting)


def _typed(setting: Setting) -> str:
    return " ".join(f"--axis {name}={size}" for name, size in setting)


def _curve(
    label: str, setting: Setting, copies: Sequence[int] | None, curves: Sequence[ServingCurve]
) -> ServingCurve | None:
    """Return the latest curve of a contender, preferably with a requested number of copies; None if it has no curve."""
    measured = [
        curve
        for curve in curves
        if curve.contender == label and any(size.point.axes == setting for size in curve.sizes)
    ]
    wanted = [curve for curve in measured if copies is not None and curve.copies in copies]
    return next(reversed(wanted or measured), None)


def _cautions(run: Run, service: Service, figures: Sequence[Figures]) -> Iterator[str]:
    smallest = service.sizes[0]
    if smallest > 1:
        yield f"smaller batches than {smallest} are taken to last as long as that one, the smallest measured"
    if not service.served and any(figure.calls_per_stamp > 1 for figure in figures):
        yield "its calls were timed in blocks, so single calls may be slower than the percentiles say"
    held_up = service.stalls_per_s * service.stall_s
    if service.served and held_up > HELD_UP:
        share = percent(held_up / (1 + held_up))
        yield f"other programs held it up for {share} of the time when it was measured over a pipe, which is part of its figures"
    if not run.contender(service.contender).on_host:
        yield "calls are taken to be waited for one by one, without a batch enqueued ahead"
