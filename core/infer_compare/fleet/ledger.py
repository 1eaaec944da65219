"""`fleet.jsonl`: the ledger of a fleet, in which every entry is flushed to disk before the fleet goes on."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import msgspec

from infer_compare.errors import StoreError
from infer_compare.files import open_regular
from infer_compare.fleet.records import LEDGER_SCHEMA, LEDGER_VERSION, AnyEntry, Asked
from infer_compare.foreign import one_line
from infer_compare.store import LineFile, Words, whole

if TYPE_CHECKING:
    from pathlib import Path

FILE = "fleet.jsonl"
LARGEST = 1 << 30
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(AnyEntry)
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Ledger(LineFile):
    """Appends entries to a ledger, of which it holds the lock."""

    def __init__(self, folder: Path, *, create: bool) -> None:
        """Open the ledger of a folder.

        Args:
            folder: of the fleet.
            create: whether to create the file, which must not exist; otherwise open it, and cut off an unfinished last line.

        Raises:
            StoreError: the ledger cannot be opened, exists although it was to be created, or is locked by another process.
        """
        words = Words(
            noun="The ledger",
            lines="entries",
            taken=str(taken(folder)),
            busy=f"The fleet in {folder} is still running; wait for its end, or stop it.",
            resume=_resume(folder),
        )
        super().__init__(folder / FILE, words, lambda: _bytes(folder), create=create)

    def append(self, entry: AnyEntry) -> None:
        """Write an entry and flush it to disk.

        Raises:
            StorageFull: there is no room; any part of the entry was removed again.
            StorageLost: the file was removed or cannot be written.
        """
        self.write(_encoder.encode(entry) + b"\n")


def _resume(folder: Path) -> tuple[str, ...]:
    return ("infer-compare", "fleet", "resume", str(folder))


def taken(folder: Path) -> StoreError:
    """Return the error for a folder that already holds a fleet."""
    return StoreError(
        f"{folder} already holds a fleet; choose another folder with -o, or continue it with: {shlex.join(_resume(folder))}"
    )


def read_ledger(folder: Path) -> tuple[Asked, list[AnyEntry]]:
    """Return the first entry of a ledger and all later ones; an unfinished last line and unreadable lines are skipped.

    Raises:
        StoreError: there is no ledger, it cannot be read, its first line is not that of a fleet of a known version, or the
            folder of a job would be outside that of the fleet.
    """
    first, *lines = whole(_bytes(folder)).split(b"\n")
    try:
        asked = _decoder.decode(first)
    except _UNREADABLE as error:
        raise StoreError(f"{folder / FILE} is not the ledger of a fleet: its first line cannot be read.") from error
    if not isinstance(asked, Asked) or asked.schema != LEDGER_SCHEMA:
        raise StoreError(
            f"{folder / FILE} is not the ledger of a fleet: its first line does not say what was asked for."
        )
    if asked.version[0] != LEDGER_VERSION[0]:
        raise StoreError(
            f"{folder / FILE} was written by another infer-compare ({asked.tool_version}), whose ledgers have version "
            f"{asked.version[0]}; this one reads version {LEDGER_VERSION[0]}."
        )
    for job in asked.jobs:
        if job.id in ("", ".", "..") or "/" in job.id or "\0" in job.id:
            raise StoreError(
                f"{folder / FILE} is damaged: the job {one_line(job.id)!r} cannot have a folder of that name; begin a new fleet."
            )
    entries: list[AnyEntry] = []
    for line in lines:
        try:
            entries.append(_decoder.decode(line))
        except _UNREADABLE:
            continue
    return asked, entries


def _bytes(folder: Path) -> bytes:
    try:
        with open_regular(folder / FILE, limit=LARGEST) as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StoreError(f"There is no fleet in {folder}: it has no {FILE}.") from error
    except OSError as error:
        raise StoreError(f"The ledger {folder / FILE} cannot be read: {error.strerror}.") from error
