"""Clock, warm-up and timed loops, which take callables and know no backend."""

from infer_compare.timing.clock import MONOTONIC, Call, Clock
from infer_compare.timing.collector import collector_off, collector_paused
from infer_compare.timing.loop import TimedSlice, timed_slice
from infer_compare.timing.phases import timed_phases
from infer_compare.timing.pipeline import enqueued, pipelined
from infer_compare.timing.plan import BlockLimits, SliceLimits, SlicePlan, plan_slice
from infer_compare.timing.warmup import BRIEF, WarmUpLimits, WarmUpResult, warm_up

__all__ = [
    "BRIEF",
    "MONOTONIC",
    "BlockLimits",
    "Call",
    "Clock",
    "SliceLimits",
    "SlicePlan",
    "TimedSlice",
    "WarmUpLimits",
    "WarmUpResult",
    "collector_off",
    "collector_paused",
    "enqueued",
    "pipelined",
    "plan_slice",
    "timed_phases",
    "timed_slice",
    "warm_up",
]
