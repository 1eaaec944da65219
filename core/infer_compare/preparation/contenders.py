"""The contenders of a run, found: their backends, with options and devices checked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec

from infer_compare.errors import OptionError, UsageError
from infer_compare.interfaces import Device, Provenance
from infer_compare.models.precision import ALIASES
from infer_compare.plugins import read_options
from infer_compare.preparation.wiring import LAYOUTS, parse_map
from infer_compare.request.contenders import FILE, LATER, ContenderRequest
from infer_compare.results import ContenderSpec

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from infer_compare.plugins import BackendEntry, Plugins
    from infer_compare.request.options import RunOptions

LONGEST_LABEL = 200
ROUTES: tuple[Provenance, ...] = get_args(Provenance)
"""What `route` can be: how a model has to reach a contender."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A contender with its backend found and its options checked."""

    spec: ContenderSpec
    entry: BackendEntry

    @property
    def label(self) -> str:
        """Unique within the run."""
        return self.spec.label

    def key(self, table: Container[str]) -> str:
        """Return what the contender is called in a table whose keys are labels and backends: its label counts more."""
        return self.label if self.label in table else self.entry.name


def find_contenders(
    requests: Sequence[str | ContenderRequest],
    plugins: Plugins,
    *,
    device: str = "cpu",
    pythons: Mapping[str, str] | None = None,
    models: Mapping[str, str] | None = None,
) -> tuple[Contender, ...]:
    """Return the contenders that are asked for, each under a label of its own.

    Args:
        requests: as typed, such as `onnx:graph_optimization=basic@cuda:0`, or in parts.
        plugins: where the backends are found.
        device: for contenders that name none.
        pythons: other interpreters, by backend; that of a contender itself counts more.
        models: models of their own, by label or by backend; the label counts more.

    Raises:
        UsageError: there is none, or a text, backend, option or device cannot be understood.
    """
    if not requests:
        raise UsageError("No backend is named; write for example --backends torch,onnx.")
    seen: Counter[str] = Counter()
    contenders: list[Contender] = []
    for request in requests:
        contender = _found(request, plugins, device)
        entry, spec = contender.entry, contender.spec
        spec = msgspec.structs.replace(
            spec,
            python=spec.python or (pythons or {}).get(entry.name),
            model=(models or {}).get(contender.key(models or {})),
        )
        seen[spec.label] += 1
        if seen[spec.label] > 1:
            # The same contender twice is a comparison with itself, which shows what the machine's noise does.
            spec = msgspec.structs.replace(spec, label=f"{spec.label}#{seen[spec.label]}")
        contenders.append(Contender(spec, entry))
    return tuple(contenders)


def contenders_of(options: RunOptions, plugins: Plugins) -> tuple[Contender, ...]:
    """Return the contenders of a run with their own interpreters and models.

    Raises:
        UsageError: one of them cannot be understood, or an option names a backend that takes no part.
    """
    named, device = options.taking_part, options.device
    labels = {contender.label for contender in find_contenders(named, plugins, device=device)}
    models = {name if name in labels else plugins.find(name).name: text for name, text in options.models.items()}
    contenders = find_contenders(named, plugins, device=device, pythons=options.python, models=models)
    backends = {contender.entry.name for contender in contenders}
    for option, names in (("--python", options.python), ("--model", models), ("--layout", options.layout)):
        for name in names:
            if name not in backends and (option == "--python" or name not in labels):
                raise UsageError(
                    f"{option} names {name!r}, which is not in this run; its backends are {', '.join(sorted(backends))}."
                )
    for name, layout in options.layout.items():
        if layout not in LAYOUTS:
            raise UsageError(f"--layout {name}={layout} is unknown; write one of {', '.join(LAYOUTS)}.")
        if name not in models:
            raise UsageError(
                f"--layout {name}={layout} needs a separate model for {name}; give one with --model {name}=FILE."
            )
    parse_map(options.input_map, "--input-map", tuple(models))
    parse_map(options.output_map, "--output-map", tuple(models))
    return contenders


def _found(given: str | ContenderRequest, plugins: Plugins, default_device: str) -> Contender:
    text, request = str(given).strip(), ContenderRequest.of(given)
    file = FILE.fullmatch(request.backend)
    entry = plugins.add_file(Path(file["path"]), file["name"]) if file else plugins.find(request.backend)
    request = _with_own_options(request, entry)
    label, route, options = request.label, request.route, request.texts
    if label is not None and not (label.isprintable() and len(label) <= LONGEST_LABEL):
        raise OptionError(f"In {text!r}: a label has at most {LONGEST_LABEL} printable characters.")
    if route is not None and route not in ROUTES:
        raise OptionError(f"In {text!r}: route={route} is unknown; write one of {', '.join(ROUTES)}.")
    read_options(entry.backend, options)
    try:
        device = Device.parse(request.device or default_device)
    except ValueError as error:
        raise UsageError(f"In {text!r}: {error}.") from error
    spec = ContenderSpec(
        label=label or _label(entry.name, request, device),
        backend=entry.name,
        options=options,
        device=str(device),
        python=str(Path(request.python).absolute()) if request.python is not None else None,
        file=request.backend if file else None,
        route=next((known for known in ROUTES if known == route), None),
        threads=request.threads,
        precision=_precision(text, request.precision, entry),
        instances=request.instances or 1,
    )
    return Contender(spec, entry)


def _with_own_options(request: ContenderRequest, entry: BackendEntry) -> ContenderRequest:
    """Return the request with the backend's own options where it has some whose names are the core's by now."""
    fields = entry.backend.options.__struct_fields__
    own = {key: value for key, value in request.keys.items() if key in LATER and key in fields}
    return (
        msgspec.structs.replace(request, options={**own, **request.options}, **dict.fromkeys(own)) if own else request
    )


def _precision(text: str, asked: str | None, entry: BackendEntry) -> str | None:
    """Return the precision that is asked for, under its usual name."""
    if asked is None:
        return None
    name, known = ALIASES.get(asked.lower(), asked.lower()), entry.capabilities.precisions
    if name not in known:
        raise OptionError(f"In {text!r}: {entry.name} cannot compute in {asked!r}; write one of {', '.join(known)}.")
    return name


def _label(name: str, request: ContenderRequest, device: Device) -> str:
    """What a contender is called that was given no label: what was typed of it."""
    words = {**request.texts, **request.keys}
    words.pop("python", None)
    text = ",".join(f"{key}={value}" for key, value in words.items())
    return name + (f":{text}" if text else "") + (f"@{device}" if request.device else "")
