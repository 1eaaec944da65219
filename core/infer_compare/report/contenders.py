"""The contenders of a report: versions, provenance, effective settings, and start-up costs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from infer_compare.report.schema import ContenderReport, StartUp
from infer_compare.results import Measured
from infer_compare.stats.quantiles import median
from infer_compare.verdicts import output_error
from infer_compare.verdicts.setups import setup_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import OperatingPoint
    from infer_compare.results import ContenderSpec, Run, Start


def contenders(run: Run) -> tuple[ContenderReport, ...]:
    """Return every contender, in the requested order."""
    reports: list[ContenderReport] = []
    for spec in run.header.contenders:
        setup = setup_of(run, spec.label)
        asked = ContenderReport(
            label=spec.label,
            name=run.name(spec.label),
            backend=spec.backend,
            device=spec.device,
            options=spec.options,
            keys=keys_of(spec),
            python=spec.python,
            packages=spec.packages,
            threads=setup.threads,
            instances=setup.instances,
            remote=spec.remote,
            precision=setup.precision,
            output_error=output_error(run, spec.label),
            deviates=run.deviates(spec.label) is not None,
        )
        starts = [start for start in run.starts if start.contender == spec.label]
        reports.append(_as_it_ran(run, asked, starts) if starts else asked)
    return tuple(reports)


def keys_of(spec: ContenderSpec) -> dict[str, str]:
    """Return the requested values of the keys that every backend has."""
    instances = spec.instances if spec.instances > 1 else None
    keys = {"threads": spec.threads, "precision": spec.precision, "instances": instances, "route": spec.route}
    return {name: str(value) for name, value in keys.items() if value is not None}


def _as_it_ran(run: Run, asked: ContenderReport, starts: Sequence[Start]) -> ContenderReport:
    from msgspec.structs import replace

    first = starts[0]
    return replace(
        asked,
        framework_version=first.framework_version,
        plugin_version=first.plugin_version or None,
        provenance=first.provenance,
        chain=first.chain,
        effective=first.effective,
        processors=first.processors,
        start_up=_start_up(run, asked.label, starts),
        resident_bytes=first.resident,
    )


def _start_up(run: Run, label: str, starts: Sequence[Start]) -> StartUp:
    first = first_calls(run, label)
    smallest = min(first, default=None)
    # Workers of restarts start at the same time and compete for the cores.
    chosen = [start for start in starts if start.restart == 0] or starts
    explored = next(
        (probe.outcome for probe in run.probes if probe.phase == "explore" and probe.contender == label), None
    )
    return StartUp(
        starts=len(starts),
        spawn_ns=median([start.spawn_ns for start in chosen]),
        import_ns=median([start.import_ns for start in chosen]),
        load_ns=median([start.load_ns for start in chosen]),
        to_device_ns=median([start.to_device_ns for start in chosen]),
        first_call_ns=median(first[smallest]) if smallest is not None else None,
        first_call_at=smallest,
        compile_ns=explored.prepare_ns + explored.first_call_ns if isinstance(explored, Measured) else None,
    )


def first_calls(run: Run, label: str) -> dict[OperatingPoint, list[int]]:
    """Return the durations of the first calls of fresh workers, in nanoseconds, by the size of the call.

    Every worker begins at its smallest size; workers that confirm run one size each. The first call of a warm-up counts only
    if it is one call of the model, that is with the scope `device`.

    Args:
        run: the run.
        label: the contender.
    """
    calls: dict[OperatingPoint, list[int]] = {}
    explored = next((probe for probe in run.probes if probe.phase == "explore" and probe.contender == label), None)
    if explored is not None and isinstance(explored.outcome, Measured):
        calls[explored.point] = [explored.outcome.first_call_ns]
    if run.header.options.scope != "device":
        return calls
    starts = Counter(start.restart for start in run.starts if start.contender == label)
    counted: Counter[int] = Counter()
    for round_ in run.rounds:
        warm_up = next((warm_up for warm_up in round_.warm_ups if warm_up.contender == label), None)
        # Workers that confirm share a restart number; in older runs one worker confirmed all sizes.
        workers = max(1, starts[round_.restart]) if round_.phase == "confirm" else 1
        if warm_up is not None and counted[round_.restart] < workers:
            counted[round_.restart] += 1
            calls.setdefault(warm_up.point, []).append(warm_up.first_call_ns)
    return calls
