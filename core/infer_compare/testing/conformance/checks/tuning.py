"""Checks of what `infer-compare tune` needs: proposed configurations, and code that runs the fastest one."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from infer_compare.errors import BackendUnusable, DeviceUnavailable, OptionError, UnsupportedModel
from infer_compare.foreign import one_line
from infer_compare.interfaces import Backend, Device, Machine, ModelSource, Settings
from infer_compare.plugins import read_options
from infer_compare.testing.conformance.computing import compute, disagreement
from infer_compare.testing.conformance.jobs import Proposals, ask
from infer_compare.testing.conformance.pasted import outputs_of
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from infer_compare.interfaces import Options
    from infer_compare.testing.conformance.subject import Subject

FLAGS = frozenset(
    {"avx2", "avx512f", "avx512_bf16", "avx512_fp16", "avx512_vnni", "avx_vnni", "amx_bf16", "amx_int8", "bf16", "i8mm"}
)
"""Flags of a processor with all features that backends look for."""
MOST = 100
"""The most configurations that are checked; the list may be endless."""
ROWS = 5


class Configuration(NamedTuple):
    """A configuration that a backend proposes."""

    typed: str
    own: Mapping[str, str]
    """Options of the backend as texts."""
    options: Options
    precision: str | None


@check("options", dynamic=False)
def check_candidates_are_accepted(subject: Subject) -> None:
    """What `candidates` lists are options that the backend takes, and precisions that it declares, as texts."""
    for machine in _machines(subject):
        for given in _listed(subject, machine):
            _read(subject, given)


@check("options", dynamic=False)
def check_candidates_differ(subject: Subject) -> None:
    """No configuration that `candidates` lists is another one of the list, nor the one without any option."""
    for machine in _machines(subject):
        seen = {_key(_plain(subject)): "the backend without any option, which is tried in any case"}
        for configuration in _configurations(subject, machine):
            key = _key(configuration)
            if key in seen:
                raise Violation(
                    f"`candidates` lists {configuration.typed}, which is the same as {seen[key]}; leave it out."
                )
            seen[key] = configuration.typed


@check("options", dynamic=False)
def check_proposing_loads_no_framework(subject: Subject) -> None:
    """`candidates` and `snippet` import nothing of what the backend requires."""
    if not subject.backend.requires:
        raise NotApplicable("the backend requires no module")
    if not (_overrides(subject, "candidates") or _overrides(subject, "snippet")):
        raise NotApplicable("the backend proposes no configuration, and writes no code")
    proposals = ask(subject.job("proposals"), Proposals)
    for method, modules in (("candidates", proposals.listing), ("snippet", proposals.writing)):
        if modules:
            raise Violation(
                f"`{method}` imports {', '.join(modules)}; it is called in the user's own process, so it must do without."
            )


@check("options", dynamic=False)
def check_snippets_can_be_pasted(subject: Subject) -> None:
    """The code of `snippet` compiles, reads the model's file and defines `predict`; for native formats it needs no infer-compare."""
    _need_snippet(subject)
    seen = False
    for name in subject.formats:
        source = ModelSource(format=name, location=f"the-model.{name}", name="the-model")
        for machine in _machines(subject):
            for configuration in (_plain(subject), *_configurations(subject, machine)):
                code = _code(subject, source, configuration, Device(machine.device_kinds[0]))
                if code is not None:
                    seen = True
                    native = name in subject.backend.capabilities.formats
                    _look_at(code, source, configuration, banned=_own_packages(subject) if native else ())
    if not seen:
        raise NotApplicable("there is no code for a file of any format that is declared")


@check("options", slow=True)
def check_snippets_compute_the_same(subject: Subject) -> None:
    """In a fresh process `predict` gives the outputs of the session, for each configuration that `candidates` lists."""
    _need_snippet(subject)
    example, seen = subject.simplest, False
    batch = example.batch(ROWS)
    for configuration in (_plain(subject), *_configurations(subject, Machine(device_kinds=(subject.device.kind,)))):
        try:
            session, source = subject.written(example, configuration.own, configuration.precision)
            with session:
                code = _code(subject, source, configuration, subject.device)
                if code is None:
                    continue
                expected = compute(session, batch)
                native = source.format in subject.backend.capabilities.formats
                outputs = outputs_of(code, batch, subject.folder, alone=native)
                reason = disagreement(session, example, outputs, expected)
        except (UnsupportedModel, DeviceUnavailable, BackendUnusable):
            continue
        seen = True
        if reason:
            raise Violation(
                f"The code of `snippet` for {configuration.typed} does not compute what the session does: {reason}."
            )
    if not seen:
        raise NotApplicable(f"there is no code for the model {example.name}")


def _machines(subject: Subject) -> Iterator[Machine]:
    """Yield machines that differ in all properties that a backend may use."""
    for kind in subject.backend.capabilities.device_kinds:
        yield Machine(device_kinds=(kind,))
        yield Machine(cpu_flags=FLAGS, physical_cores=16, device_kinds=(kind,))


def _listed(subject: Subject, machine: Machine) -> list[Any]:
    return list(islice(subject.backend.candidates(machine), MOST))


def _configurations(subject: Subject, machine: Machine) -> Iterator[Configuration]:
    """Yield the configurations proposed for a machine, without those that `check_candidates_are_accepted` rejects."""
    for given in _listed(subject, machine):
        try:
            yield _read(subject, given)
        except Violation:
            continue


def _read(subject: Subject, given: Any) -> Configuration:  # noqa: ANN401 - a third party's may be anything
    if not isinstance(given, Mapping) or not all(isinstance(word, str) for pair in given.items() for word in pair):
        raise Violation(
            f"`candidates` lists {one_line(repr(given))}; list mappings of texts to texts, such as {{'precision': 'int8'}}."
        )
    typed = ",".join(f"{name}={value}" for name, value in given.items())
    precision, declared = given.get("precision"), subject.backend.capabilities.precisions
    if precision is not None and precision not in declared:
        raise Violation(
            f"`candidates` lists {typed}, and `Capabilities.precisions` declares only {', '.join(declared)}; add the "
            "precision there, or leave the configuration out."
        )
    subject.need_whole()
    own = {name: value for name, value in given.items() if name != "precision"}
    try:
        options = read_options(subject.backend, own)
        subject.backend(Settings(options=options, threads=1, precision=precision))
    except OptionError as error:
        raise Violation(f"`candidates` lists {typed}, which the backend refuses: {error}") from error
    return Configuration(typed, own, options, precision)


def _plain(subject: Subject) -> Configuration:
    return Configuration("the backend without any option", {}, subject.backend.options(), None)


def _key(configuration: Configuration) -> tuple[bytes, str | None]:
    return msgspec.json.encode(configuration.options, order="deterministic"), configuration.precision


def _overrides(subject: Subject, method: str) -> bool:
    implementation: Any = getattr(subject.backend, method)
    return getattr(implementation, "__func__", implementation) is not getattr(Backend, method).__func__


def _need_snippet(subject: Subject) -> None:
    if not _overrides(subject, "snippet"):
        raise NotApplicable("the backend writes no code")


def _code(subject: Subject, source: ModelSource, configuration: Configuration, device: Device) -> str | None:
    settings = Settings(options=configuration.options, threads=1, precision=configuration.precision)
    code: Any = subject.backend.snippet(source, settings, device)
    if code is not None and not isinstance(code, str):
        raise Violation(f"`snippet` returned {one_line(repr(code))}; return code as a text, or None.")
    return code


def _own_packages(subject: Subject) -> tuple[str, ...]:
    return ("infer_compare", subject.backend.__module__.partition(".")[0])


def _look_at(code: str, source: ModelSource, configuration: Configuration, *, banned: Collection[str]) -> None:
    """Raise `Violation` if the code does not compile, defines no `predict`, ignores the model file or imports banned modules."""
    where = f"The code of `snippet` for {configuration.typed} and a file of the format {source.format}"
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        raise Violation(f"{where} does not compile: {error}.") from error
    if not any(isinstance(node, ast.FunctionDef) and node.name == "predict" for node in tree.body):
        raise Violation(f"{where} defines no function `predict` at its top level.")
    if source.location not in code:
        raise Violation(f"{where} does not read the file that `model.location` names.")
    for module in _imported(tree):
        if module.partition(".")[0] in banned:
            raise Violation(
                f"{where} imports {module}; write code that needs the framework alone, or return None: then the code that "
                "calls the steps of the backend is shown."
            )


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
