"""Discovery, checks and listing of plugins."""

from infer_compare.plugins.candidates import candidates
from infer_compare.plugins.discovery import BLOCK_VARIABLE, Plugins
from infer_compare.plugins.endings import Endings
from infer_compare.plugins.entries import (
    BackendEntry,
    Broken,
    ConverterEntry,
    DatasetEntry,
    LauncherEntry,
    Origin,
    is_installed,
)
from infer_compare.plugins.guard import PluginFailed, guarded
from infer_compare.plugins.options import OptionDescription, describe_options, read_options
from infer_compare.plugins.references import load_backend, load_converter, load_dataset

__all__ = [
    "BLOCK_VARIABLE",
    "BackendEntry",
    "Broken",
    "ConverterEntry",
    "DatasetEntry",
    "Endings",
    "LauncherEntry",
    "OptionDescription",
    "Origin",
    "PluginFailed",
    "Plugins",
    "candidates",
    "describe_options",
    "guarded",
    "is_installed",
    "load_backend",
    "load_converter",
    "load_dataset",
    "read_options",
]
