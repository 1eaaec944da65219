"""What a worker answers and writes, for backends that misuse it."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path
from typing import Any, Literal

Violation = Literal["garbage", "oversized", "lie"]
Spoiled = Literal["torn", "empty", "pickled", "promising", "pipe", "gone"]
"""What becomes of a file of outputs: all but its end, nothing in it, a pickle, a header that promises 2^60 rows, a named pipe
in its place, no file."""

_RUBBISH: dict[str, bytes] = {"garbage": b"\x00\x00\x00\x05hello", "oversized": b"\xff\xff\xff\xff"}


def replies() -> int:
    """The descriptor on which this worker answers."""
    return next(int(word.partition("=")[2]) for word in sys.argv if word.startswith("--replies="))


def violate(how: Violation) -> None:
    """Writes what is no message, or the beginning of one that is longer than any; or makes every later slice a lie."""
    if how == "lie":
        _lie()
    else:
        os.write(replies(), _RUBBISH[how])


def _lie() -> None:
    import msgspec

    from infer_compare.worker.child import loop
    from infer_compare.worker.protocol import Reply, Timed, send

    def lying(descriptor: int, reply: Reply) -> None:
        untrue = msgspec.structs.replace(reply, calls_per_stamp=0) if isinstance(reply, Timed) else reply
        send(descriptor, untrue)

    vars(loop)["send"] = lying


def spoil(how: Spoiled) -> None:
    """Makes this worker spoil every file of outputs that it writes from now on."""
    import numpy as np

    save = np.save

    def spoiled(file: str, array: Any, **options: Any) -> None:
        save(file, array, **options)
        path = Path(file)
        whole = path.read_bytes()
        path.unlink()
        match how:
            case "torn":
                path.write_bytes(whole[:-4])
            case "empty":
                path.touch()
            case "pickled":
                path.write_bytes(pickle.dumps(array.tolist()))
            case "promising":
                header = {"descr": "<f4", "fortran_order": False, "shape": (1 << 60, 4)}
                with path.open("wb") as target:
                    np.lib.format.write_array_header_1_0(target, header)
            case "pipe":
                os.mkfifo(path)
            case "gone":
                pass

    np.save = spoiled  # type: ignore[assignment]
