"""Shipping the files of a job: the launcher packs them, and the node side unpacks and checks them."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from infer_compare.fleet.node.messages import NodeJob, ShippedFile, Surroundings, line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from infer_compare.interfaces.launchers import Job

CHUNK = 1 << 20


class ShippingError(Exception):
    """A file cannot be shipped; the text is a sentence."""


class Parcel:
    """A job as it is sent to the node side: a header line, followed by the contents of its files."""

    def __init__(self, job: Job, surroundings: Surroundings | None = None, *, place: str = "") -> None:
        """Reads every file once, for its checksum.

        Args:
            job: what to run.
            surroundings: what the node side restores; None for signals alone.
            place: the folder on the node for the job's temporary folder; the system's default when empty.

        Raises:
            ShippingError: a file is missing or cannot be read.
        """
        listed = [entry for name, path in job.files.items() for entry in _listed(name, path)]
        self.job = NodeJob(
            job=job.id,
            attempt=job.attempt,
            argv=job.argv,
            module=job.module,
            files=tuple(file for file, _ in listed),
            surroundings=surroundings or Surroundings(),
            place=place,
        )
        self.contents: tuple[Path, ...] = tuple(path for _, path in listed)
        """The files whose contents follow, in this order."""

    @property
    def header(self) -> bytes:
        """The first line."""
        return line(self.job)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes of the parcel in pieces."""
        yield self.header
        for path in self.contents:
            with path.open("rb") as file:
                while part := file.read(CHUNK):
                    yield part


def _listed(name: str, path: Path) -> Iterator[tuple[ShippedFile, Path]]:
    if path.is_dir():
        members = sorted(member for member in path.rglob("*") if member.is_file())
        places = [(path.name / member.relative_to(path), member) for member in members]
    else:
        places = [(Path(path.name), path)]
    for place, member in places:
        try:
            size, checksum = member.stat().st_size, _checksum(member)
        except OSError as error:
            raise ShippingError(f"{member} cannot be sent to the machine: {error.strerror}.") from error
        yield ShippedFile(name=name, path=place.as_posix(), size=size, sha256=checksum), member


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def receive(files: tuple[ShippedFile, ...], folder: Path, read: Callable[[int], bytes]) -> Mapping[str, Path]:
    """Receive shipped files into a folder, and verify their checksums.

    Args:
        files: in the order of their contents.
        folder: to put them in.
        read: returns up to the given number of bytes of the contents; no bytes when the sender is gone.

    Returns:
        The shipped files and folders by name.

    Raises:
        ShippingError: a file is damaged, incomplete or missing, or its path leads out of the folder.
    """
    places: dict[str, Path] = {}
    for file in files:
        parts = PurePosixPath(file.path).parts
        if not parts or ".." in parts or PurePosixPath(file.path).is_absolute() or Path(file.name).name != file.name:
            raise ShippingError(f"The shipped file {file.name!r} has the unusable path {file.path!r}.")
        target = folder / file.name / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        pieces = _lying_there(file) if file.at else _sent(file, read)
        checksum = hashlib.sha256()
        with target.open("wb") as output:
            for piece in pieces:
                checksum.update(piece)
                output.write(piece)
        if checksum.hexdigest() != file.sha256:
            raise ShippingError(f"The shipped file {file.path} arrived damaged: its checksum differs.")
        places[file.name] = folder / file.name / parts[0]
    return places


def _sent(file: ShippedFile, read: Callable[[int], bytes]) -> Iterator[bytes]:
    left = file.size
    while left:
        piece = read(min(left, CHUNK))
        if not piece:
            raise ShippingError(
                f"The shipped file {file.path} is incomplete: {left} of {file.size} bytes did not come."
            )
        left -= len(piece)
        yield piece


def _lying_there(file: ShippedFile) -> Iterator[bytes]:
    try:
        with open(file.at, "rb") as source:  # noqa: PTH123 - a path of another program's
            while piece := source.read(CHUNK):
                yield piece
    except OSError as error:
        raise ShippingError(f"The shipped file {file.at} cannot be read: {error.strerror}.") from error
