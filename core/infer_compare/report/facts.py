"""The conditions of a run as keys and values; unknown values are empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.report.words import size
from infer_compare.stats.wording import count, duration, listing, margin_words, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.report.plan import PlanReport
    from infer_compare.report.schema import ContenderReport, Noise, ReportDocument

Rows = list[tuple[str, str]]

MOST_CAUSES = 4
"""How many causes of rejections are shown; the slices of the others are only counted."""


def general_facts(document: ReportDocument) -> Rows:
    """Return the facts common to all contenders: run, model, protocol, machine, versions, noise."""
    return [
        *_run_facts(document),
        *_machine_facts(document),
        *noise_facts(document.noise),
    ]


def contender_facts(contender: ContenderReport) -> Rows:
    """Return the facts about one contender as it ran."""
    plugin = f" (plugin {contender.plugin_version})" if contender.plugin_version else ""
    version = f" {contender.framework_version}" if contender.framework_version else ""
    resident = (
        f"; {size(contender.resident_bytes)} resident with the model loaded"
        if contender.resident_bytes is not None
        else ""
    )
    return [
        ("backend", f"{contender.backend}{version}{plugin} on {contender.device}"),
        ("options", _pairs({**contender.options, **contender.keys})),
        ("python", contender.python or ""),
        ("packages", _versions(contender.packages)),
        (
            "model",
            f"{contender.provenance}: {' -> '.join(contender.chain)}"
            if contender.chain
            else contender.provenance or "",
        ),
        ("effective", _pairs(contender.effective)),
        ("processors", _processors(contender)),
        (
            "server",
            f"does the work; {count(contender.threads, 'thread')} and memory are those of the client"
            if contender.remote
            else "",
        ),
        ("start-up", f"{start_up_words(contender)}{resident}" if contender.start_up else ""),
    ]


def _processors(contender: ContenderReport) -> str:
    """Return the logical processors of each of several instances."""
    if contender.instances < 2:
        return ""
    if not contender.processors:
        return "instances not pinned"
    return ", ".join(
        f"instance {number} on {_ranges(processors)}" for number, processors in enumerate(contender.processors, start=1)
    )


def _ranges(numbers: Sequence[int]) -> str:
    """Return ascending numbers as ranges, such as `0-3 and 8`."""
    first = [number for number in numbers if number - 1 not in numbers]
    last = [number for number in numbers if number + 1 not in numbers]
    return listing([str(low) if low == high else f"{low}-{high}" for low, high in zip(first, last, strict=True)])


def start_up_words(contender: ContenderReport) -> str:
    """Return the start-up time with its parts."""
    cost = contender.start_up
    if cost is None:
        return ""
    first = (
        f"; first call of a fresh worker {duration(cost.first_call_ns)} at {cost.first_call_at}"
        if cost.first_call_ns
        else ""
    )
    return (
        f"{duration(cost.total_ns)} (process {duration(cost.spawn_ns)}, import {duration(cost.import_ns)}, "
        f"load {duration(cost.load_ns)}, to device {duration(cost.to_device_ns)}){first}"
    )


def noise_facts(noise: Noise) -> Rows:
    """Return how many slices were rejected, the busiest other process, and a row for each cause."""
    if not noise.slices:
        return []
    top = f"; busiest: {noise.top.name}, pid {noise.top.pid}, {percent(noise.top.share)} of a core" if noise.top else ""
    rows = [("noise", f"{percent(noise.share)} of {count(noise.slices, 'slice')} rejected{top}")]
    for cause in noise.causes[:MOST_CAUSES]:
        such = ", such as" if cause.slices > 1 else ""
        rows.append(("rejected", f"{count(cause.slices, 'slice')}{such}: {cause.example}"))
    if others := sum(cause.slices for cause in noise.causes[MOST_CAUSES:]):
        rows.append(("rejected", f"{count(others, 'slice')} for other causes"))
    return rows


def _run_facts(document: ReportDocument) -> Rows:
    plan, model = document.plan, document.model
    elapsed = f" after {document.elapsed_s:.0f} s" if document.elapsed_s is not None else ""
    parts = [f"{model.name} ({model.format}, {model.sha256[:12]})"]
    if model.parameters is not None:
        parts.append(count(model.parameters, "parameter") + (f" in {model.precision}" if model.precision else ""))
    if model.flops_per_sample:
        parts.append(f"{model.flops_per_sample / 1e9:.3g} GFLOP a sample")
    repetitions = f"{count(plan.restarts, 'restart')} of {count(plan.rounds_per_restart, 'round')}"
    return [
        ("run", f"{document.run_id}, {document.created}, {document.state}{elapsed}"),
        ("model", ", ".join(parts)),
        (
            "inputs",
            "; ".join(f"{tensor.name}: {tensor.dtype}[{', '.join(map(str, tensor.shape))}]" for tensor in model.inputs),
        ),
        ("fills", "; ".join(plan.inputs)),
        ("protocol", f"{plan.mode}, at most {repetitions}; margin {margin_words(plan.margin)}, seed {plan.seed}"),
        ("threads", str(plan.threads)),
        ("cap", _cap(plan, document.environment.memory_available)),
    ]


def _cap(plan: PlanReport, available: int) -> str:
    """Return how much memory a worker may use, and how this is enforced."""
    keeper = "watched from outside, and refused beyond by the kernel" if plan.backstop else "watched from outside"
    # If little memory is available, the reserve leaves less than that share.
    usual = plan.max_memory >= 0.75 * available
    chosen = "80 % of what was available" if usual else "what was available, less the reserve"
    chosen = "" if plan.max_memory_given else f"; {chosen}"
    device = f"; {size(plan.max_device_memory)} of a device's memory" if plan.max_device_memory is not None else ""
    return f"{size(plan.max_memory)} of resident memory for a worker, {keeper}{chosen}{device}"


def _peak(document: ReportDocument) -> str:
    """Return the peak performance of the machine, against which throughputs are checked."""
    machine = document.environment
    rates = [f"{rate / 1e9:.3g} GFLOP/s in {dtype}" for dtype, rate in machine.peak_flops.items()]
    copies = [f"one thread copies {machine.copy_bytes_s / 1e9:.3g} GB/s"] if machine.copy_bytes_s else []
    return ", ".join([*(["matrix product " + " and ".join(rates)] if rates else []), *copies])


def _machine_facts(document: ReportDocument) -> Rows:
    machine = document.environment
    quota = f", quota {machine.quota_cores:g}" if machine.quota_cores is not None else ""
    cores = f"{count(machine.physical_cores, 'physical core')}, {machine.logical_cores} logical"
    swap = f", swap {size(machine.swap_total)}" if machine.swap_total else ""
    group = f" ({size(machine.memory_limit)} in its control group)" if machine.memory_limit is not None else ""
    system = [machine.platform, f"kernel {machine.kernel}"]
    if machine.hypervisor:
        system.append(f"hypervisor {machine.hypervisor}")
    if machine.governor:
        system.append(f"governor {machine.governor}")
    if machine.on_battery:
        system.append("on battery")
    versions = {
        "infer-compare": machine.tool_version,
        "Python": machine.python,
        **dict(sorted(machine.packages.items())),
    }
    return [
        ("machine", f"{machine.cpu}; {cores}, {machine.usable_cores} usable{quota}"),
        ("memory", f"{size(machine.memory_total)}{group}, {size(machine.memory_available)} available{swap}"),
        ("peak", _peak(document)),
        ("GPUs", listing(machine.gpus)),
        ("system", ", ".join(system)),
        ("versions", _versions(versions)),
        ("variables", _pairs(machine.variables)),
    ]


def _versions(packages: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in packages.items())


def _pairs(values: dict[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(values.items()))
