"""The public module for launcher authors: the interface, and helpers for launchers that start a process per job.

Importing it imports no framework and no numpy.
"""

from __future__ import annotations

from infer_compare.fleet.launchers.by_process import NODE, ProcessLauncher
from infer_compare.fleet.launchers.node_process import EventReader, NodeProcess
from infer_compare.fleet.node.facts import machine_facts, machine_of
from infer_compare.fleet.node.messages import Stop, Surroundings
from infer_compare.fleet.node.shipping import Parcel, ShippingError
from infer_compare.interfaces.launchers import (
    Beat,
    Ended,
    Event,
    Job,
    Launcher,
    Lines,
    Lost,
    Machine,
    Started,
    Unreachable,
)

__all__ = [
    "NODE",
    "Beat",
    "Ended",
    "Event",
    "EventReader",
    "Job",
    "Launcher",
    "Lines",
    "Lost",
    "Machine",
    "NodeProcess",
    "Parcel",
    "ProcessLauncher",
    "ShippingError",
    "Started",
    "Stop",
    "Surroundings",
    "Unreachable",
    "machine_facts",
    "machine_of",
]
