"""Advice before a run: conditions of this machine that will disturb the measurement, and remedies.

Nothing is changed here: a tool that silently tunes a machine does not measure the user's machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment.conditions import Conditions, observe
from infer_compare.environment.threads import default_threads
from infer_compare.stats.wording import count, listing, percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infer_compare.results.environment import Environment

BUSY_CORES = 0.1
"""Foreign load that is reported, in cores: a load of 3 % of the machine can shift a ratio by 1 to 4 %."""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
INTRA_OP = "_NUM_INTRAOP_THREADS"
"""Suffix of the variables of single frameworks."""


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """A condition that will disturb the measurement, and its remedy."""

    topic: str
    """One word, such as `governor`."""
    text: str
    """The condition, as a sentence."""
    advice: str
    """The remedy, as a sentence."""
    serious: bool = False
    """Whether figures measured under this condition are likely to mislead."""

    def __str__(self) -> str:
        return f"{self.text} {self.advice}"


def warnings(
    environment: Environment,
    conditions: Conditions | None = None,
    threads: int | None = None,
    distributions: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Advice, ...]:
    """Return advice on everything that will disturb a measurement on this machine, serious conditions first.

    Args:
        environment: the machine, from `machine.describe`.
        conditions: the current conditions; by default from `observe`.
        threads: the thread budget; by default that of the machine.
        distributions: the distributions, by module, that contain the same module: only one of them may be installed.
    """
    if conditions is None:
        conditions = observe()
    if threads is None:
        threads = default_threads()
    advice = [
        *_load(environment, conditions, threads),
        *_processor(environment, conditions),
        *_memory(environment, conditions),
        *_settings(environment, conditions, threads),
        *_installation(environment, distributions or {}),
        *_gpus(conditions),
        *_visibility(environment, conditions),
    ]
    return tuple(sorted(advice, key=lambda item: not item.serious))


def _load(environment: Environment, conditions: Conditions, threads: int) -> Iterator[Advice]:
    """Yield advice on the load of other programs."""
    foreign = conditions.foreign_cores or 0.0
    loaded = environment.load_average is not None and environment.load_average[0] > environment.usable_cores / 2
    if foreign <= BUSY_CORES and not loaded:
        return
    words = []
    if environment.load_average is not None:
        words.append(f"the load average is {environment.load_average[0]:.1f}")
    if foreign > BUSY_CORES:
        words.append(f"other programs take {percent(foreign)} of a core")
    busiest = conditions.busiest
    if busiest is not None and busiest.share > BUSY_CORES / 2:
        words.append(f"the busiest is {busiest.name} (pid {busiest.pid}) with {percent(busiest.share)}")
    text = listing(words)
    fewer = f", or leave it room with --threads {threads - 1}" if threads > 1 else ""
    yield Advice(
        topic="load",
        text=f"{text[0].upper()}{text[1:]}, on {count(environment.usable_cores, 'core')}.",
        advice=f"Close what is busy{fewer}: slices that other programs disturb are rejected.",
        serious=foreign > 0.5 and foreign + threads > environment.usable_cores,
    )


def _processor(environment: Environment, conditions: Conditions) -> Iterator[Advice]:
    """Yield advice on limits of the cores' speed and time."""
    if environment.governor is not None and environment.governor != "performance":
        yield Advice(
            topic="governor",
            text=f"The frequency governor is {environment.governor}: the clock rate changes with the load.",
            advice="For steadier figures set it to performance (cpupower frequency-set -g performance).",
        )
    if environment.on_battery:
        yield Advice(
            topic="battery",
            text="The machine runs on its battery, which lowers its clock rates.",
            advice="Plug it in.",
            serious=True,
        )
    if environment.quota_cores is not None and environment.quota_cores < environment.logical_cores:
        yield Advice(
            topic="quota",
            text=f"A control group allows {environment.quota_cores:g} of {environment.logical_cores} cores.",
            advice="Frameworks that count the machine's cores start too many threads; keep --threads within the quota.",
        )
    if conditions.throttled:
        yield Advice(
            topic="throttling",
            text=f"The control group's quota has stopped its processes before ({count(conditions.throttled, 'time')}).",
            advice="Use fewer threads than the quota has cores, or raise the quota (docker run --cpus).",
            serious=True,
        )
    if conditions.steal_share is not None and conditions.steal_share > 0.02:
        yield Advice(
            topic="steal",
            text=f"The hypervisor gives {percent(conditions.steal_share)} of this machine's time to others.",
            advice="Use a dedicated machine, or measure at another time.",
            serious=True,
        )


def _memory(environment: Environment, conditions: Conditions) -> Iterator[Advice]:
    """Yield advice on swapped-out memory."""
    if conditions.swap_used > environment.usable_memory // 100:
        yield Advice(
            topic="swap",
            text=f"{conditions.swap_used / 2**30:.1f} GiB of memory are swapped out.",
            advice="Close programs that need memory; what must be read back during a slice spoils it.",
        )


def _settings(environment: Environment, conditions: Conditions, threads: int) -> Iterator[Advice]:
    """Yield advice on settings of this process that change how frameworks compute."""
    others = []
    by_framework = (name for name in environment.variables if name.endswith(INTRA_OP))
    for name in (*THREAD_VARIABLES, *by_framework):
        value = environment.variables.get(name, "").partition(",")[0].strip()
        # A limit contradicts the budget only if it is lower.
        if value.isdecimal() and (int(value) < threads if name.endswith("LIMIT") else int(value) != threads):
            others.append(f"{name}={value}")
    if others:
        yield Advice(
            topic="threads",
            text=f"{listing(others)} {'contradicts' if len(others) == 1 else 'contradict'} the budget of {threads}.",
            advice="Unset what you do not want, or ask for that many with --threads; one framework may obey the "
            "variable while another obeys the budget.",
            serious=True,
        )
    if conditions.nice != 0:
        yield Advice(
            topic="priority",
            text=f"This process runs with nice {conditions.nice}, and so will what it starts.",
            advice="Start it without nice.",
            serious=conditions.nice > 0,
        )


def _installation(environment: Environment, distributions: Mapping[str, Sequence[str]]) -> Iterator[Advice]:
    """Yield advice on distributions that contain the same module."""
    for module, names in distributions.items():
        installed = [name for name in names if name in environment.packages]
        if len(installed) > 1:
            both = "both" if len(installed) == 2 else "all"
            yield Advice(
                topic=module,
                text=f"{both.capitalize()} {listing(installed)} are installed; they overwrite each other's files.",
                advice=f"Uninstall {both} and install the one that you need.",
                serious=True,
            )


def _gpus(conditions: Conditions) -> Iterator[Advice]:
    """Yield advice on other programs that use the GPU."""
    if conditions.gpu_processes:
        users = listing([f"{process.name} (pid {process.pid})" for process in conditions.gpu_processes])
        yield Advice(
            topic="gpu",
            text=f"The GPU is in use by {users}.",
            advice="Stop them before measuring on the GPU: they take its time and its memory.",
            serious=True,
        )


def _visibility(environment: Environment, conditions: Conditions) -> Iterator[Advice]:
    """Yield advice on disturbances that the gate cannot notice."""
    if conditions.foreign_cores is None:
        yield Advice(
            topic="contention",
            text="This system does not report the load of other programs; disturbed slices cannot be rejected.",
            advice="Close everything else, and do not rely on small differences.",
            serious=True,
        )
        return
    if not environment.schedstat:
        yield Advice(
            topic="schedstat",
            text="The kernel does not report how long threads wait for a core (no schedstat).",
            advice="Disturbed slices are recognised by the load of the whole machine instead, which takes slices of "
            "200 ms and refuses more.",
        )
    if conditions.blind:
        yield Advice(
            topic="container",
            text="Programs outside this container cannot be seen.",
            advice="They are noticed by the idle time that they leave, but cannot be named; slices last 100 ms.",
        )
