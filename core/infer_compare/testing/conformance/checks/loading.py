"""Checks of devices and models: existing ones work, others are refused with the right error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from infer_compare.errors import DeviceUnavailable, ModelError, UnsupportedModel
from infer_compare.interfaces import Device, ModelSource, Session
from infer_compare.testing.conformance.hidden_onnx import ONNX
from infer_compare.testing.conformance.jobs import Died, Reading, ask
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infer_compare.testing.conformance.models import Example
    from infer_compare.testing.conformance.subject import Subject

NOWHERE = "no_such_device"
FAR = 4096
"""A device index that no machine has."""


@check("loading")
def check_version_is_told(subject: Subject) -> None:
    """`version` tells the framework's version."""
    version: Any = subject.instance.version()  # a third party's may be anything
    if not isinstance(version, str) or not version.strip():
        raise Violation(f"`version` returned {version!r}; return the framework's version as a text.")


@check("loading")
def check_devices_are_listed(subject: Subject) -> None:
    """`devices` lists what is there, each once, of the kinds that are declared."""
    devices = list(subject.instance.devices())
    declared = subject.backend.capabilities.device_kinds
    if not devices:
        raise Violation("`devices` lists nothing; a backend that can be used here has at least one device.")
    for device in devices:
        if not isinstance(device, Device):
            raise Violation(f"`devices` lists {device!r}, which is no infer_compare.backends.Device.")
        if device.kind not in declared:
            raise Violation(f"`devices` lists {device}, and `device_kinds` declares only {', '.join(declared)}.")
    names = [str(device) for device in devices]
    if len(set(names)) < len(names):
        raise Violation(f"`devices` lists a device twice: {', '.join(names)}.")


@check("loading")
def check_some_model_runs(subject: Subject) -> None:
    """There is a model at hand that the backend takes."""
    refused = []
    for candidate in subject.candidates():
        try:
            with subject.instance.to_device(subject.instance.load(candidate.source), subject.device):
                return
        except UnsupportedModel as error:
            refused.append(str(error))
    why = f" The last was refused with: {refused[-1]}" if refused else ""
    raise Violation(
        f"The backend takes none of the kit's models, so running it cannot be checked; add models with `models`.{why}"
    )


@check("loading")
def check_native_models_are_read_by_the_framework(subject: Subject) -> None:
    """ONNX among `formats` is read by the framework itself; a graph that the plugin takes apart belongs in `imports`."""
    if ONNX not in subject.backend.capabilities.formats:
        raise NotApplicable("the backend does not call ONNX a format of its framework")
    if subject.backend.requires[:1] == (ONNX,):
        raise NotApplicable("the package onnx is the framework itself")
    example = subject.simplest
    if example.source.format != ONNX:
        raise NotApplicable("none of the kit's models is at hand that the backend takes")
    try:
        reading = ask(subject.job("reading", example, device=str(subject.device)), Reading)
    except Died as death:
        raise NotApplicable(f"loading without the package onnx ended the process: {death}") from death
    if reading.importer and reading.error:
        raise Violation(
            f"`formats` names onnx, but {reading.importer} reads the model with the package onnx, and without that package it "
            f"cannot be loaded ({reading.error}). Where the plugin rebuilds the graph, declare imports=({ONNX!r},) instead: "
            "reports then say that the model was imported. Where the framework reads the file, ask it for what the plugin "
            "looks up with onnx."
        )


@check("loading")
def check_listed_devices_work(subject: Subject) -> None:
    """A model can be put on every device of the list."""
    example = subject.simplest
    for device in subject.instance.devices():
        try:
            with subject.instance.to_device(subject.instance.load(example.source), device) as session:
                if not isinstance(session, Session):
                    raise Violation(f"`to_device` returned {session!r}, which is no infer_compare.backends.Session.")
        except DeviceUnavailable as error:
            raise Violation(
                f"`devices` lists {device}, and `to_device` refuses it ({error}); list what can be used."
            ) from error


@check("loading")
def check_unknown_devices_are_refused(subject: Subject) -> None:
    """A kind of device that nobody knows is refused with `DeviceUnavailable`."""
    _refused(subject, Device(NOWHERE))


@check("loading")
def check_no_silent_fallback(subject: Subject) -> None:
    """A device that is declared and not there is refused, and never another one taken."""
    there = {(device.kind, device.index) for device in subject.instance.devices()}
    absent = [
        Device(kind, index)
        for kind in subject.backend.capabilities.device_kinds
        for index in (0, FAR)
        if kind != "cpu" and (kind, index) not in there
    ]
    if not absent:
        raise NotApplicable("the backend knows no device but the processor")
    for device in absent:
        _refused(subject, device)


def _refused(subject: Subject, device: Device) -> None:
    loaded = subject.instance.load(subject.simplest.source)
    try:
        session = subject.instance.to_device(loaded, device)
    except DeviceUnavailable:
        return
    except Exception as error:
        raise Violation(
            f"`to_device` raised {type(error).__name__} for the device {device}, which is not there; raise "
            "infer_compare.backends.DeviceUnavailable."
        ) from error
    session.close()
    raise Violation(
        f"`to_device` took the device {device}, which is not there; raise infer_compare.backends.DeviceUnavailable."
    )


@check("loading")
def check_unknown_formats_are_refused(subject: Subject) -> None:
    """A format that the backend does not declare is refused with `UnsupportedModel`."""
    path = subject.folder / "model.unheard-of"
    path.write_bytes(b"unheard of")
    source = ModelSource(format="unheard_of", location=str(path), name="unheard of")
    try:
        subject.instance.load(source)
    except UnsupportedModel:
        return
    except Exception as error:
        raise Violation(
            f"`load` raised {type(error).__name__} for a model of an unknown format; look at `model.format` and raise "
            "infer_compare.backends.UnsupportedModel."
        ) from error
    raise Violation("`load` took a model of an unknown format; raise infer_compare.backends.UnsupportedModel.")


@check("loading")
def check_damaged_files_are_refused(subject: Subject) -> None:
    """A file that is cut short, holds something else or is missing is refused with `ModelError`."""
    example = subject.simplest
    if not example.source.path.is_file():
        raise NotApplicable(f"the model {example.name} is not a single file")
    for what, path in _damaged(example, subject.folder):
        source = msgspec.structs.replace(example.source, location=str(path))
        try:
            session = subject.instance.to_device(subject.instance.load(source), subject.device)
        except ModelError:
            continue
        except Exception as error:
            raise Violation(
                f"A model file that {what} made the backend raise {type(error).__name__}; raise infer_compare.backends.ModelError "
                "with a sentence about the file."
            ) from error
        session.close()
        raise Violation(f"The backend took a model file that {what}; raise infer_compare.backends.ModelError.")


def _damaged(example: Example, folder: Path) -> Iterator[tuple[str, Path]]:
    data, suffix = example.source.path.read_bytes(), example.source.path.suffix
    for name, what, content in (
        ("cut", "is cut short", data[: len(data) // 2]),
        ("other", "holds something else", b"this is not a model\n" * 40),
        ("empty", "is empty", b""),
    ):
        path = folder / f"{name}{suffix}"
        path.write_bytes(content)
        yield what, path
    yield "does not exist", folder / f"missing{suffix}"
