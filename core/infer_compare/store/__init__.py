"""Run folders: appending records, and reading them back."""

from infer_compare.store.folder import (
    DEFAULT_ROOT,
    StoredRun,
    default_folder,
    list_runs,
    load,
    make_folder,
    run_file,
)
from infer_compare.store.line_file import LineFile, Words, begun, full_disk, whole
from infer_compare.store.log import FILE, RunLog, read_records, read_run, read_salvage

__all__ = [
    "DEFAULT_ROOT",
    "FILE",
    "LineFile",
    "RunLog",
    "StoredRun",
    "Words",
    "begun",
    "default_folder",
    "full_disk",
    "list_runs",
    "load",
    "make_folder",
    "read_records",
    "read_run",
    "read_salvage",
    "run_file",
    "whole",
]
