"""Differences between a stored run and the same run as it would be made now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import msgspec

    from infer_compare.results import Header

DIGITS = 12
"""Characters of a hash that messages show, as in reports."""
MISSING = "not installed"
OF_THE_MOMENT = frozenset({"max_memory", "expected_s"})
"""Fields of a plan that depend on the present state of the machine."""
OF_FILES = frozenset({"data_sha256", "data_rows", "model_sha256"})
"""Fields about the content of a file, which have separate messages."""


def changed_files(then: Header, now: Header) -> Iterator[str]:
    """Yield a clause on each model and data set whose content has changed since a stored run.

    Args:
        then: of the stored run.
        now: of the same options, resolved now.
    """
    if then.model.source == now.model.source and then.model.sha256 != now.model.sha256:
        yield f"the model {then.model.source} has changed ({_hashes(then.model.sha256, now.model.sha256)})"
    before = {contender.label: contender for contender in then.contenders}
    for new in now.contenders:
        old = before.get(new.label)
        if old is not None and old.model == new.model and old.model_sha256 != new.model_sha256:
            hashes = _hashes(old.model_sha256, new.model_sha256)
            yield f"the model {old.model} of {old.label} has changed ({hashes})"
    if then.options.data == now.options.data and then.plan.data_sha256 != now.plan.data_sha256:
        hashes = _hashes(then.plan.data_sha256, now.plan.data_sha256)
        yield f"the data set {then.options.data} has changed ({hashes})"


def differences(then: Header, now: Header) -> Iterator[str]:
    """Yield a clause on each difference in options, plan, contenders, versions and machine since a stored run.

    Args:
        then: of the stored run.
        now: of the same options, resolved now.
    """
    yield from changed_files(then, now)
    yield from _fields(then.repeated, now.repeated)
    yield from _fields(then.plan, now.plan, without=OF_THE_MOMENT | OF_FILES)
    for old, new in zip(then.contenders, now.contenders, strict=False):
        yield from _fields(old, new, of=f" of {old.label}", without=OF_FILES | {"packages"})
    yield from _packages(then, now)
    was, has = then.environment, now.environment
    yield from _difference("Python", was.python, has.python)
    yield from _difference("the processor", was.cpu, has.cpu)
    yield from _difference("the number of usable cores", was.usable_cores, has.usable_cores)


def _packages(then: Header, now: Header) -> Iterator[str]:
    was, has = dict(then.environment.packages), dict(now.environment.packages)
    for old, new in zip(then.contenders, now.contenders, strict=False):
        # A contender that cannot run has no packages; another message says why it cannot.
        if old.packages and new.packages:
            where = "" if new.python is None else f" for {new.label}"
            was |= {name + where: version for name, version in old.packages.items()}
            has |= {name + where: version for name, version in new.packages.items()}
    for name in sorted({*was, *has}):
        yield from _difference(name, was.get(name, MISSING), has.get(name, MISSING))


def _fields(then: msgspec.Struct, now: msgspec.Struct, *, of: str = "", without: Collection[str] = ()) -> Iterator[str]:
    for name in then.__struct_fields__:
        if name not in without:
            yield from _difference(f"{name.replace('_', ' ')}{of}", getattr(then, name), getattr(now, name))


def _difference(name: str, was: object, now: object) -> Iterator[str]:
    if was != now:
        yield f"{name} was {_text(was)} and is {_text(now)}"


def _text(value: object) -> str:
    if value is None or value in ((), {}):
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _hashes(then: str | None, now: str | None) -> str:
    before, after = (text[:DIGITS] if text is not None else "none" for text in (then, now))
    return f"{before} then, {after} now"
