"""Machines chosen by their labels, and kinds of machines: those that can stand in for one another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from infer_compare.errors import UsageError
from infer_compare.foreign import one_line
from infer_compare.interfaces.launchers import Machine
from infer_compare.stats.wording import count, listing

if TYPE_CHECKING:
    from collections.abc import Sequence

Per = Literal["kind", "host"]
"""What a model is measured once on: each kind of machine, or each host."""
ALL = "all"
OF_ONE_HOST = frozenset({"address", "boot-id", "host", "hostname", "ip", "name", "node", "node-id", "node-ip"})
"""Labels, after any `prefix/`, that differ between hosts of a kind."""
NAMED = 12
"""Labels that a sentence lists at most."""


class Selector(NamedTuple):
    """Chooses machines that have all of these labels; without any it chooses all machines."""

    labels: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str) -> Selector:
        """Return the selector that a text means: `all`, `instance-type=c7i.xlarge`, or several such with commas.

        Raises:
            UsageError: it has another form.
        """
        if text.strip() == ALL:
            return cls(())
        labels = []
        for part in text.split(","):
            label, equals, value = (word.strip() for word in part.partition("="))
            if not (label and equals and value):
                raise UsageError(
                    f"{one_line(text)!r} does not choose machines; write {ALL!r}, or LABEL=VALUE such as "
                    "instance-type=c7i.xlarge."
                )
            labels.append((label, value))
        return cls(tuple(labels))

    def fits(self, machine: Machine) -> bool:
        """Return whether a machine has all the labels."""
        return all(machine.labels.get(label) == value for label, value in self.labels)

    def __str__(self) -> str:
        return ",".join(f"{label}={value}" for label, value in self.labels) or ALL


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """Machines that can stand in for one another."""

    name: str
    """For people; no other kind has it."""
    machines: tuple[Machine, ...]


def chosen(machines: Sequence[Machine], selectors: Sequence[Selector]) -> list[Machine]:
    """Return the machines that at least one selector chooses.

    Raises:
        UsageError: there are none at all, or a selector chooses none; the labels that exist are named.
    """
    if not machines:
        raise UsageError("The launcher has no machines; start some, then look with `infer-compare fleet machines`.")
    for selector in selectors:
        if not any(map(selector.fits, machines)):
            raise UsageError(f"No machine has {selector}; {_existing(machines)}.")
    return [machine for machine in machines if any(selector.fits(machine) for selector in selectors)]


def kinds(machines: Sequence[Machine], per: Per = "kind") -> list[Kind]:
    """Return machines by kind: the same labels, except those of one host, and as many cores and GPUs.

    Args:
        machines: in their order.
        per: `host` makes a kind of each host.
    """
    groups: dict[object, list[Machine]] = {}
    for machine in machines:
        shared = tuple(sorted(shared_labels(machine).items()))
        key = machine.host if per == "host" else (shared, machine.cpus, machine.gpus)
        groups.setdefault(key, []).append(machine)
    found = [tuple(group) for group in groups.values()]
    names = _told_apart([_host(group[0]) for group in found] if per == "host" else _names(found))
    return [Kind(name=name, machines=group) for name, group in zip(names, found, strict=True)]


def shared_labels(machine: Machine) -> dict[str, str]:
    """Return the labels of a machine that do not name the host itself."""
    own = {machine.id, machine.host}
    return {
        label: value
        for label, value in machine.labels.items()
        if label.rpartition("/")[2] not in OF_ONE_HOST and value not in own
    }


def _names(groups: Sequence[tuple[Machine, ...]]) -> list[str]:
    """A short name for each group: the values of the labels that differ between groups, or else what there is."""
    labels = [shared_labels(group[0]) | _size(group[0]) for group in groups]
    differing = [
        label
        for label in dict.fromkeys(label for own in labels for label in own)
        if len({own.get(label) for own in labels}) > 1
    ]
    # One label that differs between all kinds is enough.
    alone = next((label for label in differing if len({own.get(label) for own in labels}) == len(groups)), None)
    names = []
    for group, own in zip(groups, labels, strict=True):
        words = [own[label] for label in ([alone] if alone else differing) if own.get(label)]
        if not words and len(groups) == 1:
            words = [own[label] for label in ("instance-type", "cpu") if own.get(label)][:1]
        if not words and len(group) == 1:
            words = [_host(group[0])]
        names.append(" ".join(words or _size(group[0]).values()))
    return names


def _told_apart(names: Sequence[str]) -> list[str]:
    return [
        name if names.count(name) == 1 else f"{name} {names[:place].count(name) + 1}"
        for place, name in enumerate(names)
    ]


def _host(machine: Machine) -> str:
    return machine.labels.get("hostname", machine.id)


def _size(machine: Machine) -> dict[str, str]:
    cores = {" cores": count(machine.cpus, "core")}
    return cores | ({" gpus": count(machine.gpus, "GPU")} if machine.gpus else {})


def _existing(machines: Sequence[Machine]) -> str:
    pairs = sorted({f"{label}={value}" for machine in machines for label, value in machine.labels.items()})
    if not pairs:
        return f"the {count(len(machines), 'machine')} there have no labels; write {ALL!r}"
    more = [f"{len(pairs) - NAMED} more (see `infer-compare fleet machines`)"] if len(pairs) > NAMED else []
    return f"labels that exist: {listing([*map(one_line, pairs[:NAMED]), *more])}"


def slug(text: str) -> str:
    """Return a text as part of a file name."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")[:60] or "x"
