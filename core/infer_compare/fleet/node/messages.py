"""What a launcher and the node side say to each other.

The node side reads one line of JSON, a `NodeJob`, then the contents of the shipped files one after the other, then lines of
JSON again, each a `Stop`. It writes lines of JSON, each an event of `infer_compare.interfaces.launchers`.
"""

from __future__ import annotations

import msgspec

from infer_compare.interfaces.launchers import Event

VERSION = 1
"""Both sides must speak the same version; the node may have another release of infer-compare."""
BEAT_S = 3.0
GRACE_S = 10.0
LONGEST_LINE = 64 << 20
"""Bytes of a line that are read at most."""


class ShippedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a job, without its content."""

    name: str
    """By which the job calls it: `{file:NAME}`."""
    path: str
    """Where it is put below the folder of that name: the file's own name, or `FOLDER/PART/FILE` of a folder."""
    size: int
    sha256: str
    at: str = ""
    """Where it lies on the node already; where empty, the content comes with the job."""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a job's process is to run in, where the launcher has made that worse than it was. Signals are always repaired."""

    nice: int | None = None
    """The niceness to have; left alone when None."""
    oom_score_adj: int | None = None
    """How willingly the kernel kills it, -1000 to 1000; only ever lowered, and left alone when None."""
    unset: tuple[str, ...] = ()
    """Environment variables to remove, such as `OMP_NUM_THREADS`; `RAY_*` is all that begin so."""


class NodeJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job as the node side is given it."""

    version: int = VERSION
    job: str
    attempt: int
    argv: tuple[str, ...]
    module: str = "infer_compare"
    files: tuple[ShippedFile, ...] = ()
    surroundings: Surroundings = Surroundings()
    beat_s: float = BEAT_S
    grace_s: float = GRACE_S
    """How long the run may take to end by itself when whoever started the job has gone."""
    place: str = ""
    """Where the job's temporary folder is made; the system's own place when empty."""


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """End the run as Ctrl-C does, and at once after that time."""

    grace_s: float = GRACE_S


encoder = msgspec.json.Encoder()
event_decoder = msgspec.json.Decoder(Event)
job_decoder = msgspec.json.Decoder(NodeJob)
stop_decoder = msgspec.json.Decoder(Stop)


def line(message: NodeJob | Stop | Event) -> bytes:
    """Return a message as it travels."""
    return encoder.encode(message) + b"\n"
