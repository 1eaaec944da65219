"""Resolving options to a plan with everything that running it needs, before anything is measured."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment.machine import describe
from infer_compare.environment.topology import cores
from infer_compare.errors import UsageError
from infer_compare.models.inputs import resolve_inputs
from infer_compare.models.source import with_figures
from infer_compare.preparation.contenders import contenders_of
from infer_compare.preparation.context import PreparationContext
from infer_compare.preparation.dataset import find_dataset
from infer_compare.preparation.finding import Finder
from infer_compare.preparation.instances import check_scope, instance_remarks
from infer_compare.preparation.packages import beside_backends, with_packages
from infer_compare.preparation.plan import plan_of, settings_of
from infer_compare.preparation.pool import PoolRoom
from infer_compare.preparation.precisions import entry_of, left_out
from infer_compare.preparation.reading import ModelReader
from infer_compare.preparation.resolved import Resolved
from infer_compare.preparation.routing import NoRouteError
from infer_compare.preparation.unusable import none_usable, unusable
from infer_compare.preparation.variants import Variants
from infer_compare.request.axes import parse_axis, weights_of
from infer_compare.request.contenders import ContenderRequest
from infer_compare.results import ContenderSpec, Header, ModelInfo, Plan, Skipped, Unusable
from infer_compare.worker.client import LocalProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.models.resolved_model import ResolvedModel
    from infer_compare.plugins import Plugins
    from infer_compare.preparation.contenders import Contender
    from infer_compare.preparation.route import Route
    from infer_compare.request.options import RunOptions
    from infer_compare.worker.client import Launcher


def resolve(
    options: RunOptions, plugins: Plugins, scratch: Path, *, convert: bool = True, launch: Launcher = LocalProcess
) -> Resolved:
    """Check options, and return the plan of their run with everything that running it needs.

    Args:
        options: of the run.
        plugins: the installed plugins.
        scratch: a folder for temporary files of the run.
        convert: whether to convert models; without that the plan can be shown, but not run.
        launch: makes the clients of the workers that read and convert models.

    Raises:
        UsageError: the options cannot be carried out.
        NoUsableBackend: no contender can be started.
    """
    if options.race and options.budget is None:
        raise UsageError("A race needs a budget, such as 10m: it drops contenders to spend the time on the others.")
    for request in options.taking_part:
        entry_of(ContenderRequest.of(request), plugins)  # registers backends of Python files under their names
    weights_of(options.mix, options.axis)
    if options.axis and options.scope == "dataset":
        raise UsageError(
            "--axis cuts rows to several sizes, and --scope dataset takes those of --data as they are; leave one out."
        )
    pythons = {plugins.find(name).name: str(Path(path).absolute()) for name, path in options.python.items()}
    options = msgspec.structs.replace(options, python=pythons)
    metrics = tuple(map(plugins.find_metric, options.metrics))
    lacking = left_out(options, plugins)
    contenders = contenders_of(options, plugins)
    check_scope(options, contenders)
    absent = unusable(contenders, options)
    plan = plan_of(options)
    settings = settings_of(options, plan)
    context = PreparationContext(
        options=options,
        plugins=plugins,
        scratch=scratch,
        settings=settings,
        launch=launch,
        pythons=_pythons(options, contenders),
        dry=not convert,
    )
    reader = ModelReader(context)
    model = reader.read(options.model, _main_backends(options, contenders))
    if model.fixed_batch is not None:
        plan = msgspec.structs.replace(plan, batch_sizes=(model.fixed_batch,))
    dataset = find_dataset(context, model, plan.batch_sizes or ())
    files = dataset.paths if dataset is not None else ()
    data = dict(zip((spec.name for spec in model.inputs), files, strict=True)) if files else {}
    inputs = resolve_inputs(model.inputs, options.inputs, model.metadata, data, [*map(parse_axis, options.axis)])
    room = PoolRoom(inputs, scratch, plan.max_memory)
    room.check_worker(plan.batch_sizes, options.settings[0])
    if convert:
        room.check_disk(plan.batch_sizes)
    finder = Finder(context, reader, model, inputs)
    specs, routes, models = _routed(contenders, finder, absent)
    exported = [
        route.model.path
        for route in routes.values()
        if route.model.format == "onnx" and route.contender.spec.model is None
    ]
    if model.format != "onnx" and exported and convert:
        model = with_figures(model, exported[0])
    variants = Variants(context, inputs)
    routes = _in_their_precision(routes, variants, models, absent)
    if dataset is not None:
        plan = msgspec.structs.replace(plan, data_rows=dataset.rows, data_sha256=dataset.sha256)
    specs = with_packages(specs, routes, context.pythons)
    header = _header(context, plan, specs, model)
    return Resolved(
        header=msgspec.structs.replace(header, metrics=tuple(metric.info for metric in metrics)),
        routes=routes,
        metrics=metrics,
        unusable=tuple(absent),
        evaluator=finder.evaluator(),
        inputs=inputs,
        warnings=(*model.warnings, *(dataset.warnings if dataset is not None else ()), *variants.warnings),
        remarks=(
            *(("contenders", clause) for clause in lacking),
            *(("instances", clause) for clause in instance_remarks(header, cores())),
        ),
        settings=replace(settings, dataset=files if options.scope == "dataset" else ()),
    )


def _routed(
    contenders: Sequence[Contender], finder: Finder, absent: list[Unusable]
) -> tuple[tuple[ContenderSpec, ...], dict[str, Route], dict[str, ResolvedModel]]:
    """Return all contenders with the hashes of their separate models, and the routes and models of those that can run.

    The others are added to `absent`.

    Raises:
        NoUsableBackend: the model reaches no contender.
    """
    known = {record.contender for record in absent}
    specs: list[ContenderSpec] = []
    routes: dict[str, Route] = {}
    models: dict[str, ResolvedModel] = {}
    for contender in contenders:
        spec = contender.spec
        if contender.label not in known:
            try:
                model = finder.model_of(contender)
                if model is not finder.model:
                    spec = msgspec.structs.replace(spec, model_sha256=model.sha256)
                routes[contender.label] = finder.route(contender, model)
                models[contender.label] = model
            except NoRouteError as reason:
                absent.append(Unusable(contender=contender.label, outcome=Skipped(reason=str(reason))))
        specs.append(spec)
    if not routes:
        raise none_usable(absent)
    return tuple(specs), routes, models


def _in_their_precision(
    routes: dict[str, Route], variants: Variants, models: dict[str, ResolvedModel], absent: list[Unusable]
) -> dict[str, Route]:
    """Return the routes with models in the precisions of their contenders; contenders that cannot have one join `absent`.

    Raises:
        NoUsableBackend: no contender is left.
    """
    made: dict[str, Route] = {}
    for label, route in routes.items():
        try:
            made[label] = variants.of(route, models[label])
        except NoRouteError as reason:
            absent.append(Unusable(contender=label, outcome=Skipped(reason=str(reason))))
    if not made:
        raise none_usable(absent)
    return made


def _pythons(options: RunOptions, contenders: Sequence[Contender]) -> dict[str, str]:
    """Return the interpreters that read and convert models, by backend: that of `--python`, or of the first contender with one."""
    by_contender = {
        contender.entry.name: contender.spec.python
        for contender in reversed(contenders)
        if contender.spec.python is not None
    }
    return by_contender | options.python


def _main_backends(options: RunOptions, contenders: Sequence[Contender]) -> tuple[str, ...]:
    """Return the backends that are first asked to describe the run's model: those of contenders without a separate model."""
    return tuple(contender.entry.name for contender in contenders if contender.spec.model is None) or tuple(
        contender.entry.name for contender in contenders if contender.spec.model == options.model
    )


def _header(
    context: PreparationContext, plan: Plan, contenders: tuple[ContenderSpec, ...], model: ResolvedModel
) -> Header:
    plugins = context.plugins
    backends = {spec.backend for spec in contenders}
    prefixes = tuple(sorted({word for entry in plugins.backends if entry.name in backends for word in entry.variables}))
    now = datetime.now(UTC)
    return Header(
        run_id=f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
        created=now.isoformat(timespec="seconds"),
        command=(),
        options=context.options,
        model=ModelInfo(
            name=context.options.name or model.name,
            source=model.source,
            format=model.format,
            sha256=model.sha256,
            inputs=model.inputs,
            outputs=model.outputs,
            parameters=model.parameters,
            flops_per_sample=model.flops_per_sample,
            precision=model.precision,
            kind=model.kind,
        ),
        contenders=contenders,
        plan=plan,
        environment=describe(names=beside_backends(plugins), prefixes=prefixes),
    )
