"""A question about capacity is answered again with what batches cost over a pipe, and held against a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infer_compare.api.capacity_question import Question, answered
from infer_compare.capacity.values import Bound, Load
from infer_compare.errors import UsageError
from infer_compare.report.capacity import FORMATS
from infer_compare.serving.file import read_curves

from .conftest import contender, open_gate  # type: ignore[import-not-found]
from .virtual import virtual  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.report.capacity import CapacityDocument

STEADY = contender("steady", fixed_us=1000, per_sample_us=0)
ARRIVALS = tuple(0.01 * number for number in range(200))


@pytest.fixture
def ask(sweep, installed, tmp_path) -> Callable[..., CapacityDocument]:
    """Asks about a contender that takes a millisecond for each batch; no process is started for a replay."""
    run = sweep(STEADY)

    def answer(**changes: Any) -> CapacityDocument:
        question = Question(
            load=Load(rate=100.0, arrivals_s=ARRIVALS),
            bound=Bound(latency_s=0.02, percentile=95.0),
            max_batch=1,
            max_delay_s=0.0,
        )
        return answered(
            run,
            question._replace(**changes),
            folder=tmp_path,
            plugins=installed,
            surroundings=virtual(open_gate, lambda _number: {}),
        )

    return answer


def test_a_replay_stands_beside_its_prediction(ask) -> None:
    """Nothing is lost, and the service times are those over the pipe."""
    document = ask(replay_s=1.0)
    (steady,), (replayed,) = document.capacity.contenders, document.capacity.replayed
    assert steady.served
    assert (replayed.lost, replayed.answered) == (0, replayed.requests)
    assert replayed.percentiles_s["50"] == pytest.approx(replayed.predicted.percentiles_s["50"].value, rel=0.1)
    text = " ".join(FORMATS.render("text", document).split())
    assert "replayed: steady at 100 requests/s measured p95 " in text
    assert "ms, within the bound" in text
    assert "REPLAY" in text


def test_what_a_replay_measured_of_the_pipe_is_used_from_then_on(ask, tmp_path) -> None:
    """It is stored beside the run."""
    before = ask()
    assert not before.capacity.contenders[0].served
    ask(replay_s=1.0)
    assert [curve.contender for curve in read_curves(tmp_path)] == ["steady"]
    after = ask()
    assert after.capacity.contenders[0].served
    assert not any("inside the worker process" in caution for caution in after.cautions)


def test_nothing_is_replayed_where_no_rate_keeps_the_bound(ask) -> None:
    """The bound is shorter than a call."""
    with pytest.raises(UsageError, match="answer within"):
        ask(replay_s=1.0, bound=Bound(latency_s=0.0001, percentile=95.0))


def test_each_setting_of_another_axis_has_its_own_answer(sweep, tokens, installed) -> None:
    """Of long sequences the contender handles less; one setting has to be named."""
    growing = contender("growing", fixed_us=0, per_sample_us=0, per_element_us=100)
    run = sweep(growing, model=tokens, axis=("seq=8,16",), batch_sizes=(1,))
    question = Question(load=Load(arrivals_s=ARRIVALS), max_delay_s=0.0)
    short, long = (answered(run, question._replace(setting=(("seq", size),)), plugins=installed) for size in (8, 16))
    assert short.axes == (("seq", 8),)
    assert "with seq 8: " in short.headline
    ratio = short.capacity.contenders[0].saturation / long.capacity.contenders[0].saturation
    assert ratio == pytest.approx(2, rel=0.05)
    with pytest.raises(UsageError, match="choose one with --axis seq=8 or --axis seq=16"):
        answered(run, question)
