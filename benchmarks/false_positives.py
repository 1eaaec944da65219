"""How often a difference is claimed where there is none: the same backend twice, quiet and beside other programs.

FASTER and SLOWER are false here, and none is allowed. INCONCLUSIVE is the honest answer of a busy machine.

    python benchmarks/false_positives.py [--backend onnx] [--repeats 20] [--threads 1,2] [--save]
"""

from __future__ import annotations

import argparse
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING

from trials import LOADS, beside, report, same, trial

if TYPE_CHECKING:
    from collections.abc import Iterator


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """The table."""
    backend, repeats = arguments.backend, arguments.repeats
    yield f"A/A: {backend} twice, cnn, batch 8, {repeats} runs each"
    yield f"{'beside':10} {'threads':>7} {'false':>6} {'same':>5} {'inconclusive':>12} {'rejected':>9} {'s/run':>6}"
    false = 0
    for load, threads in product(LOADS, map(int, arguments.threads.split(","))):
        with beside(load):
            trials = [trial(same(backend), threads=threads, seed=number) for number in range(repeats)]
        words = Counter(one.word for one in trials)
        claimed = words["faster"] + words["slower"]
        false += claimed
        rejected = sum(one.rejected for one in trials) / repeats
        seconds = sum(one.seconds for one in trials) / repeats
        yield (
            f"{load:10} {threads:7} {claimed:6} {words['same']:5} {words['inconclusive']:12} "
            f"{rejected:9.0%} {seconds:6.1f}"
        )
    yield f"false verdicts: {false}"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="How often a difference is claimed where there is none.")
    options.add_argument("--backend", default="onnx")
    options.add_argument("--repeats", type=int, default=20)
    options.add_argument("--threads", default="1,2")
    report("false_positives", lines, options)
