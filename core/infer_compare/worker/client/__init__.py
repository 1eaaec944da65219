"""Clients of workers, through which the parent makes all requests."""

from infer_compare.worker.client.base import START_DEADLINE_S, Launcher, WorkerClient
from infer_compare.worker.client.connection import Connection, MemorySeen
from infer_compare.worker.client.failures import NoWorker, OtherVersion, RequestFailed, first_line
from infer_compare.worker.client.group import WorkerGroup
from infer_compare.worker.client.in_process import InProcess
from infer_compare.worker.client.local_process import LocalProcess

__all__ = [
    "START_DEADLINE_S",
    "Connection",
    "InProcess",
    "Launcher",
    "LocalProcess",
    "MemorySeen",
    "NoWorker",
    "OtherVersion",
    "RequestFailed",
    "WorkerClient",
    "WorkerGroup",
    "first_line",
]
