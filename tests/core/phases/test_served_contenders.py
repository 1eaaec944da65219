"""Contenders served from a stored run, in workers without processes: time passes only where it is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from infer_compare.capacity.values import Batching, Bound, Configuration, Load
from infer_compare.errors import UsageError, WorkerError
from infer_compare.serving.measure import CurveMeasurement, Effort, measure_curve
from infer_compare.serving.replay import replay
from infer_compare.serving.service import open_service

from .conftest import contender, open_gate  # type: ignore[import-not-found]
from .virtual import virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.capacity.values import Replayed
    from infer_compare.results import Run
    from infer_compare.serving.service import Service

CALL_S = 1e-3
STEADY = contender("steady", fixed_us=1000, per_sample_us=0)


@pytest.fixture
def run(sweep) -> Run:
    """One contender that takes a millisecond for each batch of one or two."""
    measured: Run = sweep(STEADY)
    return measured


@pytest.fixture
def serving(run: Run, installed) -> Callable[..., Any]:
    """Serves that contender, and sees that no worker is left."""

    def serve(*, copies: int = 1, max_batch: int | None = None, stored: Run | None = None, **changes: object) -> Any:
        surroundings = virtual(open_gate, lambda _number: changes)
        launched: Any = surroundings.launch
        service = open_service(
            stored or run, "steady", copies=copies, max_batch=max_batch, plugins=installed, surroundings=surroundings
        )

        class Leaving:
            def __enter__(self) -> Service:
                return service.__enter__()

            def __exit__(self, *error: object) -> None:
                service.__exit__(*error)  # type: ignore[arg-type]
                assert not launched.left

        return Leaving()

    return serve


def replayed(service: Service, gaps_s: tuple[float, ...], *, max_batch: int = 1, **others: Any) -> Replayed:
    """A replay of requests with these gaps between them, once."""
    moments = [sum(gaps_s[: place + 1]) for place in range(len(gaps_s))]
    configuration = Configuration(
        contender="steady", batching=Batching(max_batch=max_batch, max_delay_s=0.0), copies=service.copies
    )
    load = Load(arrivals_s=tuple(moments))
    seconds = moments[-1] - moments[0] + 1e-6
    return replay(service, configuration, load, seconds=seconds, measurement=measured(service), **others)


def measured(service: Service, effort: Effort | None = None) -> CurveMeasurement:
    """Some passes over the pipe to a service."""
    measurement = CurveMeasurement(effort)
    measurement.measure(service, 3)
    return measurement


def test_a_serving_curve_has_every_size_and_pause(serving) -> None:
    """And the samples a second of the largest size; nothing is interrupted where nobody else is."""
    with serving() as service:
        curve = measure_curve(service)
    assert [size.point.batch for size in curve.sizes] == [1, 2]
    for size in curve.sizes:
        assert size.durations_ns[0] == pytest.approx(1e6, rel=0.01)
        assert set(size.paused_ns) == {"1", "5", "20"}
    assert curve.saturation == pytest.approx(2 / CALL_S, rel=0.01)
    assert curve.stalls_per_s == 0.0


def test_interruptions_are_stalls_and_not_part_of_the_calls(serving) -> None:
    """Where the kernel does not tell what waited, calls that take much longer than most were interrupted."""
    with serving(slow_every=10) as service:
        curve = measure_curve(service)
    for size in curve.sizes:
        assert max(size.durations_ns) == pytest.approx(1e6, rel=0.01)
    assert curve.stall_s == pytest.approx(2 * CALL_S, rel=0.01)
    assert curve.stalls_per_s == pytest.approx(0.1 / CALL_S, rel=0.1)
    assert curve.saturation == pytest.approx(2 / (1.2 * CALL_S), rel=0.03)


def test_latencies_count_from_the_scheduled_arrival(serving) -> None:
    """Five requests come almost at once: the last one waits for the four before it."""
    with serving() as service:
        result = replayed(service, (1e-6,) * 5, bound=Bound(latency_s=1.0, percentile=99.9))
    assert result.percentiles_s["50"] == pytest.approx(3 * CALL_S, rel=0.01)
    assert result.percentiles_s["99.9"] == pytest.approx(5 * CALL_S, rel=0.01)
    assert result.predicted.percentiles_s["50"].value == pytest.approx(3 * CALL_S, rel=0.01)
    assert (result.requests, result.answered, result.lost, result.mean_batch) == (5, 5, 0, 1.0)
    assert result.throughput == pytest.approx(1 / CALL_S, rel=0.01)


def test_a_long_replay_measures_the_curve_between_its_segments(serving) -> None:
    """So that both see the same machine: one segment for each six seconds, with a pass after each; nothing is lost in between."""
    configuration = Configuration(contender="steady", batching=Batching(max_batch=1, max_delay_s=0.0), copies=1)
    with serving() as service:
        measurement = measured(service, Effort(back_to_back_s=0.01, paused_s=0.02, saturation_s=0.02))
        result = replay(service, configuration, Load(rate=50.0), seconds=20.0, measurement=measurement)
    assert (len(result.pace.measured), len(result.pace.replayed)) == (3 + 3, 3)
    assert result.pace.measured == pytest.approx([1.0] * 6, rel=0.01)
    assert result.pace.replayed == pytest.approx([1.0] * 3, rel=0.01)
    assert result.pace.steady
    assert result.answered == result.requests == pytest.approx(1000, rel=0.2)
    assert result.throughput == pytest.approx(50, rel=0.2)
    assert result.predicted.rate == pytest.approx(50, rel=0.2)
    assert result.predicted.utilisation == pytest.approx(50 * CALL_S, rel=0.2)
    assert result.predicted.saturation_share == pytest.approx(50 * CALL_S, rel=0.2)


def test_requests_that_wait_together_are_one_batch(serving) -> None:
    """Two at most: of six that come to a free copy the first goes alone, two pairs follow, and the last one is left."""
    with serving() as service:
        result = replayed(service, (1e-6,) * 6, max_batch=2, bound=Bound(latency_s=1.0, percentile=99.9))
    assert result.mean_batch == 1.5
    assert result.percentiles_s["99.9"] == pytest.approx(4 * CALL_S, rel=0.01)


def test_two_copies_lose_nothing(serving) -> None:
    """And the machine of two cores has none left for whoever sends the requests."""
    with serving(copies=2) as service:
        result = replayed(service, (1e-6,) * 7)
    assert (result.answered, result.lost) == (7, 0)
    assert result.shared_core


def test_a_copy_keeps_to_one_core_where_there_is_another(serving) -> None:
    """Then the other one is left to whoever sends the requests."""
    with serving() as service:
        assert not service.shared_core


WARM_CALLS = 6
"""Of a worker before it is handed a batch: three of each size."""


@pytest.mark.parametrize(
    ("load", "seconds", "sentence"),
    [
        (
            Load(rate=2500.0),
            1.0,
            r"^2\d\d\d requests/s are more than 2 times what saturates steady \(999.\d/s\), .* lower rate\.$",
        ),
        (Load(rate=2e6), 3.0, r"has 6,000,000 requests; 1,000,000 are the most: replay for 0.5 s\.$"),
        (Load(rate=0.01), 1.0, r"^No request arrives within 1 s at 0.01/s; replay for longer\.$"),
        (Load(), 1.0, r"^A replay needs a rate, such as --rate 200/s, or recorded arrivals\.$"),
    ],
)
def test_a_load_that_cannot_be_replayed_is_refused(serving, load: Load, seconds: float, sentence: str) -> None:
    """In one sentence that says what to give instead."""
    configuration = Configuration(contender="steady", batching=Batching(max_batch=1, max_delay_s=0.0), copies=1)
    with serving() as service:
        measurement = measured(service)
        with pytest.raises(UsageError, match=sentence):
            replay(service, configuration, load, seconds=seconds, measurement=measurement)


def test_a_batch_whose_worker_dies_is_lost_and_the_copy_is_started_again(serving) -> None:
    """All others are answered, those that came meanwhile too."""
    with serving(max_batch=2) as service:
        measurement = measured(service)
    configuration = Configuration(contender="steady", batching=Batching(max_batch=1, max_delay_s=0.0), copies=1)
    load = Load(arrivals_s=tuple(place * 1e-4 for place in range(15)))
    with serving(die_in="run", after_calls=WARM_CALLS + 10) as service:
        result = replay(service, configuration, load, seconds=1.45e-3, measurement=measurement)
    assert (result.requests, result.answered, result.lost) == (15, 14, 1)
    with (
        pytest.raises(WorkerError, match="A worker of steady died twice while it served"),
        serving(die_in="run", after_calls=WARM_CALLS + 5) as service,
    ):
        replay(service, configuration, load, seconds=1.45e-3, measurement=measurement)


def test_a_contender_that_cannot_be_started_any_more_says_why(serving) -> None:
    """In one sentence."""
    with pytest.raises(WorkerError, match=r"^steady cannot be served: .*fake.*\.$"), serving(fail_in="load"):
        pass


@pytest.mark.parametrize(
    ("label", "max_batch", "sentence"),
    [
        ("other", None, "The run has no contender 'other'; it has steady."),
        ("steady", 4, "steady was measured from batch 1 to 2; a largest batch of 4 is not between them."),
    ],
)
def test_what_was_not_measured_is_not_served(run: Run, label: str, max_batch: int | None, sentence: str) -> None:
    """Nothing is started for it."""
    with pytest.raises(UsageError) as refused, open_service(run, label, copies=1, max_batch=max_batch):
        pass
    assert str(refused.value) == sentence


def test_a_model_that_has_changed_is_not_served(serving, run: Run) -> None:
    """Nor another version: what is predicted would be another model's."""
    model = msgspec.structs.replace(run.header.model, sha256="0" * 64)
    stored = msgspec.structs.replace(run, header=msgspec.structs.replace(run.header, model=model))
    with (
        pytest.raises(UsageError, match=r"steady cannot be served as it was measured, since the model mlp has changed"),
        serving(stored=stored),
    ):
        pass
