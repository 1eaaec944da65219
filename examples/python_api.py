"""Which framework for a network that lives in this program? Cell by cell, as in a notebook.

    python examples/python_api.py [FOLDER]

The folder gets the run, the table and the page; `runs/python-api` when left out.
"""

# %% A network of torch, as it may come out of training.
from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import nn

import infer_compare as ic

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
folder = Path(sys.argv[1] if len(sys.argv) > 1 else "runs/python-api")

# %% Measure it on two frameworks. It is saved in the folder first; two contenders of one framework differ by an option.
result = ic.sweep(
    net,
    inputs=["features:f32[batch,64]=normal(0,1)"],
    contenders=["torch", "onnx", {"backend": "onnx", "options": {"graph_optimization": "disable"}, "label": "plain"}],
    batch_sizes=[1, 8, 64],
    mode="quick",
    threads=1,
    price="$1.20/h",
    folder=folder,
)

# %% The answer. In a notebook, `result` alone in a cell shows it with a table.
print(result.answer)
for sentence in result.shortcomings:
    print("Not answered:", sentence)

# %% The points, as typed rows.
for point in result.points:
    if point.measured:
        print(f"{point.contender:8} batch {point.batch:3}  {point.throughput:12,.0f} samples/s")
    else:
        print(f"{point.contender:8} batch {point.batch:3}  {point.reason}")

# %% What may be used where every call has to end in time.
for bound in ("50us", "1ms", "20ms"):
    best = result.best(latency_bound=bound)
    print(bound, f"{best.contender} at batch {best.batch}" if best else "nothing is shown to keep it")

# %% What a million samples cost.
for cost in result.costs:
    print(f"{cost.name} at batch {cost.point.batch}: ${cost.per_million:.5f}")

# %% Files for others.
print(result.save(folder / "report.html"), result.save(folder / "points.csv"))
