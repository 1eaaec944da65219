"""The conditions in which two runs differ, and which of them affect throughput."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.wording import count, percent, significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.results import Environment, Header, Run, Start

NOISE_APART = 0.10
"""A larger difference between the shares of rejected slices is reported."""
PEAK_APART = 0.10
"""A larger relative difference between the machines' fastest matrix products is reported; equal machines vary by half of it."""
MEMORY_APART = 0.02
"""A larger relative difference between the usable memories is reported."""
UNKNOWN = "unknown"
MODELS_OWN = "the model's own"


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """A condition in which two runs differ."""

    topic: str
    contender: str | None = None
    """The contender that it concerns; None for all."""
    base: str
    new: str
    decisive: bool
    """Whether verdicts need it to be equal. Other conditions are only listed for the reader."""


def conditions_between(base: Run, new: Run) -> tuple[Condition, ...]:
    """Return the differing conditions: first those of all contenders, decisive ones first, then those of common contenders."""
    threads = _threads(base, new)
    general = [*_model(base.header, new.header), *(condition for condition in threads if condition.contender is None)]
    general += _plan(base.header, new.header)
    general += [*_machine(base.header, new.header), *_measured(base, new)]
    general.sort(key=lambda condition: not condition.decisive)
    by_contender = [
        condition
        for label in common_labels(base, new)
        for condition in (
            *(condition for condition in threads if condition.contender == label),
            *_contender(base, new, label),
        )
    ]
    return (*general, *by_contender)


def common_labels(base: Run, new: Run) -> tuple[str, ...]:
    """Return the contenders of both runs, in the order of the base."""
    return tuple(label for label in base.labels if label in new.labels)


def decisive_for(conditions: Sequence[Condition], contender: str) -> tuple[Condition, ...]:
    """Return the conditions that prevent a verdict on a contender."""
    return tuple(
        condition for condition in conditions if condition.decisive and condition.contender in {None, contender}
    )


def _model(base: Header, new: Header) -> Iterator[Condition]:
    yield from _differing("model", base.model.sha256[:12], new.model.sha256[:12])


def _threads(base: Run, new: Run) -> tuple[Condition, ...]:
    """Return the differing thread budgets: a single condition if all contenders have the same, else one per contender."""
    labels = common_labels(base, new)
    budgets = {label: (_budget(base.header, label), _budget(new.header, label)) for label in labels}
    if len(set(budgets.values())) == 1:
        return tuple(_differing("threads", *budgets[labels[0]]))
    return tuple(condition for label in labels for condition in _differing("threads", *budgets[label], label))


def _budget(header: Header, label: str) -> str:
    """Return the threads of a contender as a text: `2`, or for two instances `2 x 2`."""
    threads, together = header.threads_of(label), header.budget_of(label)
    return str(threads) if threads == together else f"{together // threads} x {threads}"


def _plan(base: Header, new: Header) -> Iterator[Condition]:
    old, fresh = base.options, new.options
    yield from _differing("scope", old.scope, fresh.scope)
    yield from _differing("fills", "; ".join(old.inputs) or "default", "; ".join(fresh.inputs) or "default")
    yield from _differing("mode", old.mode, fresh.mode, decisive=False)
    limits = [
        "none" if options.max_device_memory is None else f"{options.max_device_memory} B of device memory"
        for options in (old, fresh)
    ]
    yield from _differing("memory limit", *limits, decisive=False)


def _machine(base: Header, new: Header) -> Iterator[Condition]:
    old, fresh = base.environment, new.environment
    yield from _differing("processor", old.cpu, fresh.cpu)
    yield from _differing("cores", _cores(old), _cores(fresh))
    yield from _differing("governor", old.governor or UNKNOWN, fresh.governor or UNKNOWN)
    yield from _differing("power", _power(old), _power(fresh))
    yield from _differing("hypervisor", old.hypervisor or "none", fresh.hypervisor or "none")
    on_gpu = any(one.device != "cpu" for one in (*base.contenders, *new.contenders))
    yield from _differing("GPUs", ", ".join(old.gpus) or "none", ", ".join(fresh.gpus) or "none", decisive=on_gpu)
    yield from _differing("Python", old.python, fresh.python)
    yield from _differing("infer-compare", old.tool_version, fresh.tool_version)
    yield from _differing("variables", *_differing_pairs(old.variables, fresh.variables))
    yield from _differing("system", f"{old.platform}, kernel {old.kernel}", f"{fresh.platform}, kernel {fresh.kernel}",
                          decisive=False)  # fmt: skip
    if _apart(old.usable_memory, fresh.usable_memory) > MEMORY_APART:
        gibibytes = [f"{significant(machine.usable_memory / 2**30)} GiB" for machine in (old, fresh)]
        yield from _differing("memory", *gibibytes, decisive=False)
    # A plugin that one run lacks played no part in it. Packages of contenders are compared with each of them.
    of_contenders = {name for header in (base, new) for spec in header.contenders for name in spec.packages}
    both = (old.packages.keys() & fresh.packages.keys()) - of_contenders
    was, now = ({name: machine.packages[name] for name in both} for machine in (old, fresh))
    yield from _differing("packages", *_differing_pairs(was, now, " "), decisive=False)


def _measured(base: Run, new: Run) -> Iterator[Condition]:
    noise = [_rejected(run) for run in (base, new)]
    if abs(noise[0] - noise[1]) > NOISE_APART:
        yield from _differing("noise", *(f"{percent(share)} of slices rejected" for share in noise), decisive=False)
    if base.header.largest_budget != new.header.largest_budget:
        return  # The peak depends on the thread budget.
    old, fresh = (run.header.environment.peak_flops for run in (base, new))
    for dtype in old:
        if dtype in fresh and _apart(old[dtype], fresh[dtype]) > PEAK_APART:
            peaks = [f"{flops[dtype] / 1e9:.3g} GFLOP/s in {dtype}" for flops in (old, fresh)]
            yield from _differing("peak", *peaks, decisive=False)


def _contender(base: Run, new: Run, label: str) -> Iterator[Condition]:
    old, fresh = base.contender(label), new.contender(label)
    yield from _differing("backend", old.backend, fresh.backend, label)
    yield from _differing("device", old.device, fresh.device, label)
    yield from _differing("options", *_differing_pairs(old.options, fresh.options), label)
    yield from _differing("precision", old.precision or MODELS_OWN, fresh.precision or MODELS_OWN, label)
    yield from _packages(base, new, label)
    # Interpreters are compared by their versions and packages, not by their paths.
    started, restarted = base.start(label), new.start(label)
    if started is not None and restarted is not None:
        same_threads = base.header.threads_of(label) == new.header.threads_of(label)
        yield from _as_they_ran(started, restarted, label, same_threads=same_threads)


def _packages(base: Run, new: Run, label: str) -> Iterator[Condition]:
    """Yield differing versions of packages, other than the framework and the plugin, whose versions workers report."""
    old, fresh = base.contender(label).packages, new.contender(label).packages
    if not (old and fresh):
        return  # A run is too old to have recorded them, or could not run.
    started, restarted = base.start(label), new.start(label)
    framework_and_plugin = {
        (getattr(started, field, ""), getattr(restarted, field, ""))
        for field in ("framework_version", "plugin_version")
    }
    names = [name for name in {**old, **fresh} if (old.get(name), fresh.get(name)) not in framework_and_plugin]
    was, now = ({name: packages[name] for name in names if name in packages} for packages in (old, fresh))
    yield from _differing("packages", *_differing_pairs(was, now, " "), label)


def _as_they_ran(old: Start, fresh: Start, label: str, *, same_threads: bool) -> Iterator[Condition]:
    yield from _differing("version", old.framework_version or UNKNOWN, fresh.framework_version or UNKNOWN, label)
    yield from _differing("plugin", old.plugin_version or UNKNOWN, fresh.plugin_version or UNKNOWN, label)
    yield from _differing("route", " -> ".join(old.chain) or old.provenance, " -> ".join(fresh.chain) or fresh.provenance, label)  # fmt: skip
    # A differing thread budget is a condition of its own.
    left_out = set() if same_threads else {"threads"}
    before, after = (
        {key: text for key, text in start.effective.items() if key not in left_out} for start in (old, fresh)
    )
    yield from _differing("effective", *_differing_pairs(before, after), label)


def _differing(
    topic: str, base: str, new: str, contender: str | None = None, *, decisive: bool = True
) -> Iterator[Condition]:
    if base != new:
        yield Condition(topic=topic, contender=contender, base=base, new=new, decisive=decisive)


def _differing_pairs(base: Mapping[str, str], new: Mapping[str, str], sign: str = "=") -> tuple[str, str]:
    """Return both tables as texts, without the pairs that they share."""
    keys = sorted(key for key in {**base, **new} if base.get(key) != new.get(key))
    texts = [", ".join(f"{key}{sign}{table[key]}" for key in keys if key in table) for table in (base, new)]
    return (texts[0] or "none", texts[1] or "none") if keys else ("", "")


def _cores(machine: Environment) -> str:
    quota = f", quota {machine.quota_cores:g}" if machine.quota_cores is not None else ""
    physical = count(machine.physical_cores, "physical core")
    return f"{physical}, {machine.logical_cores} logical, {machine.usable_cores} usable{quota}"


def _power(machine: Environment) -> str:
    # A machine without a battery counts as plugged in.
    return "on battery" if machine.on_battery else "plugged in"


def _rejected(run: Run) -> float:
    slices = [piece for round_ in run.rounds for piece in round_.slices]
    return sum(piece.rejected is not None for piece in slices) / len(slices) if slices else 0.0


def _apart(one: float, other: float) -> float:
    """Return the difference of two values, relative to the larger."""
    greatest = max(one, other)
    return abs(one - other) / greatest if greatest > 0 else 0.0
