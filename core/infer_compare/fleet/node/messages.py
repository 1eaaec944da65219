"""The protocol between a launcher and the node side.

The node side reads one line of JSON, a `NodeJob`; then the contents of the shipped files, concatenated; then lines of JSON,
each a `Stop`. It writes lines of JSON, each an event of `infer_compare.interfaces.launchers`.
"""

from __future__ import annotations

import msgspec

from infer_compare.interfaces.launchers import Event

VERSION = 1
"""Of the protocol; both sides must have the same, as the node may have another release of infer-compare."""
BEAT_S = 3.0
GRACE_S = 10.0
LONGEST_LINE = 64 << 20
"""The longest line that is read, in bytes."""


class ShippedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a job, without its content."""

    name: str
    """The name that the job's arguments use: `{file:NAME}`."""
    path: str
    """Its path below the folder of that name: the file name, or `FOLDER/PART/FILE` for a file of a folder."""
    size: int
    sha256: str
    at: str = ""
    """Its path on the node if it is already there; if empty, the content comes with the job."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Process properties that a launcher has changed and the node side restores before a run. Signals are always restored."""

    nice: int | None = None
    """The niceness to restore; None leaves it alone."""
    oom_score_adj: int | None = None
    """The kernel's OOM score adjustment, -1000 to 1000; it is only ever lowered, and None leaves it alone."""
    unset: tuple[str, ...] = ()
    """Environment variables to remove, such as `OMP_NUM_THREADS`, or `RAY_*` for all with that prefix."""


class NodeJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job as it is sent to the node side."""

    version: int = VERSION
    job: str
    attempt: int
    argv: tuple[str, ...]
    module: str = "infer_compare"
    files: tuple[ShippedFile, ...] = ()
    surroundings: Surroundings = Surroundings()
    beat_s: float = BEAT_S
    grace_s: float = GRACE_S
    """How long the run may take to end by itself after the launcher is gone."""
    place: str = ""
    """The folder for the job's temporary folder; the system's default when empty."""


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """Interrupt the run as Ctrl-C does, and kill it after `grace_s`."""

    grace_s: float = GRACE_S


encoder = msgspec.json.Encoder()
event_decoder = msgspec.json.Decoder(Event)
job_decoder = msgspec.json.Decoder(NodeJob)
stop_decoder = msgspec.json.Decoder(Stop)


def line(message: NodeJob | Stop | Event) -> bytes:
    """Return a message encoded as a line of JSON."""
    return encoder.encode(message) + b"\n"
