"""Helpers for native models: those that a user's function returns, and those that take inputs by name."""

from __future__ import annotations

from infer_compare.models.binding import REST, Binding, bind, one_by_one
from infer_compare.models.callables import make_model, own_files, seed_generators, source_file, split
from infer_compare.models.fill_text import parse_fill
from infer_compare.models.fills import DTYPES, FromFile, Normal, RandInt
from infer_compare.models.given import declared

__all__ = [
    "DTYPES",
    "REST",
    "Binding",
    "FromFile",
    "Normal",
    "RandInt",
    "bind",
    "declared",
    "make_model",
    "one_by_one",
    "own_files",
    "parse_fill",
    "seed_generators",
    "source_file",
    "split",
]
