"""Selecting machines by their labels, and grouping interchangeable machines into kinds."""

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
"""Whether each model is measured once per kind of machine or once per host."""
ALL = "all"
OF_ONE_HOST = frozenset({"address", "boot-id", "host", "hostname", "ip", "name", "node", "node-id", "node-ip"})
"""Labels, without any `prefix/`, that differ between hosts of a kind."""
NAMED = 12
"""The most labels that a message lists."""


class Selector(NamedTuple):
    """Selects the machines that have all of its labels; without labels it selects all machines."""

    labels: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str) -> Selector:
        """Parse a selector: `all`, or labels such as `instance-type=c7i.xlarge`, separated by commas.

        Raises:
            UsageError: the text has another form.
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
        """Return whether a machine has all labels of the selector."""
        return all(machine.labels.get(label) == value for label, value in self.labels)

    def __str__(self) -> str:
        return ",".join(f"{label}={value}" for label, value in self.labels) or ALL


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A group of interchangeable machines."""

    name: str
    """Unique, for people."""
    machines: tuple[Machine, ...]


def chosen(machines: Sequence[Machine], selectors: Sequence[Selector]) -> list[Machine]:
    """Return the machines that at least one selector chooses.

    Raises:
        UsageError: there are no machines, or a selector chooses none; the message lists the existing labels.
    """
    if not machines:
        raise UsageError("The launcher has no machines; start some, then look with `infer-compare fleet machines`.")
    for selector in selectors:
        if not any(map(selector.fits, machines)):
            raise UsageError(f"No machine has {selector}; {_existing(machines)}.")
    return [machine for machine in machines if any(selector.fits(machine) for selector in selectors)]


def kinds(machines: Sequence[Machine], per: Per = "kind") -> list[Kind]:
    """Group machines into kinds, whose machines agree in labels (other than those of the host), cores and GPUs.

    Args:
        machines: the machines, whose order determines that of the kinds.
        per: `host` makes each host a kind instead.
    """
    by_key: dict[object, list[Machine]] = {}
    for machine in machines:
        shared = tuple(sorted(shared_labels(machine).items()))
        key = machine.host if per == "host" else (shared, machine.cpus, machine.gpus)
        by_key.setdefault(key, []).append(machine)
    groups = [tuple(group) for group in by_key.values()]
    names = _numbered([_host(group[0]) for group in groups] if per == "host" else _names(groups))
    return [Kind(name=name, machines=group) for name, group in zip(names, groups, strict=True)]


def shared_labels(machine: Machine) -> dict[str, str]:
    """Return the labels of a machine that do not identify its host."""
    identities = {machine.id, machine.host}
    return {
        label: value
        for label, value in machine.labels.items()
        if label.rpartition("/")[2] not in OF_ONE_HOST and value not in identities
    }


def _names(groups: Sequence[tuple[Machine, ...]]) -> list[str]:
    """Return a short name for each group: its values of the labels that differ between groups, else host or size."""
    tables = [shared_labels(group[0]) | _size(group[0]) for group in groups]
    differing = [
        label
        for label in dict.fromkeys(label for table in tables for label in table)
        if len({table.get(label) for table in tables}) > 1
    ]
    # A single label suffices if all groups differ in it.
    alone = next((label for label in differing if len({table.get(label) for table in tables}) == len(groups)), None)
    names = []
    for group, table in zip(groups, tables, strict=True):
        words = [table[label] for label in ([alone] if alone else differing) if table.get(label)]
        if not words and len(groups) == 1:
            words = [table[label] for label in ("instance-type", "cpu") if table.get(label)][:1]
        if not words and len(group) == 1:
            words = [_host(group[0])]
        names.append(" ".join(words or _size(group[0]).values()))
    return names


def _numbered(names: Sequence[str]) -> list[str]:
    """Append a number to each name that occurs more than once."""
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
    """Return a text with all characters replaced that are unsafe in a file name, at most 60 characters long."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")[:60] or "x"
