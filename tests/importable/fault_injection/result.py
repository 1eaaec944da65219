"""What became of a run of the command line with a fault, in processes of its own."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fault_injection.injected_run import InjectedRun
from fault_injection.small_disk import small_disk
from infer_compare.errors import StoreError
from infer_compare.results import Measured, OutOfMemory, Run, Skipped
from infer_compare.scratch import PREFIX
from infer_compare.store import load, read_run, whole

if TYPE_CHECKING:
    from pathlib import Path

    from fault_injection.fault import Fault, State
    from infer_compare.results import AnyOutcome, Death, Probe, Unusable


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultResult:
    """What became of a run."""

    fault: Fault
    framework: str
    other: str
    """The contender without a fault."""
    acted: bool
    """Whether the moment came at which something was to be done to it."""
    exit_code: int
    text: str
    """What it printed on standard output and standard error, with white space made single."""
    run: Run | None
    """As it can be read afterwards; None where it cannot."""
    kept: bytes
    """The run file at the moment at which the program was killed; nothing where it was not."""
    stored: bytes
    """The run file at the end."""
    lost: int
    """Records that the run took for stored and that are not there."""
    orphans: int
    """Processes that outlived it."""
    scratch_left: bool
    seconds: float

    @property
    def state(self) -> State | None:
        """How the run ended; None where it cannot be read."""
        if self.run is None:
            return None
        return self.run.closing.state if self.run.closing is not None else "cut off"

    @property
    def injected(self) -> bool:
        """Whether the fault was there: the run ended as it was meant to, and each target came to what it should."""
        run = self.run
        if run is None or not self.acted or self.state not in self.fault.states:
            return False
        faults = {start.contender: start.effective.get("fault") for start in run.starts}
        return all(
            kinds(run, target.label) == target.outcomes
            and faults.get(target.label) in {None, target.options.get("fault")}
            and (target.outcomes or not target.options or target.label in faults)
            for target in self.fault.targets
        )

    @property
    def survived(self) -> bool | None:
        """Whether the other contender has all its figures; None where the fault ends the run itself."""
        if "complete" not in self.fault.states:
            return None
        if self.run is None or self.state != "complete":
            return False
        points = [point for point in self.run.points if point.contender == self.other]
        return any(point.measured for point in points) and all(
            point.measured or isinstance(point.outcome, OutOfMemory) for point in points
        )


def kinds(run: Run, label: str) -> frozenset[str]:
    """Return what a contender came to beside being measured: words of outcomes, and `differs`."""
    words = {
        str(type(outcome).__struct_config__.tag)
        for outcome in outcomes(run, label)
        if not isinstance(outcome, Measured | Skipped)
    }
    if run.differs(label) is not None:
        words.add("differs")
    return frozenset(words)


def outcomes(run: Run, label: str) -> tuple[AnyOutcome, ...]:
    """Return every outcome of a contender that is on record."""
    records: tuple[Unusable | Probe | Death, ...] = (*run.unusable, *run.probes, *run.deaths)
    return tuple(record.outcome for record in records if record.contender == label)


def inject(fault: Fault, framework: str, folder: Path) -> FaultResult:
    """Run the command line under a fault.

    Args:
        fault: what happens.
        framework: name of the backend that it happens to.
        folder: an empty one; files of the run are left there.

    Raises:
        FileNotFoundError: a tool that the fault needs is not installed.
        RuntimeError: the small disk cannot be made.
    """
    began = time.monotonic()
    with small_disk(folder) if fault.act == "fill disk" else contextlib.nullcontext(folder) as place:
        injected = InjectedRun(fault, framework, folder, place / "run")
        try:
            acted = injected.play()
        finally:
            orphans = injected.leftovers()
        stored = injected.stored()
        return FaultResult(
            fault=fault,
            framework=framework,
            other=injected.other,
            acted=acted,
            exit_code=injected.exit_code,
            text=" ".join(injected.output.read_text(encoding="utf-8", errors="replace").split()),
            run=_readable(injected, stored),
            kept=injected.kept,
            stored=stored,
            lost=lost(injected.shadow.read_bytes(), stored),
            orphans=orphans,
            scratch_left=any(injected.run.glob(f"{PREFIX}*")),
            seconds=time.monotonic() - began,
        )


def lost(shadow: bytes, stored: bytes) -> int:
    """Return how many of the records that were taken for stored are not there, whole and in their place.

    Args:
        shadow: the records that were taken for stored, a line each; one that is not whole was not noted.
        stored: the run file.
    """
    there = stored.splitlines(keepends=True)
    place = missing = 0
    for line in whole(shadow).splitlines(keepends=True):
        # A program that is killed may have stored a record that it had no time to note.
        try:
            place = there.index(line, place) + 1
        except ValueError:
            missing += 1
    return missing


def _readable(injected: InjectedRun, stored: bytes) -> Run | None:
    try:
        if injected.run.exists():
            return load(injected.run)
        # The folder was removed by hand; what had been written to it is told by the file that was held open.
        copy = injected.folder / "removed.jsonl"
        copy.write_bytes(stored)
        return read_run(copy)
    except StoreError:
        return None
