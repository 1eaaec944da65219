"""Planning the jobs of a fleet: every model on every kind of machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.errors import UsageError
from infer_compare.fleet.machines import Selector, chosen, kinds, shared_labels, slug
from infer_compare.fleet.mistyped import check_backends
from infer_compare.fleet.records import PlannedJob
from infer_compare.fleet.shipment import FOLDER, Shipment
from infer_compare.limits import MOST_JOBS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.fleet.fleet_file import FleetRequest, ModelRequest
    from infer_compare.fleet.machines import Kind
    from infer_compare.interfaces.launchers import Machine
    from infer_compare.plugins import Plugins


def planned_jobs(
    request: FleetRequest, machines: Sequence[Machine], folder: Path, plugins: Plugins
) -> tuple[list[PlannedJob], list[Shipment]]:
    """Return the jobs of a fleet, and the shipments to write before they start.

    Args:
        request: the fleet.
        machines: those of the launcher.
        folder: of the fleet; nothing is written here but links to files that belong together.
        plugins: provide models and formats.

    Raises:
        UsageError: a selector chooses no machine, a file is missing, or no machine can have a backend.
    """
    groups = kinds(chosen(machines, request.selectors), request.per)
    if len(groups) * len(request.models) > MOST_JOBS:
        raise UsageError(
            f"{len(request.models):,} models on {len(groups):,} kinds of machines are more than {MOST_JOBS:,} jobs; "
            "split them into several fleets."
        )
    jobs: list[PlannedJob] = []
    shipments = []
    for number, (model, name) in enumerate(zip(request.models, _names(request.models), strict=True), 1):
        place = folder / FOLDER / f"{number}-{slug(name)}"
        shipment = Shipment(model.table, model.options, place.absolute(), plugins)
        check_backends(shipment.backends, request.launcher, plugins)
        shipments.append(shipment)
        for group in groups:
            jobs.append(_job(name, group, shipment, request, {job.id for job in jobs}))
    return jobs, shipments


def _job(model: str, group: Kind, shipment: Shipment, request: FleetRequest, taken: set[str]) -> PlannedJob:
    stem = f"{slug(model)}-on-{slug(group.name)}"
    number = 1
    while (name := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    first = group.machines[0]
    return PlannedJob(
        id=name,
        model=model,
        kind=group.name,
        labels=shared_labels(first),
        cpus=first.cpus,
        gpus=first.gpus,
        host=first.host if request.per == "host" else None,
        backends=shipment.backends,
        argv=shipment.argv,
        files={key: str(path) for key, path in shipment.files.items()},
        price=_price(group, request.prices),
    )


def _names(models: Sequence[ModelRequest]) -> list[str]:
    """Return distinct names of the models for reports: the short name, else the name as typed, else with a number."""
    short = [model.options.name or Path(model.options.model).stem or model.options.model for model in models]
    names = [
        name if short.count(name) == 1 else model.options.name or model.options.model
        for name, model in zip(short, models, strict=True)
    ]
    return [
        name if name not in names[:place] else f"{name} ({names[:place].count(name) + 1})"
        for place, name in enumerate(names)
    ]


def _price(group: Kind, prices: Mapping[str, str]) -> str | None:
    """Return the price of the most specific selector that fits all machines of a kind; None if no selector fits."""
    fitting = [
        (len(Selector.of(text).labels), price)
        for text, price in prices.items()
        if all(map(Selector.of(text).fits, group.machines))
    ]
    return max(fitting, key=lambda pair: pair[0])[1] if fitting else None


def keys_of(machine: Machine) -> tuple[object, object]:
    """Return the two keys under which jobs find a machine: its kind and its host."""
    return (frozenset(shared_labels(machine).items()), machine.cpus, machine.gpus), machine.host


def key_of(job: PlannedJob) -> object:
    """Return the key of the machines that a job can run on."""
    return job.host if job.host is not None else (frozenset(job.labels.items()), job.cpus, job.gpus)
