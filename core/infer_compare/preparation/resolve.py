"""The phase that turns a request into a plan, before anything is started."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from infer_compare.environment import memory
from infer_compare.environment.interpreter import ask
from infer_compare.environment.machine import describe
from infer_compare.environment.preflight import warnings
from infer_compare.environment.threads import default_threads
from infer_compare.errors import NoUsableBackend, UsageError
from infer_compare.models.builtin import builtin_models
from infer_compare.models.inputs import resolve_inputs
from infer_compare.models.source import with_figures
from infer_compare.preparation.contenders import Contender, find_contenders
from infer_compare.preparation.finding import Finder, find_dataset
from infer_compare.preparation.model_worker import ModelWorker
from infer_compare.preparation.pool import PoolRoom
from infer_compare.preparation.reading import ModelReader
from infer_compare.preparation.routing import NoRouteError, Router
from infer_compare.preparation.wiring import LAYOUTS, parse_map
from infer_compare.request.contenders import DEFAULT_BACKENDS, REFERENCE
from infer_compare.results import ContenderSpec, Header, ModelInfo, Plan, Skipped, Unusable
from infer_compare.stats.wording import listing
from infer_compare.verdicts.protocol import BUDGET_EXCESS, MARGIN, RESTARTS, ROUNDS_PER_RESTART
from infer_compare.worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.environment.conditions import Conditions
    from infer_compare.interfaces import BuiltinModel
    from infer_compare.models.dataset import Dataset
    from infer_compare.models.inputs import InputPlan
    from infer_compare.models.source import ResolvedModel
    from infer_compare.plugins import Plugins
    from infer_compare.preparation.route import Route
    from infer_compare.request.options import RunOptions


@dataclass(frozen=True, slots=True)
class Resolved:
    """A plan with everything that running it needs."""

    header: Header
    routes: dict[str, Route]
    """The contenders that can be started, by label."""
    unusable: tuple[Unusable, ...]
    """Those that cannot, and why."""
    evaluator: Route | None
    inputs: tuple[InputPlan, ...]
    settings: WorkerSettings
    warnings: tuple[str, ...] = ()
    """Sentences about what was done to the model."""


def known_models(plugins: Plugins) -> dict[str, BuiltinModel]:
    """The models that can be asked for by name: built in, and brought by plugins."""
    known = builtin_models()
    for model in plugins.models:
        # A name that is taken stays with whoever had it.
        known.setdefault(model.name, model)
    return known


def resolve(
    options: RunOptions, plugins: Plugins, scratch: Path, *, convert: bool = True, command: tuple[str, ...] = ()
) -> Resolved:
    """Checks what is asked for and makes the plan.

    Args:
        options: what was asked for.
        plugins: what is installed.
        scratch: a folder for files that the run needs and nobody keeps.
        convert: whether models are converted now; without it the plan can be told, and not run.
        command: the command line as typed; the report shows it.

    Raises:
        UsageError: something in it cannot be done as it stands.
        NoUsableBackend: no contender can be started.
    """
    pythons = {plugins.find(name).name: str(Path(path).absolute()) for name, path in options.python.items()}
    options = msgspec.structs.replace(options, python=pythons)
    contenders = _contenders(options, plugins)
    unusable = [
        Unusable(contender=contender.label, outcome=Skipped(reason=reason))
        for contender in contenders
        if (reason := _missing(contender, options)) is not None
    ]
    if len(unusable) == len(contenders):
        raise NoUsableBackend(_no_usable(unusable))
    threads = options.threads or default_threads()
    model_worker = ModelWorker(threads=threads, seed=options.seed, max_memory=options.max_memory)
    # Models are read and converted by a backend's own interpreter, or by that of its first contender that has one.
    pythons = {one.entry.name: one.spec.python for one in reversed(contenders) if one.spec.python is not None}
    pythons |= options.python
    reader = ModelReader(
        plugins,
        model_worker,
        scratch,
        known_models(plugins),
        pythons=pythons,
        seed=options.seed,
        trusted=options.trust,
    )
    model = reader.read(options.model, options.inputs, _main_backends(options, contenders))
    if model.fixed_batch is not None:
        options = msgspec.structs.replace(options, batch_sizes=(model.fixed_batch,))
    dataset = find_dataset(options, model, model_worker, scratch)
    data = {} if dataset is None else dict(zip((spec.name for spec in model.inputs), dataset.paths, strict=True))
    inputs = resolve_inputs(model.inputs, options.inputs, model.metadata, data)
    rows = PoolRoom(inputs, scratch, options.max_memory or memory.default_cap())
    rows.check_worker(options.batch_sizes)
    if convert:
        rows.check_disk(options.batch_sizes)
    router = Router(plugins.converters, model_worker, scratch, pythons=pythons, convert=options.convert)
    routes: dict[str, Route] = {}
    absent = {one.contender for one in unusable}
    finder = Finder(options, reader, router, model, inputs, dry=not convert)
    specs: list[ContenderSpec] = []
    for contender in contenders:
        spec = contender.spec
        if contender.label not in absent:
            try:
                own = finder.model_of(contender)
                if own is not model:
                    spec = msgspec.structs.replace(spec, model_sha256=own.sha256)
                routes[contender.label] = finder.route(contender, own)
            except NoRouteError as reason:
                unusable.append(Unusable(contender=contender.label, outcome=Skipped(reason=str(reason))))
        specs.append(spec)
    exported = [one.model for one in routes.values() if one.model.format == "onnx" and one.contender.spec.model is None]
    if model.format != "onnx" and exported and convert:
        model = with_figures(model, exported[0].path)
    if not routes:
        raise NoUsableBackend(_no_usable(unusable))
    header = _header(options, command, tuple(specs), model, dataset, plugins)
    plan = header.plan
    return Resolved(
        header=header,
        routes=routes,
        unusable=tuple(unusable),
        evaluator=_evaluator(plugins, finder, model),
        inputs=inputs,
        warnings=(*model.warnings, *(dataset.warnings if dataset is not None else ())),
        settings=WorkerSettings(
            threads=plan.threads,
            seed=plan.seed,
            max_memory=plan.max_memory,
            timeout_s=plan.timeout_s,
            device_memory=plan.max_device_memory,
            backstop=plan.backstop,
            dataset=dataset.paths if dataset is not None and plan.scope == "dataset" else (),
        ),
    )


def advised(resolved: Resolved, plugins: Plugins, conditions: Conditions) -> Resolved:
    """Return the plan with what will disturb its measurements.

    Args:
        resolved: the plan.
        plugins: what is installed.
        conditions: what is going on on this machine.
    """
    header = resolved.header
    advice = warnings(header.environment, conditions, header.plan.threads, plugins.distributions)
    environment = msgspec.structs.replace(header.environment, warnings=tuple(map(str, advice)))
    return replace(resolved, header=msgspec.structs.replace(header, environment=environment))


def _contenders(options: RunOptions, plugins: Plugins) -> tuple[Contender, ...]:
    """The contenders with their own interpreters and models.

    Raises:
        UsageError: one of them cannot be understood, or an option names a backend that takes no part.
    """
    named, device = options.taking_part, options.device
    labels = {one.label for one in find_contenders(named, plugins, device=device)}
    models = {name if name in labels else plugins.find(name).name: text for name, text in options.models.items()}
    contenders = find_contenders(named, plugins, device=device, pythons=options.python, models=models)
    backends = {one.entry.name for one in contenders}
    for option, names in (("--python", options.python), ("--model", models), ("--layout", options.layout)):
        for name in names:
            if name not in backends and (option == "--python" or name not in labels):
                raise UsageError(f"{option} names {name!r}, which is not among the backends of this run.")
    for name, layout in options.layout.items():
        if layout not in LAYOUTS:
            raise UsageError(f"--layout {name}={layout}: the layouts are {', '.join(LAYOUTS)}.")
        if name not in models:
            raise UsageError(f"--layout {name}={layout} is for a model of its own; give one with --model {name}=FILE.")
    parse_map(options.input_map, "--input-map", tuple(models))
    parse_map(options.output_map, "--output-map", tuple(models))
    return contenders


def _main_backends(options: RunOptions, contenders: Sequence[Contender]) -> tuple[str, ...]:
    """Backends that are asked first what the run's model is: those that take part and have no model of their own."""
    return tuple(one.entry.name for one in contenders if one.spec.model is None) or tuple(
        one.entry.name for one in contenders if one.spec.model == options.model
    )


def _missing(contender: Contender, options: RunOptions) -> str | None:
    python, entry = contender.spec.python, contender.entry
    where = f"--python {entry.name}" if python == options.python.get(entry.name) else f"python of {contender.label}"
    missing = entry.missing if python is None else ask(where, python, entry.requires)
    if not missing:
        return None
    hint = entry.install_hint
    what = ", ".join(missing)
    where = "" if python is None else f" for {python}"
    return f"{what} is not installed{where}" + (f"; install it with: {hint}" if hint else "")


def _no_usable(unusable: list[Unusable]) -> str:
    reasons: dict[str, list[str]] = {}
    for one in unusable:
        if isinstance(one.outcome, Skipped):
            reasons.setdefault(one.outcome.reason, []).append(one.contender)
    return f"No contender can run. {'; '.join(f'{listing(labels)}: {why}' for why, labels in reasons.items())}."


def _evaluator(plugins: Plugins, finder: Finder, model: ResolvedModel) -> Route | None:
    known = {entry.name for entry in plugins.backends}
    if REFERENCE not in known or finder.dry:
        return None
    (contender,) = find_contenders([REFERENCE], plugins)
    if contender.entry.missing:
        return None
    try:
        return finder.route(contender, model)
    except NoRouteError:
        return None


def _header(
    options: RunOptions,
    command: tuple[str, ...],
    contenders: tuple[ContenderSpec, ...],
    model: ResolvedModel,
    dataset: Dataset | None,
    plugins: Plugins,
) -> Header:
    plan = _plan(options, dataset)
    environment = describe(frameworks=chain(*plugins.distributions.values()), prefixes=plugins.variables)
    now = datetime.now(UTC)
    return Header(
        run_id=f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
        created=now.isoformat(timespec="seconds"),
        command=command,
        # What was left open is kept as it was decided, so that a run is repeated as it was.
        options=msgspec.structs.replace(
            options,
            backends=DEFAULT_BACKENDS if options.backends is options.contenders is None else options.backends,
            threads=plan.threads,
            restarts=plan.restarts,
            rounds=plan.rounds_per_restart,
        ),
        model=ModelInfo(
            name=model.name,
            source=model.source,
            format=model.format,
            sha256=model.sha256,
            inputs=model.inputs,
            outputs=model.outputs,
            parameters=model.parameters,
            flops_per_sample=model.flops_per_sample,
            kind=model.kind,
        ),
        contenders=contenders,
        plan=plan,
        environment=environment,
    )


def _plan(options: RunOptions, dataset: Dataset | None) -> Plan:
    return Plan(
        batch_sizes=options.batch_sizes,
        scope=options.scope,
        threads=options.threads or default_threads(),
        seed=options.seed,
        mode=options.mode,
        restarts=options.restarts or RESTARTS[options.mode],
        rounds_per_restart=options.rounds or ROUNDS_PER_RESTART[options.mode],
        budget_s=options.budget,
        timeout_s=options.timeout,
        max_memory=options.max_memory or memory.default_cap(),
        max_memory_given=options.max_memory is not None,
        max_device_memory=options.max_device_memory,
        backstop=options.backstop,
        find_limit=options.find_limit,
        latency_bound_ns=options.latency_bound_ns,
        percentile=options.percentile,
        inputs=options.inputs,
        rtol=options.rtol,
        trust=options.trust,
        convert=options.convert,
        layouts=options.layout,
        input_map=options.input_map,
        output_map=options.output_map,
        data=options.data,
        data_rows=dataset.rows if dataset is not None else None,
        data_sha256=dataset.sha256 if dataset is not None else None,
        margin=options.margin or MARGIN,
        budget_excess=BUDGET_EXCESS if options.scope != "dataset" else None,
    )
