"""A check of `.pt2` files for code that torch would execute when it reads them.

`torch.export.load` is not safe for untrusted files. It unpickles members of the archive, without a safeguard if the safe
method fails; it resolves operators by their dotted names, evaluates shape expressions and generates Python code from
names. So a file is scanned first, with torch's own archive reader, which makes both see the same members.

The scan accepts what `torch.export.save` writes for plain modules. It is not a sandbox. Files that the user trusts are
loaded without it.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch.export.pt2_archive import constants as archive

from infer_compare.backends import ModelError, UntrustedModel
from infer_compare_torch.graph_text import objection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_BYTES = 64 << 30
MOST_GROWTH = 100
"""Unpacked size against the size of the file; torch does not compress."""
LONGEST_NAME = 1024
NEW_FILE = "; save it again with torch.export.save"


def scan(path: Path, *, trusted: bool) -> None:
    """Look through a file before torch reads it.

    Args:
        path: the file.
        trusted: whether the user trusts it; then only its form is checked.

    Raises:
        ModelError: it is missing, empty, cut short, of another kind or version, or absurdly large when unpacked.
        UntrustedModel: torch could run code of the file's own while reading or running it; the member is named.
    """
    _check_archive(path)
    try:
        reader = torch._C.PyTorchFileReader(str(path))  # noqa: SLF001 - the one that torch's loader reads with
        records = set(reader.get_all_records())
        _check_version(path, reader, records)
        if not trusted:
            _check_members(path, reader, records)
    except RuntimeError as error:
        raise ModelError(f"{path} is damaged ({_first_line(error)}){NEW_FILE}.") from error


def check_bytes(path: Path) -> None:
    """Compare every member with its checksum, which torch does not.

    Raises:
        ModelError: bytes were changed.
    """
    try:
        with zipfile.ZipFile(path) as file:
            bad = file.testzip()
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
        raise ModelError(f"{path} is damaged ({_first_line(error)}){NEW_FILE}.") from error
    if bad is not None:
        raise ModelError(
            f"{path} is damaged (its member {bad} does not have the checksum it was written with){NEW_FILE}."
        )


@contextmanager
def only_weights(*, trusted: bool) -> Iterator[None]:
    """Within it `torch.load` never falls back to unpickling whatever it finds, unless the file is trusted."""
    if trusted:
        yield
        return
    names = ("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD")
    before = {name: os.environ.pop(name, None) for name in names}
    os.environ[names[0]] = "1"
    try:
        yield
    finally:
        del os.environ[names[0]]
        os.environ.update({name: value for name, value in before.items() if value is not None})


def _check_archive(path: Path) -> None:
    """Refuse what is no archive, and one that would fill the memory."""
    if not path.is_file():
        raise ModelError(f"There is no model file {path}.")
    size = path.stat().st_size
    if size == 0:
        raise ModelError(f"{path} is empty{NEW_FILE}.")
    try:
        with zipfile.ZipFile(path) as file:
            members = file.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise ModelError(f"{path} is not a .pt2 file, or it was cut short ({_first_line(error)}){NEW_FILE}.") from error
    names = [member.filename for member in members]
    if absurd := next((name for name in names if _is_absurd(name)), None):
        raise ModelError(f"{path} holds a member with the name {absurd[:80]!r}, which torch never writes{NEW_FILE}.")
    if len(set(names)) != len(names):
        raise ModelError(f"{path} holds two members of one name, which torch never writes{NEW_FILE}.")
    unpacked = sum(member.file_size for member in members)
    if unpacked > min(MOST_BYTES, MOST_GROWTH * size):
        raise ModelError(
            f"{path} has {size} bytes and would take {unpacked} when unpacked, which no model file does{NEW_FILE}."
        )


def _is_absurd(name: str) -> bool:
    parts = name.split("/")
    return len(name) > LONGEST_NAME or not name.isprintable() or "\\" in name or parts[0] == "" or ".." in parts


def _check_version(path: Path, reader: Any, records: set[str]) -> None:  # noqa: ANN401 - torch does not export the type
    """Refuse archives of another kind or version."""
    if archive.ARCHIVE_FORMAT_PATH not in records:
        kind = "a TorchScript file" if any(name.startswith("code/") for name in records) else "no exported program"
        with zipfile.ZipFile(path) as file:
            if "serialized_exported_program.json" in file.namelist():
                kind = "a .pt2 file of torch 2.7 or older"
        raise ModelError(f"{path} is {kind}, which is not read{NEW_FILE}.")
    form = reader.get_record(archive.ARCHIVE_FORMAT_PATH)
    if form != archive.ARCHIVE_FORMAT_VALUE.encode():
        raise ModelError(f"{path} is an archive of the kind {form[:40]!r}, not of an exported program{NEW_FILE}.")
    version = reader.get_record(archive.ARCHIVE_VERSION_PATH) if archive.ARCHIVE_VERSION_PATH in records else b"none"
    if version != archive.ARCHIVE_VERSION_VALUE.encode():
        raise ModelError(
            f"{path} has the archive version {version[:40].decode(errors='replace')!r}, and torch {torch.__version__} "
            f"reads {archive.ARCHIVE_VERSION_VALUE!r}{NEW_FILE} of this version of torch."
        )


def _check_members(path: Path, reader: Any, records: set[str]) -> None:  # noqa: ANN401 - as above
    """Refuse members that torch would run or unpickle, going through the archive as torch's loader does."""
    for name in sorted(records):
        if name.startswith(archive.AOTINDUCTOR_DIR):
            raise _untrusted(path, name, "is a compiled library")
    head, tail = archive.MODELS_FILENAME_FORMAT.split("{}")
    for name in sorted(name for name in records if name.startswith(archive.MODELS_DIR)):
        model = name[len(head) : -len(tail)]
        if reason := objection(_json(path, name, reader)):
            raise _untrusted(path, name, reason)
        pickled = [archive.SAMPLE_INPUTS_FILENAME_FORMAT.format(model)]
        for folder, config in (
            (archive.WEIGHTS_DIR, archive.WEIGHTS_CONFIG_FILENAME_FORMAT),
            (archive.CONSTANTS_DIR, archive.CONSTANTS_CONFIG_FILENAME_FORMAT),
        ):
            # The older form keeps all tensors in one pickle.
            pickled.append(f"{folder}{model}.pt")
            if config.format(model) in records:
                pickled += _payloads(path, folder, config.format(model), reader)
        for member in pickled:
            if member in records:
                _check_pickle(path, member, reader.get_record(member))


def _payloads(path: Path, folder: str, config: str, reader: Any) -> list[str]:  # noqa: ANN401 - as above
    """Yield the members that torch would unpickle, among those that a table of weights or constants names."""
    document = _json(path, config, reader)
    table = document.get("config") if isinstance(document, dict) else None
    if not isinstance(table, dict) or not all(isinstance(row, dict) for row in table.values()):
        raise ModelError(f"{path} is damaged (its member {config} is no table){NEW_FILE}.")
    pickled = []
    for payload in table.values():
        name = payload.get("path_name")
        if not isinstance(name, str) or "/" in name:
            raise _untrusted(path, config, f"names a payload {name!r} outside its folder")
        if name.startswith((archive.CUSTOM_OBJ_FILENAME_PREFIX, archive.OPAQUE_OBJ_FILENAME_PREFIX)):
            raise _untrusted(path, folder + name, "is an object of a custom class")
        if payload.get("use_pickle"):
            pickled.append(folder + name)
    return pickled


def _check_pickle(path: Path, name: str, data: bytes) -> None:
    if not data:
        return
    try:
        torch.load(io.BytesIO(data), weights_only=True, map_location="cpu")
    except Exception as error:
        raise _untrusted(path, name, "holds more than tensors and plain containers") from error


def _json(path: Path, name: str, reader: Any) -> Any:  # noqa: ANN401 - as above
    try:
        return json.loads(reader.get_record(name))
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged (its member {name} is not JSON){NEW_FILE}.") from error


def _untrusted(path: Path, member: str, why: str) -> UntrustedModel:
    return UntrustedModel(
        f"{path} may execute code when loaded: its member {member} {why}; pass --trust if you trust its source."
    )


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
