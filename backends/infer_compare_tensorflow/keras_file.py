"""Reproducible `.keras` files: the same model gives the same bytes."""

from __future__ import annotations

import json
import shutil
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip archive can store."""


def make_steady(path: Path) -> None:
    """Rewrite a `.keras` file without the times and addresses of the process that saved it.

    They would make the model of every run another one.
    """
    fresh = path.with_suffix(".fresh")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(fresh, "w") as new:
        for name in sorted(old.namelist()):
            info = zipfile.ZipInfo(name, EPOCH)
            if name.endswith(".json"):
                document = json.loads(old.read(name))
                document.pop("date_saved", None)
                _number_shared(document, {})
                new.writestr(info, json.dumps(document))
                continue
            with old.open(name) as source, new.open(info, "w", force_zip64=True) as target:
                shutil.copyfileobj(source, target, 2**20)
    fresh.replace(path)


def _number_shared(config: object, numbers: dict[int, int]) -> None:
    """Replace the addresses that mark two objects of a configuration as one by numbers."""
    if isinstance(config, dict):
        if isinstance(address := config.get("shared_object_id"), int):
            config["shared_object_id"] = numbers.setdefault(address, len(numbers) + 1)
        for value in config.values():
            _number_shared(value, numbers)
    elif isinstance(config, list):
        for value in config:
            _number_shared(value, numbers)
