"""The plan of a run in reports: the requested options, and the resolved values of those left open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from infer_compare.interfaces.bounds import Bytes, Count, Duration, Number, Quantity, Seconds, Size
from infer_compare.request.options import Mode, Scope

if TYPE_CHECKING:
    from infer_compare.results import Header


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """The options and the protocol of a run."""

    batch_sizes: tuple[Size, ...] | None
    """None for `auto`, where exploring decides."""
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
    """Accelerator memory that a framework's allocator may take, in bytes; None for all."""
    backstop: bool
    """Whether the kernel, besides the watchdog, limits the memory of a worker on the CPU to the cap (RLIMIT_DATA)."""
    find_limit: bool
    latency_bound_ns: Duration | None
    percentile: Annotated[float, msgspec.Meta(gt=0, lt=100)]
    inputs: tuple[str, ...]
    """`--input` specifications as typed."""
    rtol: Quantity | None
    trust: bool
    """Whether model files were allowed to execute code."""
    convert: bool
    """Whether models could be converted."""
    layouts: dict[str, str]
    """Layout of four-dimensional inputs, by backend, for backends with a separate model."""
    input_map: tuple[str, ...]
    """`--input-map` specifications as typed."""
    output_map: tuple[str, ...]
    """`--output-map` specifications as typed."""
    data: str | None
    """The data set of the inputs, as typed."""
    data_rows: Number | None
    """Number of samples in the data set."""
    data_sha256: str | None
    margin: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    """Relative difference below which two contenders count as the same."""
    budget_excess: Quantity | None
    """Processor time beyond the thread budget, relative to it, above which a point has no figures; None if not checked."""
    expected_s: Seconds | None
    """The expected duration of the run."""


ELSEWHERE = {
    "budget_s": "budget",
    "timeout_s": "timeout",
    "layouts": "layout",
}
"""Options with another name here."""


def plan_report(header: Header) -> PlanReport:
    """Return the plan of a run: resolved values where options were left open, else the options."""
    options, plan = header.options, header.plan
    parts: dict[str, object] = {"max_memory_given": options.max_memory is not None}
    for name in PlanReport.__struct_fields__:
        if name not in parts:
            source = plan if name in plan.__struct_fields__ else options
            parts[name] = getattr(source, ELSEWHERE.get(name, name))
    return PlanReport(**parts)  # type: ignore[arg-type]
