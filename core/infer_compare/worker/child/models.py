"""Requests about models and data that need no session: describe, plan a variant, convert, collect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import InferCompareError
from infer_compare.interfaces import Device
from infer_compare.plugins import load_converter, load_dataset
from infer_compare.worker.protocol import (
    Collect,
    Convert,
    Describe,
    Described,
    Done,
    PlannedVariant,
    PlanVariant,
)

if TYPE_CHECKING:
    from typing import Any

    from infer_compare.interfaces import Backend


def describe(backend: Backend[Any] | None, request: Describe) -> Described:
    """Describe a model that only the framework can read."""
    if backend is None:
        raise InferCompareError("The worker was asked to describe a model before it was opened.")
    return Described(description=backend.describe(request.model, Path(request.folder)))


def plan_variant(backend: Backend[Any] | None, request: PlanVariant) -> PlannedVariant:
    """Return the backend's plan for a variant of a model in the contender's precision."""
    if backend is None:
        raise InferCompareError("The worker was asked for a variant of a model before it was opened.")
    return PlannedVariant(plan=backend.plan_variant(request.model, Device.parse(request.device)))


def convert(request: Convert) -> Done:
    """Write a model in another format."""
    load_converter(request.converter).convert(request.model, Path(request.target))
    return Done()


def collect(request: Collect) -> Done:
    """Call a function that makes data, and write what it returns."""
    from infer_compare.models import collected_data

    folder = Path(request.folder)
    if request.dataset:
        collected_data.collect_dataset(load_dataset(request.dataset), request.seed, folder)
    else:
        collected_data.collect(request.location, folder)
    return Done()
