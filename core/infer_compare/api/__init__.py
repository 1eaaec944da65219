"""Running sweeps and reading runs: what the command line and `infer_compare.sweep` are users of."""

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
