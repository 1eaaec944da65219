"""What each framework can use on this machine."""

from __future__ import annotations

import msgspec

from infer_compare.environment.threads import default_threads
from infer_compare.errors import WorkerError
from infer_compare.foreign import LONGEST, one_line
from infer_compare.interfaces import Device
from infer_compare.plugins import BackendEntry, Plugins
from infer_compare.worker.protocol import Failure, Open, Opened
from infer_compare.worker.supervisor import Process

DEVICES_DEADLINE_S = 180.0
"""Importing a framework from a cold disk may take long."""


class BackendDevices(msgspec.Struct, frozen=True):
    """What one framework can use on this machine."""

    backend: str
    version: str = ""
    devices: tuple[Device, ...] = ()
    problem: str = ""
    """Why it could not be asked."""


def devices(plugins: Plugins | None = None) -> tuple[BackendDevices, ...]:
    """The devices of every backend, each asked in a worker of its own."""
    return tuple(_ask_devices(entry) for entry in (plugins or Plugins.discover()).backends)


def _ask_devices(entry: BackendEntry) -> BackendDevices:
    if entry.missing:
        return BackendDevices(entry.name, problem=f"not installed: {entry.install_hint}")
    with Process() as process:
        try:
            reply = process.ask(
                Open(backend=entry.reference, options={}, threads=default_threads(), seed=0), DEVICES_DEADLINE_S
            )
        except WorkerError as error:
            return BackendDevices(entry.name, problem=one_line(str(error), LONGEST))
    match reply:
        case Opened():
            return BackendDevices(entry.name, one_line(reply.version), reply.devices)
        case Failure():
            return BackendDevices(entry.name, problem=one_line(f"{reply.error}: {reply.text}", LONGEST))
        case _:
            return BackendDevices(entry.name, problem=f"its worker answered {type(reply).__name__}")
