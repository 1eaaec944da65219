"""The conditions in which two runs differ, and which of them decide throughput."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.stats.wording import count, percent, significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.results import Environment, Header, Run, Start

NOISE_APART = 0.10
"""Shares of rejected slices that lie further apart than this are reported."""
PEAK_APART = 0.10
"""The same for the machine's fastest matrix product, relative; equal machines scatter by half of it."""
MEMORY_APART = 0.02
"""The same for the memory that a run could use."""
UNKNOWN = "unknown"
MODELS_OWN = "the model's own"


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is not the same in both runs."""

    topic: str
    contender: str | None = None
    """Whom it concerns; None for all."""
    base: str
    new: str
    decisive: bool
    """Whether verdicts need it to be equal. What is not decisive is listed for the reader."""


def conditions_between(base: Run, new: Run) -> tuple[Condition, ...]:
    """What differs: first what concerns all contenders, decisive conditions first, then each common contender's."""
    threads = _threads(base, new)
    general = [*_model(base.header, new.header), *(one for one in threads if one.contender is None)]
    general += _plan(base.header, new.header)
    general += [*_machine(base.header, new.header), *_measured(base, new)]
    general.sort(key=lambda one: not one.decisive)
    own = [
        one
        for label in common_labels(base, new)
        for one in (*(one for one in threads if one.contender == label), *_contender(base, new, label))
    ]
    return (*general, *own)


def common_labels(base: Run, new: Run) -> tuple[str, ...]:
    """Contenders that were asked for in both, in the order of the base."""
    return tuple(label for label in base.labels if label in new.labels)


def decisive_for(conditions: Sequence[Condition], contender: str) -> tuple[Condition, ...]:
    """Those that stand in the way of a verdict on that contender."""
    return tuple(one for one in conditions if one.decisive and one.contender in {None, contender})


def _model(base: Header, new: Header) -> Iterator[Condition]:
    yield from _differing("model", base.model.sha256[:12], new.model.sha256[:12])


def _threads(base: Run, new: Run) -> tuple[Condition, ...]:
    """Return the thread budgets that differ: once where they are those of the runs, else by contender."""
    labels = common_labels(base, new)
    budgets = {label: (_budget(base.header, label), _budget(new.header, label)) for label in labels}
    if len(set(budgets.values())) == 1:
        return tuple(_differing("threads", *budgets[labels[0]]))
    return tuple(condition for label in labels for condition in _differing("threads", *budgets[label], label))


def _budget(header: Header, label: str) -> str:
    """Return the threads of a contender, such as `2`; of two instances `2 x 2`."""
    threads, together = header.threads_of(label), header.budget_of(label)
    return str(threads) if threads == together else f"{together // threads} x {threads}"


def _plan(base: Header, new: Header) -> Iterator[Condition]:
    old, fresh = base.options, new.options
    yield from _differing("scope", old.scope, fresh.scope)
    yield from _differing("fills", "; ".join(old.inputs) or "default", "; ".join(fresh.inputs) or "default")
    yield from _differing("mode", old.mode, fresh.mode, decisive=False)
    limits = [
        "none" if one.max_device_memory is None else f"{one.max_device_memory} B of device memory"
        for one in (old, fresh)
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
        gibibytes = [f"{significant(one.usable_memory / 2**30)} GiB" for one in (old, fresh)]
        yield from _differing("memory", *gibibytes, decisive=False)
    # A plugin that one run lacks took no part in it; what contenders rest on is compared with each of them.
    told = {name for header in (base, new) for spec in header.contenders for name in spec.packages}
    both = (old.packages.keys() & fresh.packages.keys()) - told
    was, now = ({name: one.packages[name] for name in both} for one in (old, fresh))
    yield from _differing("packages", *_differing_pairs(was, now, " "), decisive=False)


def _measured(base: Run, new: Run) -> Iterator[Condition]:
    noise = [_rejected(one) for one in (base, new)]
    if abs(noise[0] - noise[1]) > NOISE_APART:
        yield from _differing("noise", *(f"{percent(one)} of slices rejected" for one in noise), decisive=False)
    if base.header.largest_budget != new.header.largest_budget:
        return  # The peak is that of the thread budget.
    old, fresh = (one.header.environment.peak_flops for one in (base, new))
    for dtype in old:
        if dtype in fresh and _apart(old[dtype], fresh[dtype]) > PEAK_APART:
            told = [f"{one[dtype] / 1e9:.3g} GFLOP/s in {dtype}" for one in (old, fresh)]
            yield from _differing("peak", *told, decisive=False)


def _contender(base: Run, new: Run, label: str) -> Iterator[Condition]:
    old, fresh = base.contender(label), new.contender(label)
    yield from _differing("backend", old.backend, fresh.backend, label)
    yield from _differing("device", old.device, fresh.device, label)
    yield from _differing("options", *_differing_pairs(old.options, fresh.options), label)
    yield from _differing("precision", old.precision or MODELS_OWN, fresh.precision or MODELS_OWN, label)
    yield from _packages(base, new, label)
    # An interpreter's path may differ where its version and packages do not, and those are compared themselves.
    started, restarted = base.start(label), new.start(label)
    if started is not None and restarted is not None:
        same_threads = base.header.threads_of(label) == new.header.threads_of(label)
        yield from _as_they_ran(started, restarted, label, same_threads=same_threads)


def _packages(base: Run, new: Run, label: str) -> Iterator[Condition]:
    """Yield the versions that differ beside those of the framework and the plugin, which workers tell themselves."""
    old, fresh = base.contender(label).packages, new.contender(label).packages
    if not (old and fresh):
        return  # One is of before they were recorded, or could not run.
    started, restarted = base.start(label), new.start(label)
    told = {
        (getattr(started, field, ""), getattr(restarted, field, ""))
        for field in ("framework_version", "plugin_version")
    }
    names = [name for name in {**old, **fresh} if (old.get(name), fresh.get(name)) not in told]
    was, now = ({name: one[name] for name in names if name in one} for one in (old, fresh))
    yield from _differing("packages", *_differing_pairs(was, now, " "), label)


def _as_they_ran(old: Start, fresh: Start, label: str, *, same_threads: bool) -> Iterator[Condition]:
    yield from _differing("version", old.framework_version or UNKNOWN, fresh.framework_version or UNKNOWN, label)
    yield from _differing("plugin", old.plugin_version or UNKNOWN, fresh.plugin_version or UNKNOWN, label)
    yield from _differing("route", " -> ".join(old.chain) or old.provenance, " -> ".join(fresh.chain) or fresh.provenance, label)  # fmt: skip
    # The thread budget is reported apart.
    told = set() if same_threads else {"threads"}
    before, after = ({key: text for key, text in one.effective.items() if key not in told} for one in (old, fresh))
    yield from _differing("effective", *_differing_pairs(before, after), label)


def _differing(
    topic: str, base: str, new: str, contender: str | None = None, *, decisive: bool = True
) -> Iterator[Condition]:
    if base != new:
        yield Condition(topic=topic, contender=contender, base=base, new=new, decisive=decisive)


def _differing_pairs(base: Mapping[str, str], new: Mapping[str, str], sign: str = "=") -> tuple[str, str]:
    """Both as text, without the pairs that they share."""
    keys = sorted(key for key in {**base, **new} if base.get(key) != new.get(key))
    texts = [", ".join(f"{key}{sign}{one[key]}" for key in keys if key in one) for one in (base, new)]
    return (texts[0] or "none", texts[1] or "none") if keys else ("", "")


def _cores(machine: Environment) -> str:
    quota = f", quota {machine.quota_cores:g}" if machine.quota_cores is not None else ""
    physical = count(machine.physical_cores, "physical core")
    return f"{physical}, {machine.logical_cores} logical, {machine.usable_cores} usable{quota}"


def _power(machine: Environment) -> str:
    # A machine without a battery is one that is plugged in.
    return "on battery" if machine.on_battery else "plugged in"


def _rejected(run: Run) -> float:
    slices = [piece for one in run.rounds for piece in one.slices]
    return sum(piece.rejected is not None for piece in slices) / len(slices) if slices else 0.0


def _apart(one: float, other: float) -> float:
    """Relative to the larger of the two."""
    greatest = max(one, other)
    return abs(one - other) / greatest if greatest > 0 else 0.0
