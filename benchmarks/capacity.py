"""What `infer-compare capacity` predicts against what real workers do: replays of two models on two frameworks.

For each of them the serving curve is measured, and a Poisson load is replayed at 30 and 60 % of what saturates the pipe; the
prediction is for the very arrivals that were replayed. At 85 % the decision is tested: with the latency that is predicted there as
the bound, the highest rate that is said to keep it keeps it in a replay, and 1.15 times that rate does not. One worker of one
thread, so a machine of two cores has one left for the arrivals. Each replay has 10,000 requests where these come within a minute.

Figures are those of windows in which nothing else took the processors; `all` follows where these were too few. A replay during
which the machine was busy or changed its speed is repeated, after the curve was measured again; where that does not help it is
printed and not judged.

Runs and replays are kept in the folder that `--state` names, and not repeated. `--stop-after` ends the command in time, and the same
command goes on where it was.

    python benchmarks/capacity.py [--models cnn,resnet18] [--contenders onnx,torch] [--state runs/capacity] [--stop-after 9m]
        [--short] [--save]

All of it takes twenty minutes on a machine that keeps its speed; `--short`, with replays of 12 s that are too short for the aims,
takes eight.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from infer_compare import api
from infer_compare.capacity.predict import predict
from infer_compare.capacity.search import Search
from infer_compare.capacity.service_times import service_of_curve
from infer_compare.capacity.values import Batching, Bound, Configuration, Load, Replayed, ServingCurve
from infer_compare.plugins import Plugins
from infer_compare.report.capacity.phrases import pace_words
from infer_compare.request.options import RunOptions
from infer_compare.request.units import parse_duration
from infer_compare.serving.file import write_curve
from infer_compare.serving.measure import PASSES, CurveMeasurement
from infer_compare.serving.replay import replay
from infer_compare.serving.service import open_service
from trials import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from infer_compare.results import Run
    from infer_compare.serving.service import Service

BATCHINGS = {"cnn": Batching(max_batch=16, max_delay_s=1e-3), "resnet18": Batching(max_batch=8, max_delay_s=5e-3)}
"""By model; others have the first."""
SIZES = (1, 2, 4, 8, 16)
SHARES = {"30 %": 0.3, "60 %": 0.6}
"""Of the saturation over the pipe."""
DECIDED = 0.85
BEYOND = 1.15
REQUESTS = 10_000
QUIET = 0.5
"""Share of the requests of a replay that nothing disturbed, at least."""
ATTEMPTS = 3
"""Replays of each kind, at most."""
LONGEST_S, SHORTEST_S, SHORT_S = 60.0, 30.0, 12.0
SLOW_S = 5e-3
"""Models whose calls with one sample take so long are slow."""
AIMS = {"slow": {"50": 0.15, "95": 0.15, "99": 0.15}, "fast": {"50": 0.10, "95": 0.30}}
"""How far percentiles may be from the prediction."""
THROUGHPUT = 0.03
HEADER = (
    "| model | contender | load | requests | predicted p50, p95, p99 | replayed | off by | requests/s, predicted and replayed | aim |",
    "|---|---|---|---|---|---|---|---|---|",
)

Kind = Literal["30 %", "60 %", "kept", "beyond"]


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One replay."""

    model: str
    contender: str
    kind: Kind
    """A share of the saturation, the highest rate that is said to keep the bound, or a rate beyond it."""
    speed: Literal["slow", "fast"]
    rate: float
    """Requests a second that were asked for; so many come on average."""
    saturation: float
    """Samples a second over the pipe."""
    replayed: Replayed
    bound_s: float | None = None
    """Of the 99th percentile."""

    @property
    def measured(self) -> dict[str, float]:
        """Percentiles in clean windows; over all requests where there were none."""
        return self.replayed.clean_percentiles_s or self.replayed.percentiles_s

    @property
    def errors(self) -> dict[str, float]:
        """By percentile, how far the prediction is from the replay, as a share of the replay."""
        predicted = self.replayed.predicted.percentiles_s
        return {key: predicted[key].value / value - 1 for key, value in self.measured.items()}

    @property
    def flow(self) -> float:
        """How far the predicted throughput is from that of the replay."""
        return self.replayed.predicted.rate / self.replayed.throughput - 1

    @property
    def judged(self) -> bool:
        """Whether the replay says something about the prediction."""
        return not self.trouble

    @property
    def trouble(self) -> str:
        """What of the machine keeps the replay from saying anything, as a clause; nothing where it was quiet and kept its speed."""
        if self.replayed.undisturbed < QUIET:
            return f"other programs took the processors for {1 - self.replayed.undisturbed:.0%} of the requests"
        return "" if self.replayed.pace.steady else pace_words(self.replayed.pace)

    @property
    def met(self) -> bool:
        """Whether the replay came to what the aims ask for."""
        if self.bound_s is not None:
            kept = self.measured["99"] <= self.bound_s
            return kept if self.kind == "kept" else not kept
        aims = AIMS[self.speed]
        return abs(self.flow) <= THROUGHPUT and all(abs(self.errors[key]) <= most for key, most in aims.items())


def row(cell: Cell) -> str:
    """Return the line of a replay."""
    replayed, keys = cell.replayed, ("50", "95", "99")
    windows = "" if replayed.clean_percentiles_s else " all"
    load = cell.kind if cell.bound_s is None else f"{replayed.predicted.saturation_share:.0%}"
    if not cell.judged:
        aim = f"not judged: {cell.trouble}"
    elif cell.bound_s is None:
        aim = "met" if cell.met else "missed"
    else:
        said = "is kept" if cell.kind == "kept" else "is not"
        aim = f"p99 of {cell.bound_s * 1e3:.3g} ms {said}: {'met' if cell.met else 'missed'}"
    return (
        f"| {cell.model} | {cell.contender} | {load} | {replayed.requests:,} "
        f"| {', '.join(f'{replayed.predicted.percentiles_s[key].value * 1e3:.3g}' for key in keys)} ms "
        f"| {', '.join(f'{cell.measured[key] * 1e3:.3g}' for key in keys)} ms{windows} "
        f"| {', '.join(f'{cell.errors[key]:+.0%}' for key in keys)} "
        f"| {replayed.predicted.rate:.4g}, {replayed.throughput:.4g} | {aim} |"
    )


def verdict(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield what comes of all replays, a sentence for each aim."""
    judged = [cell for cell in cells if cell.judged]
    shared = [cell for cell in judged if cell.bound_s is None]
    decided = [cell for cell in judged if cell.bound_s is not None]
    for speed, aims in AIMS.items():
        if any(cell.speed == speed for cell in cells):
            words = ", ".join(f"p{key} within {most:.0%}" for key, most in aims.items())
            met = [
                all(abs(cell.errors[key]) <= most for key, most in aims.items())
                for cell in shared
                if cell.speed == speed
            ]
            yield _counted(met, "replays", f"of {speed} calls have {words}")
    flowing = [abs(cell.flow) <= THROUGHPUT for cell in shared]
    yield _counted(flowing, "replays", f"have the predicted throughput within {THROUGHPUT:.0%}")
    yield _counted([cell.met for cell in decided], "decisions", f"at about {DECIDED:.0%} are right")
    lost = sum(cell.replayed.lost for cell in cells)
    requests = sum(cell.replayed.requests for cell in cells)
    yield f"{'missed' if lost else 'met'}: {lost} of {requests:,} requests were lost"
    if changed := len(cells) - len(judged):
        yield f"not judged: {changed} of {len(cells)} replays, during which the machine was busy or changed its speed"


def _counted(met: Sequence[bool], noun: str, words: str) -> str:
    if not met:
        return f"cannot be said: no {noun} on a quiet machine that kept its speed"
    return f"{'met' if all(met) else 'missed'}: {sum(met)} of {len(met)} {noun} {words}"


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the table, a line for each replay, and what comes of it."""
    if arguments.stop_after:
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, parse_duration(arguments.stop_after))
    cells: list[Cell] = []
    yield from HEADER
    try:
        for model in arguments.models.split(","):
            run, folder = stored_run(model, arguments)
            for contender in arguments.contenders.split(","):
                for cell in replays(model, contender, run, folder, short=arguments.short):
                    cells.append(cell)
                    yield row(cell)
    except KeyboardInterrupt:
        tell("stopped; the same command goes on")
        return
    yield ""
    yield from verdict(cells)


def stored_run(model: str, arguments: argparse.Namespace) -> tuple[Run, Path]:
    """Return the run of a model and its folder: the one that is kept, resumed where it was interrupted, or a fresh one.

    Raises:
        SystemExit: it was stopped, as on a busy machine.
    """
    contenders = arguments.contenders.split(",")
    folder = arguments.state / f"{model}-{'-'.join(contenders)}"
    plugins = Plugins.discover()
    if (folder / "run.jsonl").exists():
        run = api.resume(folder, plugins=plugins)
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
        asked = RunOptions(model=model, contenders=tuple(contenders), threads=1, batch_sizes=SIZES, mode="quick")
        run = api.sweep(asked, folder, plugins=plugins)
    if run.closing is None or run.closing.state != "complete":
        reason = run.closing.reason if run.closing is not None else "it did not end"
        raise SystemExit(f"{model}: stopped: {reason}; the same command goes on")
    return run, folder


def replays(model: str, contender: str, run: Run, folder: Path, *, short: bool) -> Iterator[Cell]:
    """Yield the replays of a contender: those that are kept, and then the others."""
    file = folder / f"{contender}{'-short' if short else ''}.jsonl"
    kept = [] if not file.exists() else [*map(_decoded, file.read_text(encoding="utf-8").splitlines())]
    yield from kept
    kinds = [kind for kind in (*SHARES, "kept", "beyond") if kind not in {cell.kind for cell in kept}]
    if not kinds:
        return
    tell(f"{model}: {contender}: {', '.join(kinds)}")
    with open_service(run, contender, copies=1) as service:
        for kind in kinds:
            for attempt in range(ATTEMPTS):
                measurement = CurveMeasurement()
                measurement.measure(service, PASSES)
                cell = replayed(model, service, measurement, kind, kept, seed=len(kept) + 10 * attempt, short=short)
                write_curve(folder, measurement.curve(service))
                if cell is None:
                    tell(f"{model}: {contender}: no rate is said to keep what is predicted at {DECIDED:.0%}")
                    return
                if cell.judged:
                    break
                tell(f"{model}: {contender}: {kind}: {cell.trouble}")
            kept.append(cell)
            with file.open("a", encoding="utf-8") as place:
                place.write(msgspec.json.encode(cell).decode() + "\n")
            yield cell


def replayed(
    model: str,
    service: Service,
    measurement: CurveMeasurement,
    kind: Kind,
    kept: Sequence[Cell],
    *,
    seed: int,
    short: bool,
) -> Cell | None:
    """Return a replay; None where no rate is said to keep the bound.

    Args:
        model: its name.
        service: the workers.
        measurement: of what batches cost over the pipe.
        kind: of the replay.
        kept: replays of the same contender that were made before.
        seed: of the arrivals.
        short: whether it takes a few seconds only.
    """
    batching = BATCHINGS.get(model, BATCHINGS["cnn"])
    curve = measurement.curve(service)
    asked = asked_of(kind, service, curve, batching, kept)
    if asked is None:
        return None
    rate, bound = asked
    seconds = SHORT_S if short else min(LONGEST_S, max(SHORTEST_S, 1.03 * REQUESTS / rate))
    configuration = configuration_of(service, batching)
    return Cell(
        model=model,
        contender=service.label,
        kind=kind,
        speed="slow" if service_of_curve(curve).mean_s(1) >= SLOW_S else "fast",
        rate=rate,
        saturation=curve.saturation,
        replayed=replay(
            service, configuration, Load(rate=rate), seconds=seconds, measurement=measurement, bound=bound, seed=seed
        ),
        bound_s=None if bound is None else bound.latency_s,
    )


def configuration_of(service: Service, batching: Batching) -> Configuration:
    """Return what is replayed."""
    return Configuration(contender=service.label, batching=batching, copies=service.copies)


def asked_of(
    kind: Kind, service: Service, curve: ServingCurve, batching: Batching, kept: Sequence[Cell]
) -> tuple[float, Bound | None] | None:
    """Return the rate of a replay, and the bound where a decision is tested; None where no rate is said to keep it.

    Args:
        kind: of the replay.
        service: the workers.
        curve: what batches cost over the pipe.
        batching: the rule.
        kept: replays of the same contender that were made before.
    """
    times, configuration = service_of_curve(curve), configuration_of(service, batching)
    saturation = times.saturation(batching.max_batch, service.copies)
    if kind in SHARES:
        return SHARES[kind] * saturation, None
    beyond = 1.0
    if kind == "beyond":
        decided = next((cell for cell in kept if cell.kind == "kept"), None)
        if decided is None or decided.bound_s is None:
            return None
        bound, beyond = Bound(latency_s=decided.bound_s), BEYOND
    else:
        there = predict(times, configuration, Load(rate=DECIDED * saturation))
        bound = Bound(latency_s=there.percentiles_s["99"].high)
    highest = Search(times, [configuration], Load(), bound).highest()
    return None if highest is None else (beyond * highest[1].rate, bound)


def tell(text: str) -> None:
    """Say how far it is."""
    print(text, file=sys.stderr, flush=True)


_decoded: Callable[[str], Cell] = msgspec.json.Decoder(Cell).decode


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Predicted against replayed latencies.")
    options.add_argument("--models", default=",".join(BATCHINGS))
    options.add_argument("--contenders", default="onnx,torch")
    options.add_argument("--state", type=Path, default=Path("runs/capacity"), help="where runs and replays are kept")
    options.add_argument("--stop-after", help="such as 9m; the same command goes on where it was")
    options.add_argument("--short", action="store_true", help="replays of 6 s: three minutes")
    report("capacity", lines, options)
