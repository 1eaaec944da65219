"""Contenders as they ran: versions, provenance, what was effective, and what starting them cost."""

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
    """Every contender, in the order in which they were asked for."""
    found: list[ContenderReport] = []
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
        found.append(_as_it_ran(run, asked, starts) if starts else asked)
    return tuple(found)


def keys_of(spec: ContenderSpec) -> dict[str, str]:
    """Return what was asked of a contender in the keys that every backend has."""
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
    # Those of restarts are hurried, and compete with each other for the cores.
    told = [start for start in starts if start.restart == 0] or starts
    explored = next((one.outcome for one in run.probes if one.phase == "explore" and one.contender == label), None)
    return StartUp(
        starts=len(starts),
        spawn_ns=median([start.spawn_ns for start in told]),
        import_ns=median([start.import_ns for start in told]),
        load_ns=median([start.load_ns for start in told]),
        to_device_ns=median([start.to_device_ns for start in told]),
        first_call_ns=median(first[smallest]) if smallest is not None else None,
        first_call_at=smallest,
        compile_ns=explored.prepare_ns + explored.first_call_ns if isinstance(explored, Measured) else None,
    )


def first_calls(run: Run, label: str) -> dict[OperatingPoint, list[int]]:
    """Return the first calls of workers that had run nothing before, in nanoseconds, by the size that came first.

    Every worker begins at the smallest size that it runs; those that confirm run one size each. The first call of a
    warm-up counts only where it is one call of the model: with a scope other than `device` it is more.

    Args:
        run: the run.
        label: the contender.
    """
    found: dict[OperatingPoint, list[int]] = {}
    explored = next((one for one in run.probes if one.phase == "explore" and one.contender == label), None)
    if explored is not None and isinstance(explored.outcome, Measured):
        found[explored.point] = [explored.outcome.first_call_ns]
    if run.header.options.scope != "device":
        return found
    starts = Counter(start.restart for start in run.starts if start.contender == label)
    counted: Counter[int] = Counter()
    for one in run.rounds:
        warm_up = next((warm_up for warm_up in one.warm_ups if warm_up.contender == label), None)
        # Workers that confirm share a number, and older runs have one for all sizes.
        workers = max(1, starts[one.restart]) if one.phase == "confirm" else 1
        if warm_up is not None and counted[one.restart] < workers:
            counted[one.restart] += 1
            found.setdefault(warm_up.point, []).append(warm_up.first_call_ns)
    return found
