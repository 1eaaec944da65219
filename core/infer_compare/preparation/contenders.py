"""Finding the contenders of a run: their backends, with checked options and devices."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import msgspec

from infer_compare.environment.threads import default_threads
from infer_compare.errors import OptionError, UsageError
from infer_compare.interfaces import Device, Provenance
from infer_compare.plugins import read_options
from infer_compare.preparation.plan import thread_budget
from infer_compare.preparation.precisions import entry_of, no_precision, own_precision, precisions_of
from infer_compare.preparation.wiring import LAYOUTS, parse_map
from infer_compare.request.contenders import FILE, LATER, ContenderRequest
from infer_compare.request.variants import Axes
from infer_compare.results import ContenderSpec

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Mapping, Sequence

    from infer_compare.plugins import BackendEntry, Plugins
    from infer_compare.request.options import RunOptions

LONGEST_LABEL = 200
ROUTES: tuple[Provenance, ...] = get_args(Provenance)
"""Values of `route`, which demands how the model reaches a contender."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A contender with its backend and checked options."""

    spec: ContenderSpec
    entry: BackendEntry

    asked: str
    """The label of the requested contender, which its variants share."""

    @property
    def label(self) -> str:
        """Unique within the run."""
        return self.spec.label

    def key(self, table: Container[str]) -> str:
        """Return the contender's key in a table with labels and backends as keys; labels take precedence."""
        return next((name for name in (self.label, self.asked) if name in table), self.entry.name)


def find_contenders(
    requests: Sequence[str | ContenderRequest],
    plugins: Plugins,
    *,
    device: str = "cpu",
    axes: Axes | None = None,
    pythons: Mapping[str, str] | None = None,
    models: Mapping[str, str] | None = None,
) -> tuple[Contender, ...]:
    """Return the requested contenders, each with a unique label.

    Args:
        requests: as typed, such as `onnx:graph_optimization=basic@cuda:0`, or parsed.
        plugins: provide the backends.
        device: for contenders that name none.
        axes: the threads, precisions and instances of contenders that name none; the defaults when None.
        pythons: other interpreters, by backend; an interpreter that a contender names takes precedence.
        models: separate models, by label or by backend; labels take precedence.

    Raises:
        UsageError: there is no request, a text, backend, option or device cannot be understood, no contender has a requested
            precision, or two contenders have the same label.
    """
    if not requests:
        raise UsageError("No backend is named; write for example --backends torch,onnx.")
    axes = axes or Axes(default_threads())
    chosen: set[str] = set()
    seen: Counter[str] = Counter()
    contenders: list[Contender] = []
    for request in requests:
        for contender in _variants(request, plugins, device, axes):
            entry, spec = contender.entry, contender.spec
            spec = msgspec.structs.replace(
                spec,
                python=spec.python or (pythons or {}).get(entry.name),
                model=(models or {}).get(contender.key(models or {})),
            )
            seen[spec.label] += 1
            if ContenderRequest.of(request).label is not None:
                chosen.add(spec.label)
            if seen[spec.label] > 1 and spec.label not in chosen:
                # The same contender twice is a comparison with itself, which shows the noise of the machine.
                spec = msgspec.structs.replace(spec, label=f"{spec.label}#{seen[spec.label]}")
            contenders.append(replace(contender, spec=spec))
    labels = Counter(contender.label for contender in contenders)
    for label, times in labels.items():
        if times > 1:
            raise UsageError(f"{times} contenders have the label {label!r}; give each a label of its own.")
    if not contenders:
        raise UsageError(no_precision(requests, plugins, axes.precisions))
    kinds = {kind for contender in contenders for kind in contender.entry.backend.capabilities.device_kinds}
    # A contender whose backend lacks the device is left out later, with a message; if all lack it, that is an error.
    _check_kind("--device", device, kinds, "the contenders run")
    return tuple(contenders)


def _check_kind(where: str, device: str, kinds: Collection[str], who: str) -> None:
    """Check that a device is of one of some kinds; its text is known to be valid.

    Raises:
        UsageError: it is not; the message lists the kinds.
    """
    kind = Device.parse(device).kind
    if kind not in kinds:
        near = difflib.get_close_matches(kind, kinds, 1)
        guess = f"; did you mean {near[0]}?" if near else "."
        raise UsageError(f"{where}: {who} on {' or '.join(sorted(kinds))}, not on {kind!r}{guess}")


def contenders_of(options: RunOptions, plugins: Plugins) -> tuple[Contender, ...]:
    """Return the contenders of a run with their interpreters and separate models.

    Raises:
        UsageError: a contender cannot be understood, or an option names a backend that takes no part.
    """
    named, device = options.taking_part, options.device
    axes = Axes.of(options, thread_budget(options))
    labels = {
        label
        for contender in find_contenders(named, plugins, device=device, axes=axes)
        for label in (contender.label, contender.asked)
    }
    models = {name if name in labels else plugins.find(name).name: text for name, text in options.models.items()}
    contenders = find_contenders(named, plugins, device=device, axes=axes, pythons=options.python, models=models)
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


def _variants(
    given: str | ContenderRequest, plugins: Plugins, default_device: str, axes: Axes
) -> tuple[Contender, ...]:
    text, request = str(given).strip(), ContenderRequest.of(given)
    file, entry = FILE.fullmatch(request.backend), entry_of(request, plugins)
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
    if request.device:
        _check_kind(
            f"In {text!r}", request.device, entry.backend.capabilities.device_kinds, f"the backend {entry.name} runs"
        )
    spec = ContenderSpec(
        label="",
        backend=entry.name,
        options=options,
        device=str(device),
        python=str(Path(request.python).absolute()) if request.python is not None else None,
        file=request.backend if file else None,
        route=next((known for known in ROUTES if known == route), None),
        remote=entry.capabilities.remote,
    )
    asked = _label(entry.name, request, device)
    own = msgspec.structs.replace(request, precision=own_precision(text, request.precision, entry))
    able = precisions_of(entry, axes.precisions)
    if axes.precisions and not able and own.precision is None:
        return ()
    return tuple(
        Contender(
            msgspec.structs.replace(
                spec,
                label=_label(entry.name, request, device, variant.words),
                threads=variant.threads,
                precision=variant.precision,
                instances=variant.instances,
            ),
            entry,
            asked,
        )
        for variant in axes.variants(own, able)
    )


def _with_own_options(request: ContenderRequest, entry: BackendEntry) -> ContenderRequest:
    """Return the request with keys moved to the backend's options that are the backend's: core took these names later."""
    fields = entry.backend.options.__struct_fields__
    moved = {key: value for key, value in request.keys.items() if key in LATER and key in fields}
    if not moved:
        return request
    return msgspec.structs.replace(request, options={**moved, **request.options}, **dict.fromkeys(moved))


def _label(name: str, request: ContenderRequest, device: Device, words: Mapping[str, str] | None = None) -> str:
    """Return the label of a contender: the requested one, or the request as typed; with the `words` that name its variant."""
    variant, at = words or {}, f"@{device}" if request.device else ""
    if request.label is not None:
        return request.label + _listed(variant)
    typed = {**request.texts, **request.keys, **variant}
    typed.pop("python", None)
    return name + _listed(typed) + at


def _listed(words: Mapping[str, str]) -> str:
    return ":" + ",".join(f"{key}={value}" for key, value in words.items()) if words else ""
