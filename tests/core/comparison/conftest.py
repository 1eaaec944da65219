"""Stored runs whose noise is known, and the command line called in this process."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
import pytest

from asked import asked
from infer_compare.cli import main
from infer_compare.results import (
    Agreement,
    Closing,
    ContenderSpec,
    Environment,
    Header,
    Measured,
    Memory,
    ModelInfo,
    OperatingPoint,
    Probe,
    Round,
    Run,
    Slice,
    Start,
)
from infer_compare.store import FILE
from quiet_slices import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

CURVES = {"onnx": {1: 0.2, 4: 0.7, 8: 1.5}, "torch": {1: 0.7, 4: 2.3, 8: 4.4}}
"""Milliseconds of a call, by contender and batch size."""


@dataclasses.dataclass
class Recorded:
    """A run in which every slice took a known time.

    Attributes:
        seed: of all noise.
        curves: milliseconds of a call, by contender and batch size.
        restarts: how many.
        rounds: of every point in each restart.
        tau: noise between restarts of a contender, in the log domain.
        sigma: noise between slices.
        name: of the model.
        sha256: of its content.
        outcomes: of points that did not run.
        differs: contenders whose outputs differ.
        rejected: contenders whose slices are all rejected.
        closing: the last record; None where the run was cut off.
        plan: changes to the plan.
        environment: changes to the conditions.
        versions: of frameworks, by contender, where it is not 1.0.
        spec: changes to every contender's specification.
        effective: what is effective in every contender.
        resident: peak memory of a contender, in bytes.
        run_id: by which the run is known.
    """

    seed: int = 1
    curves: Mapping[str, Mapping[int, float]] = dataclasses.field(default_factory=lambda: CURVES)
    restarts: int = 4
    rounds: int = 2
    tau: float = 0.004
    sigma: float = 0.002
    name: str = "cnn"
    sha256: str = "0123456789abcdef"
    outcomes: Mapping[tuple[str, int], Any] = dataclasses.field(default_factory=dict)
    differs: Sequence[str] = ()
    rejected: Sequence[str] = ()
    closing: Closing | None = dataclasses.field(default_factory=lambda: Closing(state="complete", elapsed_s=20.0))
    plan: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    environment: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    versions: Mapping[str, str] = dataclasses.field(default_factory=dict)
    spec: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    effective: Mapping[str, str] = dataclasses.field(default_factory=lambda: {"precision": "float32", "threads": "1"})
    resident: int = 200 * 2**20
    run_id: str = ""

    def records(self) -> Iterator[Any]:
        """The run, one record after the other."""
        yield self.header()
        for label, curve in self.curves.items():
            yield Start(
                contender=label, restart=0, pid=7, framework_version=self.versions.get(label, "1.0"), device="cpu",
                provenance="native", chain=("onnx",), effective=dict(self.effective), spawn_ns=1, import_ns=1,
                load_ns=1, to_device_ns=1,
            )  # fmt: skip
            for size, milliseconds in curve.items():
                ran = Measured(
                    prepare_ns=0,
                    first_call_ns=9_000_000,
                    latency_ns=round(milliseconds * 1e6),
                    memory=Memory(resident=self.resident + size * 2**20),
                )
                outcome = self.outcomes.get((label, size), ran)
                yield Probe(phase="explore", contender=label, point=OperatingPoint(size), outcome=outcome)
        for label in self.differs:
            yield Agreement(
                contender=label, reference="onnx", point=OperatingPoint(1), verdict="differs", rtol=1e-4,
                reason="an output is 0.2 off",
            )  # fmt: skip
        yield from self.measured()
        if self.closing is not None:
            yield self.closing

    def measured(self) -> Iterator[Round]:
        """The rounds."""
        rng = np.random.default_rng(self.seed)
        index = 0
        for restart in range(1, self.restarts + 1):
            luck = {label: rng.normal(0, self.tau) for label in self.curves}
            for _ in range(self.rounds):
                for size in sorted({size for curve in self.curves.values() for size in curve}):
                    labels = [
                        label
                        for label, curve in self.curves.items()
                        if size in curve and (label, size) not in self.outcomes and label not in self.differs
                    ]
                    if labels:
                        index += 1
                        yield self._round(rng, labels, size, restart, index, luck)

    def _round(self, rng, labels, size, restart, index, luck) -> Round:
        order = (*labels, *reversed(labels))
        slices = []
        for position, label in enumerate(order):
            call = self.curves[label][size] * 1e6 * np.exp(luck[label] + rng.normal(0, self.sigma))
            slices.append(
                Slice(
                    contender=label,
                    position=position,
                    started_ns=10**15 + (index * 100 + position) * 60_000_000,
                    durations_ns=(round(call),) * 12,
                    diagnostics=quiet(threads=1),
                    rejected="other programs were busy" if label in self.rejected else None,
                )
            )  # fmt: skip
        clean = all(one.rejected is None for one in slices)
        return Round(
            restart=restart, index=index, point=OperatingPoint(size), order=order, slices=tuple(slices), clean=clean
        )

    def header(self) -> Header:
        """What was asked for, and where."""
        plan = {"seed": 1, "restarts": self.restarts, "rounds_per_restart": self.rounds}
        environment = Environment(
            platform="Linux", kernel="6.1", python="3.11.7", tool_version="0.1.0", cpu="AMD EPYC", physical_cores=2,
            logical_cores=2, usable_cores=2, memory_total=2**34, memory_available=2**33, schedstat=True,
            packages={"numpy": "2.4"},
        )  # fmt: skip
        specs = (ContenderSpec(label=label, backend=label) for label in self.curves)
        return Header(
            run_id=self.run_id or f"2026-{self.seed}",
            created=f"2026-01-01T00:00:{self.seed:02d}Z",
            command=("infer-compare", "run", self.name, "-o", f"runs/{self.seed}"),
            model=ModelInfo(name=self.name, source=f"{self.name}.onnx", format="onnx", sha256=self.sha256),
            contenders=tuple(msgspec.structs.replace(one, **self.spec) for one in specs),
            **asked(**{**plan, **self.plan}),
            environment=msgspec.structs.replace(environment, **self.environment),
        )

    def run(self) -> Run:
        """The run, folded."""
        return Run.fold(self.records())

    def store(self, folder: Path) -> Path:
        """The run in a folder."""
        folder.mkdir(parents=True)
        # Without waiting for the disk, as a run would after each record.
        lines = (msgspec.json.encode(record) + b"\n" for record in self.records())
        (folder / FILE).write_bytes(b"".join(lines))
        return folder


def slower(share: float, label: str = "onnx") -> dict[str, dict[int, float]]:
    """The curves with one contender that takes longer by a share."""
    return {
        name: {size: time * (1 + share if name == label else 1) for size, time in curve.items()}
        for name, curve in CURVES.items()
    }


class Result(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def recorded() -> type[Recorded]:
    """The builder of runs."""
    return Recorded


@pytest.fixture(scope="session")
def slow() -> Callable[..., dict[str, dict[int, float]]]:
    """The builder of slowed curves."""
    return slower


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `infer-compare` with arguments, in an empty working folder; a traceback on standard error fails the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*arguments: str | Path) -> Result:
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Result(int(ended.value.code or 0), printed.out, printed.err)

    return run
