"""Runs sweeps and reads stored runs, for the command line and for Python."""

from infer_compare.api.devices_of import BackendDevices, devices
from infer_compare.api.explanation import ConversionPath, Explanation, explain
from infer_compare.api.new_runs import check, plan, sweep
from infer_compare.api.stored_runs import compare, load_run, resume

__all__ = [
    "BackendDevices",
    "ConversionPath",
    "Explanation",
    "check",
    "compare",
    "devices",
    "explain",
    "load_run",
    "plan",
    "resume",
    "sweep",
]
