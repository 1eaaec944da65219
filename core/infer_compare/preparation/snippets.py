"""Code snippets that run a model as a contender ran it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from infer_compare.foreign import one_line
from infer_compare.interfaces import Device, Settings
from infer_compare.plugins import PluginFailed, guarded, read_options

if TYPE_CHECKING:
    from infer_compare.preparation.route import Route
    from infer_compare.worker.settings import WorkerSettings

LONGEST = 100_000
"""The most characters of a snippet; longer texts of a backend are refused."""


def snippet(route: Route, settings: WorkerSettings, file: str) -> str:
    """Return code for a contender: from its backend, or else code that calls the backend; empty if neither is possible.

    Args:
        route: the contender, and its model.
        settings: of its workers.
        file: the path of the model file in the code.
    """
    spec, entry = route.contender.spec, route.contender.entry
    model = msgspec.structs.replace(route.model, location=file)
    backend_settings = Settings(
        options=read_options(entry.backend, spec.options),
        threads=spec.threads or settings.threads,
        precision=spec.precision,
        instances=spec.instances,
        seed=settings.seed,
        device_memory=settings.device_memory,
    )
    device = Device.parse(spec.device)
    try:
        with guarded(f"asking {entry.name} for code"):
            code = _checked(entry.backend.snippet(model, backend_settings, device))
    except PluginFailed:
        code = None
    if code is None:
        code = "" if spec.file is not None else _through_the_backend(route, backend_settings, device, file)
    if code and spec.instances > 1:
        code = (
            f"# {spec.instances} processes of this run at the same time, each with its own part of the cores.\n{code}"
        )
    return code


def _checked(code: object) -> str | None:
    if code is None or (isinstance(code, str) and len(code) <= LONGEST):
        return code
    raise TypeError(f"{one_line(repr(code))} is no code")


def _through_the_backend(route: Route, settings: Settings, device: Device, file: str) -> str:
    """Return code that calls the methods of the backend, and so needs infer-compare."""
    backend, model = route.contender.entry.backend, route.model
    options = type(settings.options)
    chosen = ", ".join(
        f"{name}={value!r}"
        for name in options.__struct_fields__
        if (value := getattr(settings.options, name)) != getattr(options(), name)
    )
    imports = {backend.__module__: backend.__qualname__}
    lines = ["from infer_compare.backends import Device, ModelSource, Settings"]
    if options.__module__ == backend.__module__:
        imports[backend.__module__] += f", {options.__qualname__}"
    else:
        imports[options.__module__] = options.__qualname__
    lines += [f"from {module} import {names}" for module, names in imports.items()]
    precision = "" if settings.precision is None else f", precision={settings.precision!r}"
    place = "" if device.kind == "cpu" else f", {device.index}"
    lines += [
        "",
        f"options = {options.__qualname__}({chosen})",
        f"settings = Settings(options=options, threads={settings.threads}{precision})",
        f"backend = {backend.__qualname__}(settings)",
        "backend.version()",
        "model = ModelSource(",
        f"    format={model.format!r},",
        f"    location={file!r},",
        f"    name={model.name!r},",
        f"    provenance={model.provenance!r},",
        ")",
        f"session = backend.to_device(backend.load(model), Device({device.kind!r}{place}))",
        "",
        "",
        "def predict(*inputs):",
        "    staged = session.stage(inputs)",
        "    session.run(staged)",
        "    session.synchronize()",
        "    return session.fetch(staged)",
        "",
    ]
    return "\n".join(lines)
