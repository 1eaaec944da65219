"""Synthetic runs of a backend against itself, and an installed plugin with a scripted backend."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from asked import asked
from infer_compare.plugins import Plugins
from infer_compare.results import (
    Closing,
    ContenderSpec,
    Environment,
    ForeignProcess,
    Header,
    Measured,
    ModelInfo,
    OperatingPoint,
    Probe,
    Round,
    Run,
    Slice,
    Unusable,
)
from infer_compare.selftest import BATCH_SIZES, SLOWDOWNS
from infer_compare.selftest.setup import planted_label, twins
from quiet_slices import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

QUIET = quiet()
DISTURBED = msgspec.structs.replace(
    QUIET, run_delay_ns=80_000_000, foreign_ns=80_000_000, top=ForeignProcess(7, "make", 0.9)
)


def contenders(backend: str) -> dict[str, float]:
    """How much longer each contender takes, by its label."""
    return {
        **dict.fromkeys(twins(backend), 1.0),
        **{planted_label(backend, slowdown): 1 + slowdown for slowdown in SLOWDOWNS},
    }


def story(
    backend: str = "onnx",
    *,
    factors: Mapping[tuple[str, int], float] = {},
    noise: float = 0.002,
    seed: int = 1,
    restarts: int = 4,
    rejected: Callable[[int, int], bool] = lambda _restart, _round: False,
    unusable: Sequence[Unusable] = (),
    closing: Closing | None = None,
    wait_share: float = 0.0,
) -> Run:
    """A run of the self-test.

    Args:
        backend: its name.
        factors: by contender and batch size, where it takes longer than was planted.
        noise: between slices, in the log domain.
        seed: of the noise.
        restarts: how many; four rounds each.
        rejected: whether the slices of that restart and round are rejected.
        unusable: contenders that took no part.
        closing: the last record.
        wait_share: of every accepted slice.
    """
    rng = np.random.default_rng(seed)
    absent = {one.contender for one in unusable}
    labels = [label for label in contenders(backend) if label not in absent]
    delay = round(120_000_000 * wait_share / (1 - wait_share))
    accepted = msgspec.structs.replace(QUIET, run_delay_ns=delay, foreign_ns=delay)
    records: list[Any] = [_header(backend), *unusable]
    for label in labels:
        for size in BATCH_SIZES:
            outcome = Measured(prepare_ns=0, first_call_ns=10**6, latency_ns=10**6)
            records.append(Probe(phase="explore", contender=label, point=OperatingPoint(size), outcome=outcome))
    for restart in range(1, restarts + 1):
        for number in range(4):
            bad = rejected(restart, number)
            for size in BATCH_SIZES:
                slices = []
                for position, label in enumerate([*labels, *reversed(labels)]):
                    factor = contenders(backend)[label] * factors.get((label, size), 1.0)
                    duration = round(1e6 * size * factor * np.exp(rng.normal(0, noise)))
                    slices.append(
                        Slice(
                            contender=label,
                            position=position,
                            started_ns=10**9 * len(records) + position,
                            durations_ns=(duration,) * 10,
                            diagnostics=DISTURBED if bad else accepted,
                            rejected="other programs: make (pid 7) took 90 % of a core" if bad else None,
                        )
                    )
                records.append(
                    Round(
                        restart=restart,
                        index=len(records),
                        point=OperatingPoint(size),
                        order=tuple(labels),
                        slices=tuple(slices),
                        clean=not bad,
                    )
                )
    records.append(closing or Closing(state="complete", elapsed_s=40.0))
    return Run.fold(records)


def _header(backend: str) -> Header:
    return Header(
        run_id="one",
        created="2026-01-01T00:00:00Z",
        command=("infer-compare", "selftest"),
        model=ModelInfo(name="cnn", source="cnn", format="onnx", sha256="0"),
        contenders=tuple(ContenderSpec(label=label, backend=backend) for label in contenders(backend)),
        **asked(batch_sizes=BATCH_SIZES, threads=2, rounds_per_restart=4),
        environment=Environment(
            platform="Linux",
            kernel="6",
            python="3.11",
            tool_version="1",
            cpu="cpu",
            physical_cores=2,
            logical_cores=2,
            usable_cores=2,
            memory_total=2**34,
            memory_available=2**33,
            schedstat=True,
        ),
    )


@pytest.fixture
def told() -> Callable[..., Run]:
    """The builder of runs."""
    return story


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugins]:
    """A distribution with the fake backend and one whose framework is missing, installed for workers too."""
    place = tmp_path / "installed"
    info = place / "scripted_backends-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: scripted-backends\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[infer_compare]\nscripted = scripted_backends\n", encoding="utf-8")
    (place / "scripted_backends.py").write_text(
        "from infer_compare import hookimpl\n"
        "from fault_injection import FakeBackend\n"
        "class Absent(FakeBackend):\n"
        "    name = 'absent'\n"
        "    requires = ('a_framework_that_nobody_has',)\n"
        "    install_hint = 'pip install absent'\n"
        "@hookimpl\n"
        "def infer_compare_backends():\n"
        "    return [FakeBackend, Absent]\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(place))
    monkeypatch.setenv("PYTHONPATH", str(place), prepend=os.pathsep)
    importlib.invalidate_caches()
    yield Plugins.discover(block=["torch", "tensorflow"])
    sys.modules.pop("scripted_backends", None)
