"""Answers a question about the capacity of a stored run: by simulation from its stored calls, or with real workers."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from infer_compare.capacity.answer import answer
from infer_compare.capacity.arrivals import check_arrivals, parse_arrivals, recorded_rate
from infer_compare.capacity.conditions import SECONDS_AN_HOUR
from infer_compare.capacity.values import Bound, Load
from infer_compare.errors import UsageError
from infer_compare.files import open_regular
from infer_compare.report.capacity import document
from infer_compare.serving.file import read_curves, write_curve
from infer_compare.serving.measure import PASSES, CurveMeasurement
from infer_compare.serving.replay import replay
from infer_compare.serving.service import open_service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from infer_compare.capacity.values import Capacity, Replayed, ServingCurve
    from infer_compare.phases.context import Surroundings
    from infer_compare.plugins import Plugins
    from infer_compare.report.capacity import CapacityDocument
    from infer_compare.report.schema import Price
    from infer_compare.request.axes import Setting
    from infer_compare.results import Run
    from infer_compare.serving.service import Service

PERCENTILE = 99.0
"""Default percentile of a latency bound."""
LARGEST_FILE = 256 << 20
"""Largest accepted file of arrivals, in bytes."""


class Question(NamedTuple):
    """A question about the capacity of a run."""

    load: Load
    bound: Bound | None = None
    price: Price | None = None
    contenders: tuple[str, ...] = ()
    """Labels; empty for every contender."""
    max_batch: int | None = None
    max_delay_s: float | None = None
    copies: int | None = None
    setting: Setting = ()
    """Sizes of the axes other than the batch."""
    replay_s: float | None = None
    """How long real workers serve the load, in seconds; None to simulate only."""


def load_of(
    rate: float | None, arrivals: str | os.PathLike[str] | Sequence[float] | None, burstiness: float | None
) -> Load:
    """Return the load that a question describes.

    Args:
        rate: requests per second. When None: the rate of the recording, or without a recording the highest possible rate.
        arrivals: a file with recorded arrival times, or the times in seconds.
        burstiness: the squared coefficient of variation of the times between arrivals; Poisson when None.

    Raises:
        UsageError: the recording cannot be read, or a burstiness is given beside it.
    """
    if arrivals is None:
        return Load(rate=rate, burstiness=1.0 if burstiness is None else burstiness)
    if burstiness is not None:
        raise UsageError(
            "--burstiness and --arrivals contradict each other: recorded arrivals are as bursty as they are; leave one of them out."
        )
    if isinstance(arrivals, str | os.PathLike):
        stamps = _recorded(Path(arrivals))
    else:
        stamps = tuple(map(float, arrivals))
        check_arrivals(stamps)
    return Load(rate=recorded_rate(stamps) if rate is None else rate, arrivals_s=stamps)


def bound_of(latency_s: float | None, percentile: float | None) -> Bound | None:
    """Return the latency bound; None if none was given.

    Raises:
        UsageError: a percentile was given without a latency.
    """
    if latency_s is not None:
        return Bound(latency_s=latency_s, percentile=PERCENTILE if percentile is None else percentile)
    if percentile is not None:
        raise UsageError("--percentile is about a latency bound; add --latency-bound, such as 20ms.")
    return None


def answered(
    run: Run,
    question: Question,
    *,
    folder: Path | None = None,
    plugins: Plugins | None = None,
    surroundings: Surroundings | None = None,
    heard: Callable[[str], None] = lambda _: None,
) -> CapacityDocument:
    """Return the answer.

    Args:
        run: a stored run.
        question: what is asked.
        folder: the run folder, which holds service times measured over a pipe; these are not used when None.
        plugins: plugins that a replay uses; all installed ones when None.
        surroundings: workers, clock and load of a replay, for tests.
        heard: called with a sentence about each step that takes long.

    Raises:
        UsageError: the run cannot answer the question, or a replay finds another model or machine than the run's.
        NoUsableBackend: the contender to replay cannot be started any more.
        StoreError: service times beside the run cannot be read or written.
        WorkerError: a worker of a replay died or did not answer.
    """
    stored = read_curves(folder) if folder is not None else ()
    capacity = _answer(run, question, stored)
    if question.replay_s is not None:
        service = partial(
            open_service, run, setting=question.setting or None, plugins=plugins, surroundings=surroundings
        )
        capacity = _replayed(run, question, capacity, stored, folder, service, heard)
    return document(capacity, run, axes=question.setting or run.header.options.settings[0], price=question.price)


def _answer(run: Run, question: Question, curves: Sequence[ServingCurve]) -> Capacity:
    return answer(
        run,
        question.load,
        question.bound,
        setting=question.setting or None,
        price_per_hour=SECONDS_AN_HOUR * question.price.per_second if question.price is not None else None,
        contenders=question.contenders or None,
        max_batches=None if question.max_batch is None else [question.max_batch],
        max_delays_s=None if question.max_delay_s is None else [question.max_delay_s],
        copies=None if question.copies is None else [question.copies],
        curves=curves,
    )


def _replayed(
    run: Run,
    question: Question,
    capacity: Capacity,
    stored: Sequence[ServingCurve],
    folder: Path | None,
    opened: Callable[..., AbstractContextManager[Service]],
    heard: Callable[[str], None],
) -> Capacity:
    """Return the answer recomputed from service times of the best contender over a pipe, with the results of a replay."""
    best = capacity.contenders[0]
    if best.configuration is None:
        raise UsageError(f"There is nothing to replay: {best.why_not or 'no contender answers'}; give a longer bound.")
    assert question.replay_s is not None
    with opened(best.contender, copies=best.configuration.copies) as service:
        heard(f"Measuring what batches of {best.name} cost over a pipe")
        measurement = CurveMeasurement()
        measurement.measure(service, PASSES)
        capacity = _answer(run, question, _with_curve(stored, measurement.curve(service), folder))
        own = next(contender for contender in capacity.contenders if contender.contender == best.contender)
        if own.configuration is None:
            raise UsageError(
                f"Measured over a pipe, {own.name} does not handle this: {own.why_not or 'nothing is left to replay'}; give a longer bound."
            )
        rate = question.load.rate if question.load.rate is not None else own.highest.rate if own.highest else None
        heard(f"Replaying for {question.replay_s:g} s")
        measured: Replayed = replay(
            service,
            own.configuration,
            msgspec.structs.replace(question.load, rate=rate),
            seconds=question.replay_s,
            measurement=measurement,
            bound=question.bound,
        )
    # The curve was measured further during the replay.
    capacity = _answer(run, question, _with_curve(stored, measurement.curve(service), folder))
    return msgspec.structs.replace(capacity, replayed=(measured,))


def _with_curve(stored: Sequence[ServingCurve], curve: ServingCurve, folder: Path | None) -> list[ServingCurve]:
    """Return the stored curves with a new one, which replaces an earlier one of the same contender and copies; store it in the folder."""
    if folder is not None:
        write_curve(folder, curve)
    return [*(other for other in stored if (other.contender, other.copies) != (curve.contender, curve.copies)), curve]


def _recorded(path: Path) -> tuple[float, ...]:
    try:
        with open_regular(path, limit=LARGEST_FILE) as file:
            text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a text file; give a file with one arrival time a line, in seconds.") from None
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}; name one with one arrival time a line, in seconds.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    return parse_arrivals(text, str(path))
