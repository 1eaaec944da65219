"""What the contenders of a stored run handle."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from infer_compare.capacity.answer import answer
from infer_compare.capacity.predict import MOST_SHARE, predict
from infer_compare.capacity.replications import Effort
from infer_compare.capacity.service_times import service_of, service_of_curve
from infer_compare.capacity.services import services_of
from infer_compare.capacity.values import Batching, Bound, Configuration, Load, ServingCurve, ServingSize
from infer_compare.errors import UsageError
from infer_compare.interfaces import OperatingPoint
from infer_compare.store import read_run

if TYPE_CHECKING:
    from infer_compare.capacity.values import ContenderCapacity
    from infer_compare.results import Run

ROOT = Path(__file__).parents[3]
BOUND = Bound(latency_s=0.004)
QUICK: dict[str, Any] = {"contenders": ["onnx"], "max_batches": [4], "max_delays_s": [0.0]}


@pytest.fixture(scope="module")
def run() -> Run:
    """A stored run of torch and onnx over batches of 1 to 8: onnx serves about 5,000 samples a second, torch 1,800."""
    return read_run(ROOT / "docs" / "example" / "run.jsonl")


@pytest.fixture(scope="module")
def found(run: Run) -> ContenderCapacity:
    """What onnx handles of a rate that is above every saturation."""
    (onnx,) = answer(run, Load(rate=20_000.0), BOUND, price_per_hour=1.2, **QUICK).contenders
    return onnx


def test_the_upper_end_of_the_latency_at_the_highest_rate_keeps_the_bound(found: ContenderCapacity) -> None:
    """The rate is one of which that can be said."""
    assert found.highest is not None
    assert found.highest.kept
    assert found.highest.saturation_share <= MOST_SHARE + 1e-9
    latency = found.highest.percentiles_s["99"]
    assert latency.low <= latency.value <= latency.high <= BOUND.latency_s
    assert [point.rate for point in found.curve] == sorted(point.rate for point in found.curve)


def test_a_rate_well_above_the_highest_does_not_keep_the_bound(run: Run, found: ContenderCapacity) -> None:
    """What is said to be the highest is not far below what can be handled."""
    assert found.highest is not None
    assert found.highest_configuration is not None
    (service,), _ = services_of(run, contenders=["onnx"])
    load = Load(rate=1.15 * found.highest.rate)
    beyond = predict(service, found.highest_configuration, load, bound=BOUND, effort=Effort(replications=4))
    assert not beyond.kept
    assert beyond.percentiles_s["99"].value > BOUND.latency_s


def test_a_rate_beyond_one_machine_takes_several(found: ContenderCapacity) -> None:
    """The rate is above saturation, and that is an answer."""
    assert found.state == "too high"
    assert found.saturation < 20_000
    assert found.machines is not None
    assert found.machines >= 4
    assert found.configuration is not None
    assert found.configuration.machines == found.machines
    assert found.at_rate is not None
    assert found.at_rate.kept
    assert found.at_rate.rate == pytest.approx(20_000 / found.machines)
    assert found.cost_per_million == pytest.approx(found.machines * 1.2 / 3600 / 20_000 * 1e6)


@pytest.mark.slow
def test_contenders_are_ordered_by_the_highest_rate_that_they_bear(run: Run) -> None:
    """Over everything that is tried by itself."""
    onnx, torch = answer(run, Load(), BOUND, price_per_hour=1.2).contenders
    assert (onnx.contender, torch.contender) == ("onnx", "torch")
    assert onnx.highest is not None
    assert torch.highest is not None
    assert (onnx.state, torch.state) == ("kept", "kept")
    assert onnx.configuration == onnx.highest_configuration
    assert onnx.highest.rate > 2 * torch.highest.rate
    assert onnx.cost_per_million == pytest.approx(1.2 / 3600 / onnx.highest.rate * 1e6)


@pytest.mark.slow
def test_without_a_bound_the_highest_rate_is_the_last_that_can_be_judged(run: Run) -> None:
    """Nine tenths of saturation, of as many copies as are asked for; more than were measured are an extrapolation."""
    (onnx,) = answer(run, Load(), None, copies=[2], **QUICK).contenders
    assert onnx.highest is not None
    assert onnx.highest.rate == pytest.approx(MOST_SHARE * onnx.saturation, rel=0.01)
    assert onnx.highest.kept is None
    assert onnx.cautions == (
        "2 copies are extrapolated from 1: that more of them do not slow each other down was not measured",
    )


@pytest.mark.slow
def test_a_contender_that_is_too_slow_for_the_bound_says_so(run: Run) -> None:
    """The others are answered for."""
    bound = Bound(latency_s=0.0006)
    onnx, torch = answer(run, Load(), bound, max_batches=[1], max_delays_s=[0.0]).contenders
    assert onnx.highest is not None
    assert torch.highest is None
    assert torch.why_not == "99 % of the calls of torch at batch 1 last up to 0.773 ms, longer than the bound"


@pytest.mark.slow
def test_a_recording_is_answered_for_as_a_process_is(run: Run) -> None:
    """Evenly spaced requests handle a higher rate within a tight bound than those of a Poisson process."""
    even = Load(arrivals_s=tuple(number / 1000 for number in range(3_000)))
    (recorded,) = answer(run, even, Bound(latency_s=0.0006), **QUICK).contenders
    (poisson,) = answer(run, Load(), Bound(latency_s=0.0006), **QUICK).contenders
    assert recorded.highest is not None
    assert poisson.highest is not None
    assert recorded.highest.rate > 1.5 * poisson.highest.rate


@pytest.mark.parametrize(
    ("load", "bound", "options", "words"),
    [
        (Load(rate=-1.0), BOUND, {}, "give --rate 200/s"),
        (Load(rate=float("nan")), BOUND, {}, "give --rate 200/s"),
        (Load(burstiness=0.0), BOUND, {}, "squared coefficient of variation above 0"),
        (Load(arrivals_s=(3.0, 1.0)), BOUND, {}, "sort the time stamps"),
        (Load(arrivals_s=(1.0, 2.0, 3.0)), BOUND, {}, "record 100 or more, or give a lower --percentile"),
        (Load(), Bound(latency_s=0.0), {}, "give --latency-bound 20ms"),
        (Load(), Bound(latency_s=1.0, percentile=100.0), {}, "more than 0 and less than 100"),
        (Load(), Bound(latency_s=1.0, percentile=99.9999), {}, "give --percentile 99.9975 or lower"),
        (Load(), Bound(latency_s=0.0001), {}, "last up to 0.238 ms.*give --latency-bound 0.36ms or more"),
        (Load(), BOUND, {"contenders": ["jax"]}, "no contender 'jax'; name torch or onnx"),
        (Load(), BOUND, {"max_batches": [0]}, "give --max-batch 8"),
        (
            Load(),
            BOUND,
            {"max_batches": [64]},
            "The largest measured batch is 8.*measure larger ones with --batch-sizes",
        ),
        (Load(), BOUND, {"max_delays_s": [-1.0]}, "give --max-delay 5ms"),
        (Load(), BOUND, {"copies": [0]}, "give --copies 2"),
        (Load(), BOUND, {"price_per_hour": 0.0}, "give --price 1.20/h"),
        (Load(), BOUND, {"setting": (("seq", 8),)}, "no setting seq=8; it has no axis besides the batch"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_type(
    run: Run, load: Load, bound: Bound, options: dict[str, Any], words: str
) -> None:
    """One sentence says what is wrong, and what to give instead."""
    with pytest.raises(UsageError, match=words):
        answer(run, load, bound, **options)


def test_a_run_without_measured_sizes_is_refused(run: Run) -> None:
    """There is nothing to draw from."""
    with pytest.raises(
        UsageError, match="No contender of this run has a place in the ranking and a measured batch size"
    ):
        answer(msgspec.structs.replace(run, rounds=()), Load(), BOUND)


def test_one_of_several_settings_has_to_be_named(run: Run) -> None:
    """A mix of lengths is no question for one curve."""
    options = msgspec.structs.replace(run.header.options, axis=("seq=16,64",))
    several = msgspec.structs.replace(run, header=msgspec.structs.replace(run.header, options=options))
    with pytest.raises(UsageError, match="several settings; choose one with --axis seq=16 or --axis seq=64"):
        answer(several, Load(), BOUND)


def test_a_setting_is_answered_from_its_own_calls(run: Run) -> None:
    """Those of other settings say nothing of it."""
    short = (("seq", 16),)
    options = msgspec.structs.replace(run.header.options, axis=("seq=16,64",))

    def moved(record: Any) -> Any:
        return msgspec.structs.replace(record, point=OperatingPoint(record.point.batch, short))

    several = msgspec.structs.replace(
        run,
        header=msgspec.structs.replace(run.header, options=options),
        probes=tuple(map(moved, run.probes)),
        agreements=tuple(map(moved, run.agreements)),
        rounds=tuple(map(moved, run.rounds)),
    )
    services, _ = services_of(several, setting=short)
    assert [service.sizes for service in services] == [(1, 2, 4, 8), (1, 2, 4, 8)]
    with pytest.raises(UsageError, match="a measured batch size at seq=64"):
        services_of(several, setting=(("seq", 64),))


def test_a_contender_that_is_not_ranked_is_left_out(run: Run) -> None:
    """What is not measured, or computes something else, is not recommended."""
    rounds = tuple(
        msgspec.structs.replace(own, slices=tuple(piece for piece in own.slices if piece.contender == "onnx"))
        for own in run.rounds
    )
    services, excluded = services_of(msgspec.structs.replace(run, rounds=rounds))
    assert [service.contender for service in services] == ["onnx"]
    assert [exclusion.contender for exclusion in excluded] == ["torch"]


def curve(*, saturation: float, stalls_per_s: float = 0.0, paces: tuple[float, ...] = ()) -> ServingCurve:
    """Calls of 1 ms and 2.5 ms over a pipe, at batch 1 and 4."""
    return ServingCurve(
        contender="onnx",
        copies=1,
        sizes=tuple(
            ServingSize(point=OperatingPoint(size), durations_ns=(length,) * 20, paused_ns={"5": (length + 500_000,)})
            for size, length in ((1, 1_000_000), (4, 2_500_000))
        ),
        saturation=saturation,
        paces=paces,
        stalls_per_s=stalls_per_s,
        stall_s=0.004,
    )


def test_service_times_over_a_pipe_take_the_place_of_those_of_the_run(run: Run) -> None:
    """They say how long calls take, and how many samples a second saturate the pipe."""
    (service,), _ = services_of(run, contenders=["onnx"], curves=[curve(saturation=1_600.0)])
    assert service.served
    assert service.sizes == (1, 4)
    assert service.saturation(4, 1) == pytest.approx(1_600.0)


def test_a_machine_that_changed_its_speed_makes_predictions_less_certain(run: Run) -> None:
    """Its fastest and slowest passes are in the range, where they differ by more than is allowed for anyway."""
    (steady, unsteady) = (
        services_of(run, contenders=["onnx"], curves=[curve(saturation=1_600.0, paces=paces)])[0][0]
        for paces in ((1.01, 0.99, 1.0), (1.2, 0.8, 1.0))
    )
    assert (steady.shorter, steady.longer) == (0.97, 1.05)
    assert (unsteady.shorter, unsteady.longer) == (0.8, 1.2)
    configuration = Configuration(contender="onnx", batching=Batching(max_batch=4, max_delay_s=0.0), copies=1)
    narrow, wide = (
        predict(service, configuration, Load(rate=900.0), effort=Effort(replications=4)).percentiles_s["99"]
        for service in (steady, unsteady)
    )
    assert wide.value == narrow.value
    assert wide.low < narrow.low
    assert wide.high > narrow.high


def test_a_curve_from_a_busy_machine_says_so(run: Run) -> None:
    """Figures over a pipe have everything that interrupted them; a quiet machine has next to nothing."""
    busy, quiet = (
        services_of(run, contenders=["onnx"], curves=[curve(saturation=1_600.0, stalls_per_s=rate)])[0][0].cautions
        for rate in (50.0, 2.0)
    )
    assert busy == (
        "other programs held it up for 17 % of the time when it was measured over a pipe, which is part of its figures",
    )
    assert quiet == ()


def test_a_pipe_that_saturates_early_makes_all_calls_longer() -> None:
    """What a queue that was never empty got is what a service gets."""
    slow = service_of_curve(curve(saturation=800.0))
    assert slow.mean_s(1) == pytest.approx(0.002)
    stalled = service_of_curve(curve(saturation=1_600.0, stalls_per_s=10.0))
    assert stalled.mean_s(1) == pytest.approx(0.00104)


def test_recorded_arrivals_are_predicted_as_they_came() -> None:
    """A burst of four and a lone request: each of the four waits for those before it."""
    service = service_of("x", 1, {1: [1.0]})
    configuration = Configuration(contender="x", batching=Batching(max_batch=1, max_delay_s=0.0), copies=1)
    load = Load(arrivals_s=(100.0, 100.0, 100.0, 100.0, 110.0))
    prediction = predict(service, configuration, load, effort=Effort(replications=2))
    assert prediction.mean_s == pytest.approx((1 + 2 + 3 + 4 + 1) / 5)
    assert prediction.percentiles_s["50"].value == pytest.approx(2.0)
    assert prediction.rate == pytest.approx(0.4)
