"""The configurations that `tune` tries: those that each backend proposes, on each split of the thread budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment.machine import machine
from infer_compare.errors import NoUsableBackend, UsageError
from infer_compare.interfaces import Device
from infer_compare.planner.forecast import START_S
from infer_compare.plugins import candidates
from infer_compare.preparation.plan import thread_budget
from infer_compare.request.contenders import CORE, REFERENCE, ContenderRequest
from infer_compare.request.counts import splits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.plugins import BackendEntry, Plugins
    from infer_compare.request.options import RunOptions

DEFAULT_BUDGET_S = 600.0
TRYING_S = START_S[0] + 0.4
"""The least time that starting a worker and trying a few sizes takes."""
MEASURING_S = 4.0
"""The least time that measuring the fastest configurations in two restarts takes."""


def tuned(options: RunOptions, plugins: Plugins) -> RunOptions:
    """Return the options of the race that finds the fastest configuration.

    Args:
        options: the options of `tune`; contenders among them are tried besides those that backends propose.
        plugins: the installed plugins.

    Raises:
        NoUsableBackend: no installed backend runs on the device.
        BackendUnusable: a backend is broken.
        UsageError: there are several thread budgets or a single configuration, or the budget is too short to try them all.
    """
    if len(options.thread_counts) > 1:
        raise UsageError(
            f"--threads {','.join(map(str, options.thread_counts))}: tune takes one number and splits it in all ways; write --threads {max(options.thread_counts)}."
        )
    requests = list(configurations(options, plugins))
    contenders = (*(options.contenders or ()), *requests)
    if not contenders:
        raise NoUsableBackend(
            f"No backend that is installed runs on {options.device}; install one, as `infer-compare backends` says."
        )
    if len(contenders) == 1:
        raise UsageError(
            f"There is a single configuration to try: {contenders[0]}; name more with --backends or -b, or measure it "
            "with `infer-compare run`."
        )
    budget = options.budget or DEFAULT_BUDGET_S
    least = len(contenders) * TRYING_S + MEASURING_S
    if budget < least:
        raise UsageError(
            f"--budget {budget:g}s is too short to try {len(contenders)} configurations: that takes {least:.0f} s or more; "
            "give more time, or name fewer backends with --backends."
        )
    return msgspec.structs.replace(
        options,
        backends=None,
        contenders=contenders,
        race=True,
        budget=budget,
        mode="quick",
        # A user who limits the error accepts errors beyond the usual tolerance.
        allow_error=options.allow_error or options.max_error is not None,
    )


def configurations(options: RunOptions, plugins: Plugins) -> Iterator[ContenderRequest]:
    """Yield the configurations of the backends in the order in which they are tried: simple and cheap ones first.

    Args:
        options: the options of `tune`.
        plugins: the installed plugins.

    Raises:
        BackendUnusable: a named backend is not installed, or is broken.
    """
    kind = Device.parse(options.device).kind
    budget = thread_budget(options)
    proposed = {entry.name: [{}, *_supported(entry, kind)] for entry in _backends(options, plugins, kind)}
    thread_splits = splits(budget) if kind == "cpu" else ((1, budget),)
    for place in range(max(map(len, proposed.values()), default=0)):
        for instances, threads in thread_splits:
            for name, proposals in proposed.items():
                if place < len(proposals):
                    yield _request(name, proposals[place], instances, threads if instances > 1 else None)


def _backends(options: RunOptions, plugins: Plugins, kind: str) -> Sequence[BackendEntry]:
    if options.backends is not None:
        return [plugins.find(name) for name in options.backends]
    return [entry for entry in plugins.backends if _usable(entry, kind)]


def _usable(entry: BackendEntry, kind: str) -> bool:
    return not entry.missing and entry.name != REFERENCE and kind in entry.capabilities.device_kinds


def _supported(entry: BackendEntry, kind: str) -> list[dict[str, str]]:
    """Return the proposals of a backend, without those in a precision that it does not declare."""
    known = {None, *entry.capabilities.precisions}
    return [proposal for proposal in candidates(entry, machine(kind)) if proposal.get("precision") in known]


def _request(name: str, proposal: Mapping[str, str], instances: int, threads: int | None) -> ContenderRequest:
    keys = {key: value for key, value in proposal.items() if key in CORE}
    options = {key: value for key, value in proposal.items() if key not in CORE}
    words = [
        name,
        *(value for key, value in keys.items() if key == "precision"),
        *(key if value == "true" else f"{key}={value}" for key, value in options.items()),
    ]
    if threads is not None:
        words.append(f"{instances}x{threads}")
    return ContenderRequest(
        backend=name,
        options=dict(options),
        label=" ".join(words) if len(words) > 1 else None,
        threads=threads,
        instances=instances if instances > 1 else None,
        precision=keys.get("precision"),
    )
