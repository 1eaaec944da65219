"""Which warm-ups are brief."""

from __future__ import annotations

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.warming import known_latencies_ns, settled
from infer_compare.results import Round, Slice, WarmUp


def warmed(restart: int, batch: int, **contenders: bool) -> Round:
    """A round before which each of the contenders was warmed up, and was settled or not."""
    point = OperatingPoint(batch)
    return Round(
        restart=restart,
        index=1,
        point=point,
        order=tuple(contenders),
        slices=(),
        clean=True,
        warm_ups=tuple(
            WarmUp(
                contender=label,
                point=point,
                prepare_ns=0,
                first_call_ns=1,
                calls=12,
                total_ns=10**8,
                latency_ns=10**6,
                steady=True,
                settled=one,
            )
            for label, one in contenders.items()
        ),
    )


def test_a_point_is_settled_where_every_worker_so_far_was() -> None:
    """One that was not, in any restart, keeps the long warm-up for good; other sizes and contenders are their own."""
    rounds = [
        warmed(1, 1, torch=True, onnx=True),
        warmed(1, 8, torch=False, onnx=True),
        warmed(2, 1, torch=False, onnx=True),
        warmed(3, 1, torch=True, onnx=True),
        warmed(3, 8, torch=True),
    ]
    assert settled(rounds) == {("onnx", OperatingPoint(1)), ("onnx", OperatingPoint(8))}
    assert settled([]) == frozenset()


def timed(batch: int, *slices: tuple[str, float, str | None]) -> Round:
    """A round of slices of two calls: whose, their milliseconds, and why they do not count."""
    return Round(
        restart=1,
        index=1,
        point=OperatingPoint(batch),
        order=(),
        slices=tuple(
            Slice(
                contender=label,
                position=0,
                started_ns=0,
                durations_ns=(round(call_ms * 10**6),) * 2,
                calls_per_stamp=1,
                discarded=1,
                rejected=rejected,
            )
            for label, call_ms, rejected in slices
        ),
        clean=True,
    )


def test_what_calls_take_is_known_from_the_slices_that_count() -> None:
    """At their median."""
    rounds = [
        timed(1, ("torch", 30.0, None), ("torch", 50.0, None), ("onnx", 5.0, None)),
        timed(1, ("torch", 40.0, None), ("torch", 90.0, "busy")),
        timed(8, ("onnx", 20.0, None)),
    ]
    assert known_latencies_ns(rounds) == {
        ("torch", OperatingPoint(1)): 40_000_000,
        ("onnx", OperatingPoint(1)): 5_000_000,
        ("onnx", OperatingPoint(8)): 20_000_000,
    }
