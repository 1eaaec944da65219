"""Which warm-ups are brief."""

from __future__ import annotations

from infer_compare.interfaces import OperatingPoint
from infer_compare.planner.warming import settled
from infer_compare.results import Round, WarmUp


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
