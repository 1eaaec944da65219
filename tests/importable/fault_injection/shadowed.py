"""The command line with a second file of records: `python -m fault_injection.shadowed SHADOW CONSTANTS run ...`.

Each record that the program takes for stored is written to a second file at once, so that it can be told afterwards
whether one was lost. The gate is open and the machine's peak is not measured: what else runs on the machine is to
decide nothing. Deadlines that are minutes long can be shortened, and the protocol as well.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import msgspec

from infer_compare.store import RunLog
from infer_compare.store.lines import encode

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.results import AnyRecord

OPEN = ("infer_compare.environment.gate:rejection",)
"""What rejects slices, and ends runs where the machine is busy."""
LOGS = ("infer_compare.api.run_folder:RunLog", "infer_compare.api.stored_runs:RunLog")
"""Who writes run files."""
PEAK = "infer_compare.environment.peak:measure"
PROTOCOL = "infer_compare.verdicts.protocol"


class Constants(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is shorter than it is for people."""

    start_deadline_s: float = 180.0
    warm_up_cap_s: float = 10.0
    restarts: int = 1
    rounds: int = 1
    """Of each restart, with `--quick`."""

    def apply(self) -> None:
        """Sets them in this process."""
        _set("infer_compare.worker.client.base:START_DEADLINE_S", self.start_deadline_s)
        _set("infer_compare.phases.turns:WARM_UP_CAP_S", self.warm_up_cap_s)
        protocol = importlib.import_module(PROTOCOL)
        protocol.RESTARTS["quick"] = self.restarts
        protocol.ROUNDS_PER_RESTART["quick"] = self.rounds


class ShadowedLog(RunLog):
    """A run file whose records are also noted elsewhere when they are taken for stored."""

    shadow: int
    """The descriptor of the other file."""

    def append(self, record: AnyRecord) -> None:
        """Stores a record, then notes it."""
        super().append(record)
        os.write(self.shadow, encode(record, self.lines))


def main() -> NoReturn:
    """Runs the command line."""
    _, shadow, constants, *arguments = sys.argv
    sys.argv[1:] = arguments
    ShadowedLog.shadow = os.open(shadow, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
    for place in OPEN:
        _set(place, _nothing)
    _set(PEAK, _nothing)
    msgspec.json.decode(constants, type=Constants).apply()
    for place in LOGS:
        _set(place, ShadowedLog)
    from infer_compare.cli import main as command_line

    command_line()


def command(shadow: Path, constants: Constants) -> list[str]:
    """The words that start it; those of the command line follow."""
    return [sys.executable, "-m", __name__, str(shadow), msgspec.json.encode(constants).decode()]


def _nothing(*_args: object, **_kwargs: object) -> None:
    return None


def _set(place: str, value: object) -> None:
    module, _, name = place.partition(":")
    loaded = importlib.import_module(module)
    # A name that is gone must be noticed: setting it would do nothing.
    assert hasattr(loaded, name), place
    setattr(loaded, name, value)


if __name__ == "__main__":
    main()
