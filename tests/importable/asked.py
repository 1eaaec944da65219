"""Headers of made-up runs: what they were asked for, and what was decided, from one set of values."""

from __future__ import annotations

from typing import Any

from infer_compare.request.options import RunOptions
from infer_compare.results import ContenderSpec, Environment, Header, ModelInfo, Plan

DECIDED = {"threads": 1, "restarts": 4, "rounds_per_restart": 2, "max_memory": 2**30}


def asked(**values: Any) -> dict[str, Any]:
    """Return the `options` and the `plan` of a header.

    Args:
        values: fields of either; a latency bound may be in nanoseconds, as reports have it.
    """
    values = {"batch_sizes": None, **DECIDED, **values}
    if "latency_bound_ns" in values:
        values["latency_bound"] = values.pop("latency_bound_ns") / 1e9
    plan = {name: values.pop(name) for name in list(values) if name in Plan.__struct_fields__}
    return {"options": RunOptions(**values), "plan": Plan(**plan)}


def header(*labels: str, **values: Any) -> Header:
    """Return the first record of a run of these contenders, for what the values ask; see `asked`."""
    return Header(
        run_id="one",
        created="2026-01-01T00:00:00Z",
        command=("infer-compare", "run"),
        **asked(**values),
        model=ModelInfo(name="cnn", source="cnn", format="onnx", sha256="0"),
        contenders=tuple(ContenderSpec(label=label, backend="fake") for label in labels),
        environment=Environment(
            platform="Linux", kernel="6", python="3.11", tool_version="1", cpu="cpu", physical_cores=2, logical_cores=2,
            usable_cores=2, memory_total=2**34, memory_available=2**33,
        ),
    )  # fmt: skip
