"""Supervising worker processes from the parent: starting, watching and ending them."""

from infer_compare.worker.supervisor.deaths import is_suspect, mebibytes, name_death
from infer_compare.worker.supervisor.guard import removed_if_killed, tagged
from infer_compare.worker.supervisor.process import Process
from infer_compare.worker.supervisor.spawned import describe_status, signal_name
from infer_compare.worker.supervisor.watchdog import Watchdog

__all__ = [
    "Process",
    "Watchdog",
    "describe_status",
    "is_suspect",
    "mebibytes",
    "name_death",
    "removed_if_killed",
    "signal_name",
    "tagged",
]
