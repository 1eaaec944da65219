"""How a run was measured, as reports show it: what was asked for, and what was left open as it was decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from infer_compare.interfaces.bounds import Bytes, Count, Duration, Number, Quantity, Seconds, Size
from infer_compare.request.options import Mode, Scope

if TYPE_CHECKING:
    from infer_compare.results import Header


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """The protocol of a run."""

    batch_sizes: tuple[Size, ...] | None
    """None for `auto`: exploring decides."""
    scope: Scope
    threads: Number
    seed: int
    mode: Mode
    restarts: Count
    rounds_per_restart: Count
    budget_s: Quantity | None
    timeout_s: Quantity
    max_memory: Bytes
    """Cap of one worker's resident memory, in bytes."""
    max_memory_given: bool
    max_device_memory: Bytes | None
    """What a framework's own allocator may take of an accelerator's memory, in bytes; None for all of it."""
    backstop: bool
    """Whether the kernel refuses a worker on the CPU memory beyond the cap (RLIMIT_DATA), beside the watchdog."""
    find_limit: bool
    latency_bound_ns: Duration | None
    percentile: Annotated[float, msgspec.Meta(gt=0, lt=100)]
    inputs: tuple[str, ...]
    """`--input` specifications as they were typed."""
    rtol: Quantity | None
    trust: bool
    """Whether model files were allowed to execute code."""
    convert: bool
    """Whether models could be converted."""
    layouts: dict[str, str]
    """Layout of four-dimensional inputs, by backend, for those with a separate model."""
    input_map: tuple[str, ...]
    """`--input-map` specifications as they were typed."""
    output_map: tuple[str, ...]
    """`--output-map` specifications as they were typed."""
    data: str | None
    """The data set that inputs were taken from, as it was typed."""
    data_rows: Number | None
    """How many samples it has."""
    data_sha256: str | None
    margin: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    """Relative difference below which two contenders count as the same."""
    budget_excess: Quantity | None
    """Processor time beyond that of the thread budget, relative to it, above which a point has no figures; None where that was
    not checked."""
    expected_s: Seconds | None
    """How long the run was expected to take."""


ELSEWHERE = {
    "budget_s": "budget",
    "timeout_s": "timeout",
    "layouts": "layout",
}
"""Options that are called otherwise here."""


def plan_report(header: Header) -> PlanReport:
    """Return how a run was measured: what was decided, and for the rest what was asked for."""
    options, plan = header.options, header.plan
    parts: dict[str, object] = {"max_memory_given": options.max_memory is not None}
    for name in PlanReport.__struct_fields__:
        if name not in parts:
            source = plan if name in plan.__struct_fields__ else options
            parts[name] = getattr(source, ELSEWHERE.get(name, name))
    return PlanReport(**parts)  # type: ignore[arg-type]
