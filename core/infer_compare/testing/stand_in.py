"""`python -m infer_compare.testing.stand_in`: the program that checks of launchers run instead of a measurement.

Like a run, it writes a `run.jsonl` and has a child process; it reports how it was started.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

FOREVER_S = 600.0
"""Seconds that it waits to be ended."""


def main() -> None:
    """Write a header and the requested numbered lines, and wait if requested."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--token", required=True, help="stands in the command of every process")
    parser.add_argument("--lines", type=int, default=0)
    parser.add_argument("--hold", action="store_true", help="wait for an interrupt")
    parser.add_argument("--deaf", action="store_true", help="ignore interrupts")
    parser.add_argument("--file", action="append", default=[], type=Path)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True)
    helper = [sys.executable, "-I", "-S", "-c", f"import time; time.sleep({FOREVER_S})", asked.token]
    started_with = _signals()
    process = subprocess.Popen(helper, stdin=subprocess.DEVNULL, start_new_session=True)
    with (asked.folder / "run.jsonl").open("w", encoding="utf-8") as log:

        def interrupted(*_: object) -> NoReturn:
            _write(log, {"line": "interrupted"})
            process.kill()
            process.wait()
            sys.stderr.write("Interrupted.\n")
            sys.stderr.flush()
            os._exit(130)

        signal.signal(signal.SIGINT, signal.SIG_IGN if asked.deaf else interrupted)
        header = {
            "pids": [os.getpid(), process.pid],
            "folder": str(asked.folder),
            "blocked_or_ignored": started_with,
            "files": {path.name: digest(path) for path in asked.file},
        }
        _write(log, header)
        for number in range(asked.lines):
            _write(log, {"line": number, "text": text_of(number)})
        while asked.hold:
            time.sleep(FOREVER_S)
            break
    process.kill()
    process.wait()
    sys.stderr.write("The last line.\n")


def text_of(number: int) -> str:
    """Return the content of a numbered line: short or long, with characters of several bytes."""
    return "wörtlich ✓ " * (number * number * 7)


def digest(path: Path) -> str:
    """Return a checksum of a file, or of all files of a folder with their names."""
    members = sorted(path.rglob("*")) if path.is_dir() else [path]
    checksum = hashlib.sha256()
    for member in members:
        if member.is_file():
            checksum.update(str(member.relative_to(path)).encode() + member.read_bytes())
    return checksum.hexdigest()


def _signals() -> list[str]:
    """Return the signals for ending a run that are blocked or ignored."""
    ending = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return [number.name for number in ending if number in blocked or signal.getsignal(number) is signal.SIG_IGN]


def _write(log: IO[str], record: Mapping[str, object]) -> None:
    log.write(json.dumps(record, ensure_ascii=False) + "\n")
    log.flush()


if __name__ == "__main__":
    main()
