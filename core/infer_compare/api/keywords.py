"""The keywords of `infer_compare.sweep` and `tune`, for type checkers and editors: written by `docs/render_options.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta
    from os import PathLike


class SweepKeywords(TypedDict, total=False):
    """The options of a run besides its model. None means not given."""

    models: Mapping[str, str] | None
    name: str | None
    backends: str | Iterable[str] | None
    contenders: Iterable[str | Mapping[str, object]] | None
    device: str | None
    inputs: str | Iterable[str] | None
    python: Mapping[str, str] | None
    convert: bool | None
    trust: bool | None
    layout: Mapping[str, str] | None
    input_map: Iterable[str] | Mapping[str, Mapping[str, str]] | None
    output_map: Iterable[str] | Mapping[str, Mapping[str, str]] | None
    batch_sizes: str | int | Iterable[int] | None
    axis: str | Iterable[str] | Mapping[str, str | Iterable[int]] | None
    mix: str | Iterable[str] | Mapping[str, str | Mapping[int, float]] | None
    scope: Literal["device", "end_to_end", "dataset"] | None
    data: str | PathLike[str] | None
    threads: str | int | Iterable[int] | None
    precisions: str | Iterable[str] | None
    instances: str | int | Iterable[int | str] | None
    seed: int | None
    mode: Literal["quick", "default", "thorough"] | None
    restarts: int | None
    rounds: int | None
    race: bool | None
    max_error: float | None
    budget: str | timedelta | None
    wait: str | timedelta | None
    latency_bound: str | timedelta | None
    percentile: float | None
    rtol: float | None
    allow_error: bool | None
    margin: str | float | None
    metrics: str | Iterable[str] | None
    max_memory: str | int | None
    max_device_memory: str | int | None
    backstop: bool | None
    find_limit: bool | None
    timeout: str | timedelta | None
    price: str | None
    reports: Iterable[str] | None


class TuneKeywords(TypedDict, total=False):
    """The options of a search for the fastest configuration besides its model. None means not given."""

    models: Mapping[str, str] | None
    name: str | None
    backends: str | Iterable[str] | None
    contenders: Iterable[str | Mapping[str, object]] | None
    device: str | None
    inputs: str | Iterable[str] | None
    python: Mapping[str, str] | None
    convert: bool | None
    trust: bool | None
    layout: Mapping[str, str] | None
    input_map: Iterable[str] | Mapping[str, Mapping[str, str]] | None
    output_map: Iterable[str] | Mapping[str, Mapping[str, str]] | None
    batch_sizes: str | int | Iterable[int] | None
    data: str | PathLike[str] | None
    threads: str | int | Iterable[int] | None
    seed: int | None
    max_error: float | None
    budget: str | timedelta | None
    wait: str | timedelta | None
    latency_bound: str | timedelta | None
    percentile: float | None
    rtol: float | None
    margin: str | float | None
    metrics: str | Iterable[str] | None
    max_memory: str | int | None
    max_device_memory: str | int | None
    timeout: str | timedelta | None
    price: str | None
    reports: Iterable[str] | None
