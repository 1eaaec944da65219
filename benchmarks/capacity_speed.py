"""How fast the queue of `infer-compare capacity` is simulated: seconds for a million requests on one core.

The claim: less than 3 s, for any largest batch, delay and number of copies. Service times are linear in the batch, the load is 85 % of
saturation, and figures are processor time, since other programs can only lengthen the rest. The last line is a whole answer for the
run of the documentation: every configuration of two contenders.

Usage: python benchmarks/capacity_speed.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.capacity.answer import answer
from infer_compare.capacity.replications import Effort, replication
from infer_compare.capacity.service_times import service_of
from infer_compare.capacity.values import Batching, Bound, Configuration, Load
from infer_compare.store import read_run

if TYPE_CHECKING:
    from infer_compare.capacity.service import Service

REQUESTS = 1_000_000
MOST_S = 3.0
LOAD = 0.85
RUN = Path(__file__).parents[1] / "docs" / "example" / "run.jsonl"


def linear(copies: int) -> Service:
    """Calls of 4 ms and 1 ms for each sample, with a spread of 10 %."""
    return service_of(
        "x",
        copies,
        {size: [(0.9 + 0.01 * step) * (4 + size) * 1e-3 for step in range(21)] for size in (1, 2, 4, 8, 16)},
    )


def seconds(copies: int, max_batch: int, delay_s: float) -> tuple[float, float]:
    """Return the processor time for a million requests, and their mean batch."""
    service = linear(copies)
    configuration = Configuration(
        contender="x", batching=Batching(max_batch=max_batch, max_delay_s=delay_s), copies=copies
    )
    rate = LOAD * service.saturation(max_batch, copies)
    effort = Effort(replications=1, requests=REQUESTS)
    # Random numbers are drawn once for all rates and configurations of a search.
    replication(service, configuration, Load(), rate, effort, 0, 1.0)
    before = time.process_time()
    single = replication(service, configuration, Load(), rate, effort, 0, 1.0)
    return time.process_time() - before, REQUESTS / len(single.simulated.sizes)


def main() -> int:
    """Print the table, and return 1 where the claim does not hold."""
    print(f"{'copies':>6}  {'max batch':>9}  {'max delay':>9}  {'mean batch':>10}  {'s for 1 M':>9}")
    slowest = 0.0
    for copies in (1, 2, 4):
        for max_batch, delay_s in ((1, 0.0), (16, 0.0), (16, 0.004)):
            taken, batch = seconds(copies, max_batch, delay_s)
            slowest = max(slowest, taken)
            print(f"{copies:>6}  {max_batch:>9}  {1e3 * delay_s:>6g} ms  {batch:>10.2f}  {taken:>9.2f}")
    run = read_run(RUN)
    before = time.process_time()
    found = answer(run, Load(), Bound(latency_s=0.02))
    print(f"an answer for {len(found.contenders)} contenders: {time.process_time() - before:.1f} s")
    return int(slowest > MOST_S)


if __name__ == "__main__":
    sys.exit(main())
