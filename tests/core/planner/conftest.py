"""Runs as far as planning looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.request.options import RunOptions
from infer_compare.results import ContenderSpec, Environment, Header, ModelInfo, Plan, Run

if TYPE_CHECKING:
    from infer_compare.results import AnyRecord


def run_of(*records: AnyRecord) -> Run:
    """A run of three contenders, `a`, `b` and `c`, with these records."""
    header = Header(
        run_id="one",
        created="2026-01-01T00:00:00Z",
        command=("infer-compare", "run"),
        options=RunOptions(),
        model=ModelInfo(name="cnn", source="cnn", format="onnx", sha256="0"),
        contenders=tuple(ContenderSpec(label=label, backend="fake") for label in "abc"),
        plan=Plan(
            batch_sizes=None, scope="device", threads=1, seed=1, restarts=4, rounds_per_restart=2, timeout_s=60.0,
            max_memory=2**30,
        ),
        environment=Environment(
            platform="Linux", kernel="6", python="3.11", tool_version="1", cpu="cpu", physical_cores=2, logical_cores=2,
            usable_cores=2, memory_total=2**34, memory_available=2**33,
        ),
    )  # fmt: skip
    return Run.fold([header, *records])
