"""Checks that need no framework: name, requirements, signatures, and that nothing heavy is imported."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from infer_compare.interfaces import API_VERSION, Backend, Capabilities, Session
from infer_compare.testing.conformance.registry import check
from infer_compare.testing.conformance.violation import NotApplicable, Violation

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.testing.conformance.subject import Subject

POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@check("identity", dynamic=False)
def check_name_is_an_identifier(subject: Subject) -> None:
    """The name is a lower-case identifier, and so are its aliases."""
    backend: Any = subject.backend  # a third party's may hold anything
    name, aliases = getattr(backend, "name", None), backend.aliases
    if not _word(name):
        raise Violation(f"`name` is {name!r}; make it a lower-case identifier, as people type it.")
    if not isinstance(aliases, tuple) or not all(map(_word, aliases)):
        raise Violation(f"`aliases` is {aliases!r}; make it a tuple of lower-case identifiers.")


@check("identity", dynamic=False)
def check_requirements_are_top_level_modules(subject: Subject) -> None:
    """`requires` holds names of top-level modules, and a command says how to install them."""
    backend: Any = subject.backend  # a third party's may hold anything
    if not isinstance(backend.requires, tuple):
        raise Violation(f"`requires` is {backend.requires!r}; make it a tuple of module names.")
    for module in backend.requires:
        if not isinstance(module, str) or not module.isidentifier():
            raise Violation(
                f"`requires` names {module!r}; name the top-level module, such as `torch`, since a submodule cannot be "
                "looked for without importing its parent."
            )
    if backend.requires and not backend.install_hint:
        raise Violation("`install_hint` is empty; give the command that installs what the backend requires.")


@check("identity", dynamic=False)
def check_api_version_is_spoken(subject: Subject) -> None:
    """The class was written for this version of the interface."""
    version = subject.backend.api_version
    if version != API_VERSION:
        raise Violation(
            f"`api_version` is {version!r}, and this infer-compare speaks version {API_VERSION}; a class of another "
            "version is refused: see the documentation's page on public modules for what changed."
        )


@check("identity", dynamic=False)
def check_nothing_is_abstract(subject: Subject) -> None:
    """Every method that has no default is there."""
    left = sorted(getattr(subject.backend, "__abstractmethods__", ()))
    if left:
        raise Violation(f"{subject.backend.__qualname__} does not implement {', '.join(left)}.")


@check("identity", dynamic=False)
def check_signatures_match(subject: Subject) -> None:
    """The backend's methods take what the interface says."""
    _compare(subject.backend, Backend)


@check("identity", dynamic=True)
def check_session_signatures_match(subject: Subject) -> None:
    """The session's methods take what the interface says."""
    with subject.session(subject.simplest) as session:
        if not isinstance(session, Session):
            raise Violation(
                f"`to_device` returned {type(session).__qualname__}, which is no infer_compare.backends.Session."
            )
        _compare(type(session), Session)


@check("identity", dynamic=False)
def check_capabilities_are_declared(subject: Subject) -> None:
    """`capabilities` says which formats the backend loads and on which kinds of device it runs."""
    capabilities = getattr(subject.backend, "capabilities", None)
    if not isinstance(capabilities, Capabilities):
        raise Violation(f"`capabilities` is {capabilities!r}; make it an infer_compare.backends.Capabilities.")
    if not (capabilities.formats or capabilities.imports or capabilities.describes):
        raise Violation("`capabilities` names no format; name what `load` takes in `formats` or `imports`.")
    if not capabilities.device_kinds or not all(map(_word, capabilities.device_kinds)):
        raise Violation(f"`device_kinds` is {capabilities.device_kinds!r}; name at least one kind, in lower case.")
    unknown = set(capabilities.asynchronous) - set(capabilities.device_kinds)
    if unknown:
        raise Violation(f"`asynchronous` names {', '.join(sorted(unknown))}, which `device_kinds` does not.")
    if "cpu" in capabilities.asynchronous:
        raise Violation(
            "`asynchronous` names cpu, but calls on the processor are always waited for: batches enqueued ahead would be "
            "computed beyond the thread budget. Leave cpu out."
        )


@check("identity", dynamic=False)
def check_importing_loads_no_framework(subject: Subject) -> None:
    """Importing the plugin imports nothing of what it requires."""
    _need_requirements(subject)
    loaded = subject.loads().importing
    if loaded:
        raise Violation(
            f"Importing the plugin imports {', '.join(loaded)}; import it inside `version`, `devices` or `load`, or in "
            "a separate module."
        )


@check("identity", dynamic=False)
def check_making_loads_no_framework(subject: Subject) -> None:
    """Making a backend object imports nothing of what it requires."""
    _need_requirements(subject)
    loads = subject.loads()
    loaded = [module for module in loads.making if module not in loads.importing]
    if loaded:
        raise Violation(f"`__init__` imports {', '.join(loaded)}; leave that to `version`.")


@check("identity", dynamic=False)
def check_classifying_loads_no_framework(subject: Subject) -> None:
    """`classify` imports nothing of what the backend requires."""
    _need_requirements(subject)
    loads = subject.loads()
    loaded = [module for module in loads.classifying if module not in loads.making]
    if loaded:
        raise Violation(
            f"`classify` imports {', '.join(loaded)}; look at the qualified name of the error's class and at its text."
        )


def _need_requirements(subject: Subject) -> None:
    if not subject.backend.requires:
        raise NotApplicable("the backend requires no module")


def _word(word: object) -> bool:
    return isinstance(word, str) and word.isidentifier() and word == word.lower()


def _compare(cls: type[Any], base: type[Any]) -> None:
    for name, wanted in vars(base).items():
        method = getattr(cls, name, None)
        if name.startswith("_") or not inspect.isfunction(wanted):
            continue
        if not callable(method):
            raise Violation(f"{cls.__qualname__}.{name} is {method!r} in place of a method.")
        _compare_one(f"{cls.__qualname__}.{name}", method, wanted)


def _compare_one(label: str, method: Callable[..., Any], wanted: Callable[..., Any]) -> None:
    asked = list(inspect.signature(wanted).parameters.values())
    given = list(inspect.signature(method).parameters.values())
    if any(parameter.kind is inspect.Parameter.VAR_POSITIONAL for parameter in given):
        return
    takes = [parameter for parameter in given if parameter.kind in POSITIONAL]
    names = ", ".join(parameter.name for parameter in asked[1:]) or "nothing"
    for index, parameter in enumerate(asked):
        if index >= len(takes) or (index and takes[index].name != parameter.name):
            raise Violation(f"{label} takes other arguments than the interface says; it is called with {names}.")
        if parameter.default is not parameter.empty and takes[index].default is parameter.empty:
            raise Violation(f"{label} needs its argument `{parameter.name}`, which has a default in the interface.")
    needed = [parameter.name for parameter in takes[len(asked) :] if parameter.default is parameter.empty]
    needed += [
        parameter.name
        for parameter in given
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
    ]
    if needed:
        raise Violation(f"{label} needs {', '.join(needed)}, which it is never given; it is called with {names}.")
