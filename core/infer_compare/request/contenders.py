"""Contenders as they are typed, and as they are resolved."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from infer_compare.errors import OptionError, UsageError
from infer_compare.interfaces import Device, Provenance
from infer_compare.plugins import read_options
from infer_compare.results import ContenderSpec

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from infer_compare.plugins import BackendEntry, Plugins

LONGEST_LABEL = 200
ROUTES: tuple[Provenance, ...] = get_args(Provenance)
"""What `route` can be: how a model has to reach a contender."""

_FILE = re.compile(r"(?P<path>.+\.py):(?P<name>[A-Za-z_]\w*)(?::(?P<options>.*))?")
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
"""A comma outside of quotation marks."""
_DEVICE = re.compile(r"(?P<head>.+)@(?P<device>[a-z]\w*(?::\d+)?)")


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


def parse_contenders(
    texts: Sequence[str],
    plugins: Plugins,
    *,
    device: str = "cpu",
    pythons: Mapping[str, str] | None = None,
    models: Mapping[str, str] | None = None,
) -> tuple[Contender, ...]:
    """The contenders that texts such as `onnx:graph_optimization=basic@cuda:0` name.

    Args:
        texts: `NAME` or `FILE.py:Class`, then `:key=value,...`, then `@DEVICE`; the key `label` names it, and
            the key `route` says how the model has to reach it.
        plugins: where the backends are found.
        device: for contenders that name none.
        pythons: other interpreters, by backend.
        models: models of their own, by label or by backend; the label counts more.

    Raises:
        UsageError: there is none, or a text, backend, option or device cannot be understood.
    """
    if not texts:
        raise UsageError("No backend was named; say for example --backends torch,onnx.")
    contenders = [_with(_parse(text.strip(), plugins, device), pythons or {}, models or {}) for text in texts]
    seen: Counter[str] = Counter()
    unique: list[Contender] = []
    for one in contenders:
        seen[one.label] += 1
        if seen[one.label] == 1:
            unique.append(one)
            continue
        # The same contender twice is a comparison with itself, which shows what the machine's noise does.
        import msgspec

        spec = msgspec.structs.replace(one.spec, label=f"{one.label}#{seen[one.label]}")
        unique.append(Contender(spec, one.entry))
    return tuple(unique)


def _with(one: Contender, pythons: Mapping[str, str], models: Mapping[str, str]) -> Contender:
    """The contender with the interpreter that was named for its backend, and the model for it or for its backend."""
    python, model = pythons.get(one.entry.name), models.get(one.key(models))
    if python is None and model is None:
        return one
    import msgspec

    return Contender(msgspec.structs.replace(one.spec, python=python, model=model), one.entry)


def _parse(text: str, plugins: Plugins, default_device: str) -> Contender:
    if not text:
        raise UsageError("An empty backend name was given; say for example --backends torch,onnx.")
    file, name, option_text, device = _parts(text)
    entry = plugins.add_file(Path(file["path"]), file["name"]) if file else plugins.find(name)
    options = _options(text, option_text)
    label = options.pop("label", None)
    if label is not None and not (label.isprintable() and len(label) <= LONGEST_LABEL):
        raise OptionError(f"In {text!r}: a label has at most {LONGEST_LABEL} characters, all of which can be printed.")
    words = dict(options)
    route = options.pop("route", None)
    if route is not None and route not in ROUTES:
        raise OptionError(f"In {text!r}: route={route} is unknown; a route is one of {', '.join(ROUTES)}.")
    read_options(entry.backend, options)
    try:
        where = Device.parse(device or default_device)
    except ValueError as error:
        raise UsageError(f"In {text!r}: {error}.") from error
    spec = ContenderSpec(
        label=label or _label(entry.name, words, device and str(where)),
        backend=entry.name,
        options=options,
        device=str(where),
        file=f"{file['path']}:{file['name']}" if file else None,
        route=route,
    )
    return Contender(spec, entry)


def given_label(text: str) -> str | None:
    """Return the label that a contender's text gives it with `label=`; None where it gives none, or cannot be read."""
    try:
        return _options(text, _parts(text)[2]).get("label")
    except OptionError:
        return None


def _parts(text: str) -> tuple[re.Match[str] | None, str, str, str | None]:
    """The file and class where there are some, the name, the text of the options, and the device."""
    match = _DEVICE.fullmatch(text)
    head, device = (match["head"], match["device"]) if match else (text, None)
    file = _FILE.fullmatch(head)
    if file:
        return file, file["name"], file["options"] or "", device
    name, _, options = head.partition(":")
    return None, name, options, device


def typed(spec: ContenderSpec) -> str:
    """The text that names a contender: `parse_contenders` makes the same of it again."""
    # A label of its own making may hold the commas of several options.
    label = f'"{spec.label}"' if "," in spec.label else spec.label
    words = {**spec.options, **({"route": spec.route} if spec.route is not None else {}), "label": label}
    options = ",".join(f"{key}={value}" for key, value in words.items())
    return f"{spec.file or spec.backend}:{options}@{spec.device}"


def _options(text: str, options: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in _COMMA.split(options))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise OptionError(f"In {text!r}: {part!r} is not an option; write key=value.")
        if key.strip() in found:
            raise OptionError(f"In {text!r}: the option {key.strip()!r} is given twice.")
        found[key.strip()] = value.strip().strip('"')
    return found


def _label(name: str, options: dict[str, str], device: str | None) -> str:
    text = ",".join(f"{key}={value}" for key, value in options.items())
    return name + (f":{text}" if text else "") + (f"@{device}" if device else "")
