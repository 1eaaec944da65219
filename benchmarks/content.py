"""What the content of the inputs does to a figure: one input again and again, against inputs that change with every call.

Blocks of calls take turns in one process. `sorted` inputs differ from call to call as well, but make branches easy to
predict. The second table has the operators of the net one by one.

    python benchmarks/content.py [--blocks 9] [--batch 1] [--save]
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from infer_compare.stats.quantiles import median, nearest_rank
from sessions import open_session
from trials import report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import torch

    Call = Callable[[torch.Tensor], object]

IMAGE = (3, 32, 32)
CONTENTS = (1, 2, 4, 16, 64)
CALLS = 320
clock = time.thread_time_ns
"""Processor time, which other programs change less than time that passes."""


def block(call: Call, inputs: Sequence[torch.Tensor]) -> float:
    """The time of a call in microseconds: the lower quartile of a block, whose first quarter is left out."""
    times = []
    for index in range(CALLS):
        given = inputs[index % len(inputs)]
        before = clock()
        call(given)
        times.append(clock() - before)
    return nearest_rank(times[CALLS // 4 :], 0.25) / 1e3


def compared(call: Call, variants: Mapping[str, Sequence[torch.Tensor]], blocks: int) -> dict[str, float]:
    """The median over blocks of each variant; they take turns."""
    found: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(blocks):
        for name, inputs in variants.items():
            found[name].append(block(call, inputs))
    return {name: median(values) for name, values in found.items()}


def lines(arguments: argparse.Namespace) -> Iterator[str]:
    """Both tables."""
    import torch

    loaded, _ = open_session("torch", "cnn", 1)
    torch.set_num_threads(1)
    drawn = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        many = [torch.randn(arguments.batch, *IMAGE, generator=drawn) for _ in range(max(CONTENTS))]
        ordered = [one.flatten().sort().values.reshape(one.shape).contiguous() for one in many]
        variants = {
            "one input": many[:1],
            "four equal buffers": [many[0].clone() for _ in range(4)],
            "4 different inputs": many[:4],
            "64 different inputs": many,
            "64, each sorted": ordered,
            "zeros": [torch.zeros_like(many[0])],
        }
        found = compared(loaded.module, variants, arguments.blocks)
        yield f"torch, cnn, batch {arguments.batch}, one thread: us a call"
        for name, value in found.items():
            yield f"{name:20} {value:8.1f} {value / found['one input']:6.2f} of one input"
        yield f"{'operator':10} {'of':>11}" + "".join(f"{count:>10} inputs" for count in CONTENTS)
        for channels, size, out in ((32, 32, 64), (64, 16, 128), (128, 8, 128)):
            shape = (arguments.batch, channels, size, size)
            inner = [torch.relu(torch.randn(shape, generator=drawn)) for _ in range(max(CONTENTS))]
            weights = torch.randn(out, channels, 3, 3, generator=drawn)
            operators: dict[str, Call] = {
                "conv": lambda x, w=weights: torch.nn.functional.conv2d(x, w, padding=1),  # type: ignore[misc]
                "relu": torch.relu,
                "max_pool": lambda x: torch.nn.functional.max_pool2d(x, 2),
            }
            for name, call in operators.items():
                inputs = {str(count): inner[:count] for count in CONTENTS}
                times = compared(call, inputs, arguments.blocks)
                yield f"{name:10} {channels:>5}x{size}x{size:<3}" + "".join(f"{one:13.1f} us" for one in times.values())


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="What the content of the inputs does to a figure.")
    options.add_argument("--blocks", type=int, default=9)
    options.add_argument("--batch", type=int, default=1)
    report("content", lines, options)
