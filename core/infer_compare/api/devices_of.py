"""The devices that each framework can use on this machine."""

from __future__ import annotations

import msgspec

from infer_compare.environment.threads import default_threads
from infer_compare.errors import WorkerError
from infer_compare.foreign import LONGEST, one_line
from infer_compare.interfaces import Device
from infer_compare.plugins import BackendEntry, Plugins
from infer_compare.worker.client import LocalProcess, RequestFailed
from infer_compare.worker.protocol import Open


class BackendDevices(msgspec.Struct, frozen=True):
    """The devices that one framework can use on this machine."""

    backend: str
    version: str = ""
    devices: tuple[Device, ...] = ()
    problem: str = ""
    """Why the backend could not list its devices; empty if it did."""


def devices(plugins: Plugins | None = None) -> tuple[BackendDevices, ...]:
    """Return the devices of every backend, each asked in its own worker."""
    return tuple(_ask_devices(entry) for entry in (plugins or Plugins.discover()).backends)


def _ask_devices(entry: BackendEntry) -> BackendDevices:
    if entry.missing:
        return BackendDevices(entry.name, problem=f"not installed: {entry.install_hint}")
    opening = Open(backend=entry.reference, options={}, threads=default_threads(), seed=0)
    try:
        with LocalProcess() as client:
            opened = client.open(opening)
    except RequestFailed as error:
        return BackendDevices(entry.name, problem=one_line(f"{error.failure.error}: {error.failure.text}", LONGEST))
    except WorkerError as error:
        return BackendDevices(entry.name, problem=one_line(str(error), LONGEST))
    return BackendDevices(entry.name, one_line(opened.version), opened.devices)
