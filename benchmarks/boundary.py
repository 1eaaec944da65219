"""Where memory ends, and what finding it costs: the search against doubling and halving with a process for each probe.

Between the two sizes that the search told, up to twelve are tried in fresh processes, so that the truth is known: the
largest below the first that fails.

    python benchmarks/boundary.py [--models resnet18,cnn] [--max-memory 1500MiB] [--save]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.cli.parameters import SIZE
from infer_compare.interfaces import OperatingPoint
from infer_compare.phases.context import RunContext
from infer_compare.phases.events import Observer
from infer_compare.phases.journal import Journal
from infer_compare.phases.limit import LimitFinder
from infer_compare.phases.probe import RUNS, Probes
from infer_compare.planner.boundary import RESOLUTION
from infer_compare.plugins import Plugins
from infer_compare.preparation.resolve import resolve
from infer_compare.request.options import RunOptions
from infer_compare.results import Measured
from infer_compare.worker.protocol import Explore
from trials import report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infer_compare.preparation.resolved import Resolved
    from infer_compare.preparation.route import Route
    from infer_compare.results import Limit


CHECKED = 12
"""Sizes that are tried between the two that the search told."""


@dataclass
class Fresh:
    """Tries sizes, each in a process of its own."""

    route: Route
    context: RunContext
    known: dict[int, bool] = field(default_factory=dict)

    def fits(self, batch: int) -> bool:
        """Whether a size ran three times in a fresh process."""
        if batch not in self.known:
            probes = Probes(self.context, self.route, "limit")
            request = Explore(point=OperatingPoint(batch), calls=RUNS, budget_ns=0, repeat_rows=True)
            self.known[batch] = isinstance(probes.probe(request), Measured)
            probes.worker.close()
        return self.known[batch]


def plain(fresh: Fresh) -> int:
    """Doubling, then halving to the same resolution as the search."""
    low, high = 0, 1
    while fresh.fits(high):
        low, high = high, 2 * high
    while high - low > max(1, low // RESOLUTION):
        middle = (low + high) // 2
        low, high = (middle, high) if fresh.fits(middle) else (low, middle)
    return low


def context_of(resolved: Resolved, scratch: Path) -> RunContext:
    """What a run is given that has nothing yet."""
    journal = Journal(lambda _record: None, [resolved.header])
    return RunContext.of(resolved, journal, Observer(), scratch)


def truth(fresh: Fresh, limit: Limit) -> str:
    """The largest size below the first that fails, of those tried between the two that the search told."""
    low, high = limit.largest_fitting or 0, limit.smallest_failing
    if high is None:
        return "none failed"
    good = low
    for batch in [*range(low, high, max(1, (high - low) // CHECKED)), high]:
        if batch and not fresh.fits(batch):
            break
        good = batch
    return str(good)


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    cap, backends = arguments.max_memory, arguments.backends.split(",")
    yield f"cap {cap / 2**20:.0f} MiB of resident memory, {arguments.threads} threads"
    yield (
        f"{'model':10} {'framework':11} {'fits':>6} {'fails':>6} {'truth':>11} {'probes':>6} {'s':>6}"
        f"   plain: {'fits':>6} {'probes':>6} {'s':>6} {'time ratio':>10}"
    )
    for model in arguments.models.split(","):
        request = RunOptions(model=model, contenders=tuple(backends), max_memory=cap, threads=arguments.threads)
        with tempfile.TemporaryDirectory(prefix="infer-compare-benchmark-") as folder:
            resolved = resolve(request, Plugins.discover(), Path(folder))
            for label, route in resolved.routes.items():
                limit = LimitFinder(context_of(resolved, Path(folder)), route).run()
                began, fresh = time.monotonic(), Fresh(route, context_of(resolved, Path(folder)))
                found = plain(fresh)
                plain_s, tries = time.monotonic() - began, len(fresh.known)
                fresh.known.clear()
                yield (
                    f"{model:10} {label:11} {limit.largest_fitting or 0:6} {limit.smallest_failing or 0:6} "
                    f"{truth(fresh, limit):>11} {limit.probes:6} {limit.elapsed_s:6.1f}"
                    f"          {found:6} {tries:6} {plain_s:6.1f} {limit.elapsed_s / plain_s:10.2f}"
                )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Where memory ends, and what finding it costs.")
    options.add_argument("--models", default="resnet18,cnn")
    options.add_argument("--backends", default="torch,onnx,tensorflow")
    options.add_argument("--max-memory", type=lambda text: SIZE.convert(text, None, None), default="1500MiB")
    options.add_argument("--threads", type=int, default=2)
    report("boundary", lines, options)
