"""Checks of timing: all work is done when `synchronize` or `wait` returns, and every call of `run` does work.

On the CPU, work is measured by processor time, which other programs do not change. On other devices it is measured by the
duration of calls, and a finding must be repeated before it counts.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from infer_compare.environment.schedstat import own_delay_ns
from infer_compare.interfaces import OperatingPoint
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.interfaces import Session
    from infer_compare.testing.conformance.models import Example
    from infer_compare.testing.conformance.subject import Subject

BATCH = 64
REPEATS = 5
ATTEMPTS = 4
"""Attempts: a machine may be busy for long, but a backend that breaks its promise does so every time."""
CALLS = 8
LEAST_S = 200e-6
"""Durations below this are dominated by calling Python functions."""
GROWTH = 2.5
"""Least ratio of the durations of eight runs and one run; on a device that is not filled, up to eight."""


RUNS = 12
"""Repetitions, of which the median or the sum counts: a busy machine may pause this process between waiting and fetching for
as long as the work takes, which would hide it."""
LEFT_SHARE = 0.05
"""Largest share of processor time after waiting: fetching a few numbers takes less than a hundredth."""


class Spent(NamedTuple):
    """Durations in seconds."""

    inside: float
    """Timed part: running and waiting."""
    fetching: float
    """Untimed part: fetching."""
    used: float
    """Processor time of all threads in both parts, on average per run."""
    left: float
    """Processor time in the untimed part."""


@check("time")
def check_synchronize_waits(subject: Subject) -> None:
    """When `synchronize` returns, the work is done: fetching a single number afterwards takes next to nothing."""
    with subject.session(_heavy(subject)) as session:
        _judge(subject, session, _heavy(subject), 4, "synchronize", lambda _: session.synchronize())


@check("time")
def check_wait_waits(subject: Subject) -> None:
    """When `wait` returns, the work on its slot is done."""
    with subject.session(_heavy(subject)) as session:
        _judge(subject, session, _heavy(subject), 1, "wait", session.wait)


@check("time")
def check_every_run_is_work(subject: Subject) -> None:
    """Running a slot eight times takes much longer than running it once: nothing is remembered or left out."""
    example = _heavy(subject)
    with subject.session(example) as session:
        session.prepare(OperatingPoint(BATCH))
        slot = session.stage(example.batch(BATCH))
        _call(session, slot, 2)
        for _ in range(ATTEMPTS):
            pairs = [(_call(session, slot, 1), _call(session, slot, CALLS)) for _ in range(REPEATS)]
            once, often = map(min, zip(*pairs, strict=True))
            if often >= GROWTH * once:
                break
        session.release(slot)
    if often < LEAST_S and subject.device.kind != "cpu":
        raise NotApplicable("the model is too little work for this device to tell")
    if often < GROWTH * once:
        raise Violation(
            f"Running a slot {CALLS} times takes {often * 1e3:.3g} ms and once {once * 1e3:.3g} ms; compute in every call "
            "of `run`."
        )


def _heavy(subject: Subject) -> Example:
    return subject.example("heavy")


def _call(session: Session[Any], slot: Any, calls: int) -> float:  # noqa: ANN401 - a backend's own slot
    start = time.perf_counter()
    for _ in range(calls):
        session.run(slot)
    session.synchronize()
    session.fetch(slot)
    return time.perf_counter() - start


def _measure(session: Session[Any], example: Example, slots: int, wait: Callable[[Any], None]) -> Spent:
    """Measure running some slots and waiting for them, and then fetching their outputs."""
    session.prepare(OperatingPoint(BATCH))
    staged = [session.stage(example.batch(BATCH, index)) for index in range(slots)]
    inside: list[float] = []
    fetching: list[float] = []
    used: list[float] = []
    left: list[float] = []
    for _ in range(RUNS + 2):
        start, busy = time.perf_counter(), time.process_time()
        for slot in staged:
            session.run(slot)
        wait(staged[-1])
        waited = time.perf_counter()
        done, delay_ns, between = time.process_time(), own_delay_ns(), time.perf_counter()
        for slot in staged:
            session.fetch(slot)
        fetched = time.perf_counter()
        # Without the time in which other programs kept this thread from a core.
        fetching.append(max(0.0, fetched - between - (own_delay_ns() - delay_ns) / 1e9))
        left.append(time.process_time() - done)
        used.append(done - busy + left[-1])
        inside.append(waited - start)
    for slot in staged:
        session.release(slot)
    return Spent(median(inside[2:]), median(fetching[2:]), sum(used[2:]) / RUNS, sum(left[2:]) / RUNS)


def _judge(
    subject: Subject, session: Session[Any], example: Example, slots: int, step: str, wait: Callable[[Any], None]
) -> None:
    for _ in range(ATTEMPTS):
        spent = _measure(session, example, slots, wait)
        left = spent.left if subject.device.kind == "cpu" else 0.0
        if left < max(LEAST_S, LEFT_SHARE * spent.used) and spent.fetching < max(LEAST_S, spent.inside / 2):
            return
    raise Violation(
        f"After `{step}` returned, fetching the outputs of much work took {spent.fetching * 1e3:.3g} ms and "
        f"{spent.left * 1e3:.3g} ms of processor time, and the work before it {spent.inside * 1e3:.3g} ms; compute in `run`, "
        f"and let `{step}` return when all of it is done."
    )
