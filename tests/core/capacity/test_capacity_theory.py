"""Simulated queues agree with queueing theory, within the confidence intervals of their replications."""

from __future__ import annotations

from math import exp, factorial, lgamma, log
from typing import TYPE_CHECKING

import numpy as np
import pytest

from infer_compare.capacity.replications import Effort, replicate
from infer_compare.capacity.service import QUANTILES, Service
from infer_compare.capacity.service_times import service_of
from infer_compare.capacity.simulation import simulate
from infer_compare.capacity.values import Batching, Configuration, Load
from infer_compare.stats.student import t_quantile

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

    from infer_compare.capacity.replications import Replicated
    from infer_compare.stats.student import Interval

FIXED, EACH = 4.0, 1.0
"""Of the batch service with linear cost."""
EXPONENTIAL = -np.log1p(-(np.arange(QUANTILES) + 0.5) / QUANTILES)
EXPONENTIAL /= EXPONENTIAL.mean()


def slow(*values: float) -> ParameterSet:
    """A case that is left to the slow suite."""
    return pytest.param(*values, marks=pytest.mark.slow)


def served(
    service: Service,
    rate: float,
    *,
    copies: int = 1,
    max_batch: int = 1,
    delay: float = 0.0,
    load: Load | None = None,
    requests: int = 8_000,
    seed: int = 11,
) -> Replicated:
    """What a configuration does at a rate."""
    configuration = Configuration(
        contender="x", batching=Batching(max_batch=max_batch, max_delay_s=delay), copies=copies
    )
    effort = Effort(replications=16, requests=requests, seed=seed)
    return replicate(service, configuration, load or Load(), rate, [50.0, 99.0], effort)


def agrees(interval: Interval, value: float, within: float) -> bool:
    """Whether the 99.9 % interval has the value, and is itself narrow enough to say something."""
    half = interval.half_width * t_quantile(0.9995, interval.df) / t_quantile(0.975, interval.df)
    assert half < within * value
    return abs(interval.mean - value) <= half


def linear(largest: int) -> Service:
    """Batch service with a fixed cost and one for each request."""
    return service_of("x", 1, {size: [FIXED + EACH * size] for size in range(1, largest + 1)})


@pytest.mark.parametrize("load", [slow(0.3), 0.6, slow(0.85)])
def test_one_copy_with_exponential_calls_is_a_markov_queue(load: float) -> None:
    """M/M/1: the latency is exponential with mean 1 / (1 - load)."""
    simulated = served(service_of("x", 1, {1: EXPONENTIAL}), load)
    assert agrees(simulated.mean_s, 1 / (1 - load), 0.2)
    assert agrees(simulated.percentiles_s[0], log(2) / (1 - load), 0.2)
    assert agrees(simulated.percentiles_s[1], log(100) / (1 - load), 0.35)
    assert simulated.utilisation == pytest.approx(load, rel=0.02)
    assert simulated.queue_share == pytest.approx(load, abs=0.02)


@pytest.mark.parametrize("load", [slow(0.3), 0.85])
def test_calls_of_one_length_wait_half_as_long_as_exponential_ones(load: float) -> None:
    """M/D/1: 1 + load / (2 (1 - load)), by Pollaczek and Khinchine."""
    assert agrees(served(service_of("x", 1, {1: [1.0]}), load).mean_s, 1 + load / (2 * (1 - load)), 0.15)


@pytest.mark.parametrize(("copies", "load"), [(2, 0.6), slow(2, 0.85), slow(4, 0.85)])
def test_several_copies_share_the_load_as_erlang_says(copies: int, load: float) -> None:
    """M/M/k: the share that waits is Erlang's C."""
    offered = copies * load
    waiting = offered**copies / factorial(copies) / (1 - load)
    waiting /= sum(offered**number / factorial(number) for number in range(copies)) + waiting
    simulated = served(service_of("x", copies, {1: EXPONENTIAL}), offered, copies=copies)
    assert agrees(simulated.mean_s, 1 + waiting / (copies - offered), 0.2)


@pytest.mark.parametrize("burstiness", [slow(0.5), 4.0])
def test_bursty_arrivals_wait_as_long_as_renewal_theory_says(burstiness: float) -> None:
    """G/M/1: the mean is 1 / (1 - s), where s is the root of the transform of the times between arrivals at 1 - s."""
    load, root = 0.6, 0.5
    for _ in range(200):
        root = (1 + burstiness * (1 - root) / load) ** (-1 / burstiness)
    simulated = served(service_of("x", 1, {1: EXPONENTIAL}), load, load=Load(burstiness=burstiness))
    assert agrees(simulated.mean_s, 1 / (1 - root), 0.2)


@pytest.mark.parametrize("load", [slow(0.1), 0.6, slow(0.85)])
def test_batches_with_linear_cost_agree_with_the_chain_of_their_sizes(load: float) -> None:
    """The mean latency and the mean batch are those of the embedded chain of batch sizes (the model of arXiv 1912.06322)."""
    mean, batch = chain(load)
    simulated = served(linear(200), load, max_batch=200)
    assert agrees(simulated.mean_s, mean, 0.1)
    assert simulated.mean_batch == pytest.approx(batch, rel=0.03)


def chain(rate: float, largest: int = 400) -> tuple[float, float]:
    """The exact mean latency and mean batch size where a copy takes all that wait, for any number."""
    sizes = np.arange(1, largest + 1)
    calls = EACH * sizes + FIXED
    numbers = np.arange(largest + 1)
    logs = np.array([lgamma(number + 1) for number in numbers])
    arrived = np.exp(numbers * np.log(rate * calls)[:, None] - (rate * calls)[:, None] - logs)
    following = arrived[:, 1:].copy()
    following[:, 0] += arrived[:, 0]
    following /= following.sum(axis=1, keepdims=True)
    share = np.full(largest, 1 / largest)
    for _ in range(400):
        share = share @ following
    # Those that arrive during a call wait half of it on average, and then for their own; after an idle time one comes alone.
    waited = arrived @ np.concatenate([[0.0], sizes * calls]) + arrived[:, 0] * calls[0] + rate * calls**2 / 2
    answered = arrived @ np.concatenate([[1.0], sizes])
    return float((share @ waited) / (share @ answered)), float(share @ sizes)


def test_a_lone_request_waits_for_the_whole_delay() -> None:
    """At a light load nobody joins a batch."""
    simulated = served(linear(8), 1e-4, max_batch=8, delay=3.0, requests=2_000)
    assert simulated.mean_s.mean == pytest.approx(3.0 + EACH + FIXED, rel=0.002)


def test_pairs_without_a_time_limit_wait_for_each_other() -> None:
    """The first of a pair waits for the second, the second for none."""
    simulated = served(linear(2), 1e-3, max_batch=2, delay=1e9, requests=2_000)
    assert agrees(simulated.mean_s, 500 + 2 * EACH + FIXED, 0.05)


@pytest.mark.parametrize("copies", [1, 2, 4])
def test_a_queue_that_is_never_empty_is_served_at_the_saturation_rate(copies: int) -> None:
    """All batches are as large as they may be."""
    service = linear(16)
    batching = Batching(max_batch=16, max_delay_s=0.0)
    draws, never = [0] * 4_000, iter([float("inf")])
    done = simulate([0.0] * 4_000, service.durations(draws, never), batching, copies).done
    assert len(done) / max(done) == pytest.approx(service.saturation(16, copies), rel=0.01)
    assert service.saturation(16, copies) == pytest.approx(copies * 16 / (16 * EACH + FIXED))


def test_stalls_lengthen_calls_by_their_share_of_the_time_that_is_computed() -> None:
    """A process in busy time: twice as long a call meets twice as many."""
    service = Service(contender="x", copies=1, measured={1: np.full(QUANTILES, 1.0)}, stalls_per_s=0.05, stall_s=2.0)
    assert service.mean_s(1) == pytest.approx(1.1)
    simulated = served(service, 0.5, requests=4_000)
    assert simulated.utilisation == pytest.approx(0.55, rel=0.02)
    # M/G/1, the length of a call being 1 + 2 * a Poisson number of mean 0.05.
    second_moment = 1.1**2 + 4 * 0.05
    assert agrees(simulated.mean_s, 1.1 + 0.5 * second_moment / (2 * (1 - 0.55)), 0.1)


def test_calls_after_idling_take_longer() -> None:
    """What is added is linear between the pauses that were measured, and beyond the longest what it is there."""
    service = service_of("x", 1, {1: [1.0]}, paused={1: {50.0: [1.3], 100.0: [1.8]}})
    often, seldom = (served(service, rate, requests=3_000) for rate in (0.01, 1e-5))
    # Idle times are exponential of mean 100: the integral of the slope times the share that is idle for longer.
    added = 0.006 * (1 - exp(-0.5)) * 100 + 0.01 * (exp(-0.5) - exp(-1)) * 100
    assert often.mean_s.mean == pytest.approx(1 + added, rel=0.02)
    assert seldom.mean_s.mean == pytest.approx(1.8, rel=0.01)
