"""A process that runs cases with a backend, one after another, started with `python -m`.

It reads folders of cases, one per line, and answers each with a line of JSON. Any output of the backend goes to standard
error.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.foreign import described
from infer_compare.interfaces import Settings
from infer_compare.plugins import load_backend, read_options
from infer_compare.testing.coverage.case_files import read_case, write_outputs
from infer_compare.testing.coverage.record import Trial
from infer_compare.testing.coverage.trial import compute, verdict_on
from infer_compare.worker.child.isolation import isolate

if TYPE_CHECKING:
    from infer_compare.interfaces import Backend


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """The instructions of a process."""

    parent: int
    """The process id of the parent; the process ends when its parent does."""
    backend: str
    """The reference by which the class is found."""
    options: dict[str, str]
    outputs: bool = False
    """Whether to write the outputs to the folder of the case, as the correct outputs."""


def answer(backend: Backend[Any], folder: Path, *, outputs: bool) -> Trial:
    """Return the result of the case in a folder."""
    case = read_case(folder)
    if not outputs:
        return verdict_on(backend, case)
    try:
        write_outputs(compute(backend, case, folder)[0], folder)
    except Exception as error:  # noqa: BLE001 - whatever it is, there are no outputs
        return Trial("raised", described(error))
    return Trial("right", "")


def main() -> None:
    """Print the framework's version, then answer until no more cases arrive."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    hello = msgspec.json.decode(sys.stdin.readline(), type=Hello)
    isolate(hello.parent)
    kind = load_backend(hello.backend)
    backend = kind(Settings(options=read_options(kind, hello.options), threads=1))

    def reply(value: object) -> None:
        replies.write(f"{msgspec.json.encode(value).decode()}\n")
        replies.flush()

    reply(backend.version())
    for line in sys.stdin:
        reply(answer(backend, Path(line.rstrip("\n")), outputs=hello.outputs))


if __name__ == "__main__":
    main()
