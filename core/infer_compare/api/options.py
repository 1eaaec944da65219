"""Everything that a run can be asked for, typed: what the command line, a configuration file and Python share."""

from __future__ import annotations

import difflib
import math
import re
from typing import TYPE_CHECKING, Annotated, Any, get_args

import msgspec

from infer_compare import limits
from infer_compare.errors import UsageError
from infer_compare.preparation.resume import request_of
from infer_compare.request.sizes import parse_batch_sizes
from infer_compare.request.sweep_request import Mode, SweepRequest
from infer_compare.request.units import checked_duration, checked_size, parse_duration, parse_size
from infer_compare.results import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infer_compare.results import Header

DEFAULT_BACKENDS = ("torch", "onnx")
DEFAULT_MODEL = "cnn"
TABLES = ("models", "python", "layout")
"""Options that say something of single backends: two of them are joined, backend by backend."""

Positive = Annotated[int, msgspec.Meta(ge=1)]
Repetitions = Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_REPETITIONS)]
Duration = str | float
"""A text with a unit, such as `20ms`; or seconds."""
Size = str | int
"""A text with a unit, such as `4GiB`; or bytes."""


class ContenderTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contender in parts, in the place of a text such as `torch:compile=true@cuda:0`."""

    backend: str
    """A name, or `FILE.py:Class`."""
    options: dict[str, str | int | float | bool] = {}
    device: str | None = None
    label: str | None = None
    route: str | None = None
    """How the model has to reach it: `native`, `exported` or `imported`."""

    def __str__(self) -> str:
        """As it would be typed after `-b`."""
        words = {key: _typed(value) for key, value in self.options.items()}
        if self.route is not None:
            words["route"] = self.route
        if self.label is not None:
            words["label"] = self.label
        parts = [f'{key}="{value}"' if "," in value else f"{key}={value}" for key, value in words.items()]
        return self.backend + (f":{','.join(parts)}" if parts else "") + (f"@{self.device}" if self.device else "")


class RunOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run is asked for. What is None was not said; its default is the command line's."""

    model: str | None = None
    """A built-in name, a file, or `package.module:function`."""
    models: dict[str, str] | None = None
    """Other models for single contenders, by label, or for backends, by name."""
    backends: str | tuple[str, ...] | None = None
    """Names; a text separates them by commas."""
    contenders: tuple[str | ContenderTable, ...] | None = None
    device: str | None = None
    batch_sizes: str | Positive | tuple[Positive, ...] | None = None
    """A text such as `1:1024:x2` or `auto`, or sizes."""
    inputs: tuple[str, ...] | None = None
    data: str | None = None
    scope: Scope | None = None
    threads: Annotated[int, msgspec.Meta(ge=1, le=limits.MOST_THREADS)] | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, le=limits.LARGEST_SEED)] | None = None
    mode: Mode | None = None
    restarts: Repetitions | None = None
    """Instead of the mode's own number."""
    rounds: Repetitions | None = None
    """Of each restart, instead of the mode's own number."""
    budget: Duration | None = None
    latency_bound: Duration | None = None
    percentile: Annotated[float, msgspec.Meta(ge=50, le=99.9)] | None = None
    rtol: Annotated[float, msgspec.Meta(ge=limits.SMALLEST_TOLERANCE, le=limits.LARGEST_TOLERANCE)] | None = None
    max_memory: Size | None = None
    max_device_memory: Size | None = None
    backstop: bool | None = None
    find_limit: bool | None = None
    timeout: Duration | None = None
    python: dict[str, str] | None = None
    """Other interpreters, by backend."""
    convert: bool | None = None
    trust: bool | None = None
    layout: dict[str, str] | None = None
    """Of images, by backend with a model of its own."""
    input_map: tuple[str, ...] | dict[str, dict[str, str]] | None = None
    """`BACKEND:OWN=RUN` texts, or tables by backend."""
    output_map: tuple[str, ...] | dict[str, dict[str, str]] | None = None
    price: str | None = None
    """What the machine costs, such as `1.20/h`."""
    reports: tuple[str, ...] | None = None
    """Formats of the reports that are left in the run folder."""

    def over(self, base: RunOptions) -> RunOptions:
        """These options, and where they say nothing those of another."""
        said = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        for name in TABLES:
            if name in said:
                said[name] = {**(getattr(base, name) or {}), **said[name]}
        if "backends" in said or "contenders" in said:
            # Together they say who takes part.
            base = msgspec.structs.replace(base, backends=None, contenders=None)
        if "mode" in said or "budget" in said:
            # Either says how often to repeat.
            base = msgspec.structs.replace(base, restarts=None, rounds=None)
        return msgspec.structs.replace(base, **said)

    def request(self, command: tuple[str, ...] = ()) -> SweepRequest:
        """What the engine is asked to do.

        Args:
            command: as it was typed.

        Raises:
            UsageError: a batch size, duration or size cannot be understood.
        """
        own = self.models or {}
        bound_s = _seconds(self.latency_bound)
        given: dict[str, Any] = {
            "device": self.device,
            "scope": self.scope,
            "threads": self.threads,
            "seed": self.seed,
            "mode": self.mode,
            "restarts": self.restarts,
            "rounds": self.rounds,
            "budget_s": _seconds(self.budget),
            "timeout_s": _seconds(self.timeout),
            "max_memory": _bytes(self.max_memory),
            "max_device_memory": _bytes(self.max_device_memory),
            "backstop": self.backstop,
            "find_limit": self.find_limit,
            "latency_bound_ns": None if bound_s is None else round(bound_s * 1e9),
            "percentile": self.percentile,
            "inputs": self.inputs,
            "rtol": self.rtol,
            "pythons": self.python,
            "convert": self.convert,
            "trust": self.trust,
            "layouts": self.layout,
            "input_map": _flat(self.input_map),
            "output_map": _flat(self.output_map),
            "data": self.data,
        }
        if self.model == "":
            # As of `run "$MODEL"` with a variable that is not set: not to be taken for the default.
            raise UsageError("The model is empty; name a file or one of `infer-compare models`.")
        return SweepRequest(
            model=self.model or next(iter(own.values()), DEFAULT_MODEL),
            models=own,
            contenders=self._named(),
            batch_sizes=_sizes(self.batch_sizes),
            command=command,
            **{name: value for name, value in given.items() if value is not None},
        )

    def _named(self) -> tuple[str, ...]:
        contenders = tuple(map(str, self.contenders or ()))
        names: Iterable[str] = self.backends or ()
        if self.backends is None and self.contenders is None:
            names = DEFAULT_BACKENDS
        elif isinstance(self.backends, str):
            names = self.backends.split(",")
        return (*names, *contenders)


def stored_options(header: Header) -> RunOptions:
    """What the run of a header was asked for: asking for it again gives the same plan."""
    request = request_of(header)
    bound = request.latency_bound_ns
    return RunOptions(
        model=request.model,
        models=dict(request.models),
        contenders=request.contenders,
        batch_sizes="auto" if request.batch_sizes is None else request.batch_sizes,
        inputs=request.inputs,
        data=request.data,
        scope=request.scope,
        threads=request.threads,
        seed=request.seed,
        mode=request.mode,
        restarts=request.restarts,
        rounds=request.rounds,
        budget=request.budget_s,
        latency_bound=None if bound is None else bound / 1e9,
        percentile=request.percentile,
        rtol=request.rtol,
        # Else it is chosen again, and said to be.
        max_memory=request.max_memory if header.plan.max_memory_given else None,
        max_device_memory=request.max_device_memory,
        backstop=request.backstop,
        find_limit=request.find_limit,
        timeout=request.timeout_s,
        python=dict(request.pythons),
        convert=request.convert,
        trust=request.trust,
        layout=dict(request.layouts),
        input_map=request.input_map,
        output_map=request.output_map,
    )


def options_from(given: Mapping[str, Any], where: str) -> RunOptions:
    """Options from plain values by name, checked.

    Args:
        given: the values; None says nothing.
        where: what sentences about them begin with, such as the name of a file.

    Raises:
        UsageError: there is no such option, and the nearest is named; or a value is of another type.
    """
    known = RunOptions.__struct_fields__
    for name in given:
        if name not in known:
            raise UsageError(f"{where}: there is no option {name!r}{_hint(name, known)}.")
    check_integers(given, where)
    contenders = given.get("contenders")
    for place, one in enumerate(contenders if isinstance(contenders, (list, tuple)) else ()):
        if isinstance(one, dict):
            _check_contender(one, f"{where}: contender {place + 1}")
    try:
        return msgspec.convert({name: value for name, value in given.items() if value is not None}, RunOptions)
    except msgspec.ValidationError as error:
        raise UsageError(f"{where}: {_sentence(str(error))}.") from error


def check_integers(value: object, where: str, name: str = "") -> None:
    """Raise `UsageError` for an integer that no record could hold, wherever in the values it stands."""
    if isinstance(value, int) and abs(value) > limits.LARGEST_INTEGER:
        raise UsageError(f"{where}: {name} does not fit: it has a number of more than 19 digits.")
    parts = (
        value.items()
        if isinstance(value, dict)
        else ((name, one) for one in value)
        if isinstance(value, (list, tuple))
        else ()
    )
    for key, part in parts:
        check_integers(part, where, name or str(key))


def _check_contender(table: dict[str, Any], where: str) -> None:
    known = ContenderTable.__struct_fields__
    for name in table:
        if name not in known:
            raise UsageError(f"{where} has an unknown key {name!r}{_hint(name, known)}.")


def _hint(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(names)}"


CHOICES = {"mode": get_args(Mode), "scope": get_args(Scope)}


def _sentence(text: str) -> str:
    """What msgspec says of a value, as a clause about the option."""
    match = re.fullmatch(r"(?P<what>.*?)(?: - at `\$\.?(?P<where>.*?)`)?", text, re.DOTALL)
    assert match is not None
    what, name = match["what"], match["where"] or ""
    if name in CHOICES:
        return f"{name} is one of {', '.join(CHOICES[name])}"
    what = what[:1].lower() + what[1:].replace(" | null", "").replace("array", "list").replace("object", "table")
    return f"{name.replace('[...]', '')} does not fit: {what}" if name else what


def _sizes(value: str | int | tuple[int, ...] | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else ",".join(map(str, (value,) if isinstance(value, int) else value))
    return parse_batch_sizes(text)


def _seconds(value: Duration | None) -> float | None:
    if value is None:
        return None
    if isinstance(value, str):
        return parse_duration(value)
    if not 0 < value < math.inf:
        raise UsageError(f"A duration of {value:g} s cannot be; give seconds above zero, or a text such as '20ms'.")
    return checked_duration(float(value), f"{value:g} s")


def _bytes(value: Size | None) -> int | None:
    if isinstance(value, str):
        return parse_size(value)
    if value is not None and value <= 0:
        raise UsageError(f"A size of {value} bytes cannot be; give bytes above zero, or a text such as '4GiB'.")
    if value is not None:
        checked_size(value, f"{value} B")
    return value


def _flat(value: tuple[str, ...] | dict[str, dict[str, str]] | None) -> tuple[str, ...] | None:
    if not isinstance(value, dict):
        return value
    return tuple(f"{backend}:{own}={run}" for backend, pairs in value.items() for own, run in pairs.items())


def _typed(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
