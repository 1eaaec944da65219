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
from infer_compare.preparation.finding import Finder, find_dataset
from infer_compare.preparation.model_worker import ModelWorker
from infer_compare.preparation.pool import PoolRoom
from infer_compare.preparation.reading import ModelReader
from infer_compare.preparation.routing import NoRouteError, Router
from infer_compare.preparation.wiring import LAYOUTS, parse_map
from infer_compare.request.contenders import Contender, parse_contenders
from infer_compare.results import ContenderSpec, Header, ModelInfo, Plan, Skipped, Unusable
from infer_compare.stats.wording import listing
from infer_compare.verdicts.protocol import BUDGET_EXCESS, RESTARTS, ROUNDS_PER_RESTART
from infer_compare.worker.settings import WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare.interfaces import BuiltinModel
    from infer_compare.models.dataset import Dataset
    from infer_compare.models.inputs import InputPlan
    from infer_compare.models.source import ResolvedModel
    from infer_compare.plugins import Plugins
    from infer_compare.preparation.route import Route
    from infer_compare.request.sweep_request import SweepRequest

EVALUATOR = "reference"
"""The backend that is asked where no contender runs the model natively, and where contenders disagree."""


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
    terms: WorkerSettings
    warnings: tuple[str, ...] = ()
    """Sentences about what was done to the model."""


def known_models(plugins: Plugins) -> dict[str, BuiltinModel]:
    """The models that can be asked for by name: built in, and brought by plugins."""
    known = builtin_models()
    for model in plugins.models:
        # A name that is taken stays with whoever had it.
        known.setdefault(model.name, model)
    return known


def resolve(request: SweepRequest, plugins: Plugins, scratch: Path, *, convert: bool = True) -> Resolved:
    """Checks a request and makes the plan.

    Args:
        request: what was asked for.
        plugins: what is installed.
        scratch: a folder for files that the run needs and nobody keeps.
        convert: whether models are converted now; without it the plan can be told, and not run.

    Raises:
        UsageError: something in the request cannot be done as it stands.
        NoUsableBackend: no contender can be started.
    """
    contenders = _contenders(request, plugins)
    unusable = [
        Unusable(contender=contender.label, outcome=Skipped(reason=reason))
        for contender in contenders
        if (reason := _missing(contender)) is not None
    ]
    if len(unusable) == len(contenders):
        raise NoUsableBackend(_no_usable(unusable))
    threads = request.threads or default_threads()
    model_worker = ModelWorker(threads=threads, seed=request.seed, max_memory=request.max_memory)
    pythons = {one.entry.name: one.spec.python for one in contenders if one.spec.python is not None}
    reader = ModelReader(
        plugins,
        model_worker,
        scratch,
        known_models(plugins),
        pythons=pythons,
        seed=request.seed,
        trusted=request.trust,
    )
    model = reader.read(request.model, request.inputs, _main_backends(request, contenders))
    if model.fixed_batch is not None:
        request = replace(request, batch_sizes=(model.fixed_batch,))
    dataset = find_dataset(request, model, model_worker, scratch)
    data = {} if dataset is None else dict(zip((spec.name for spec in model.inputs), dataset.paths, strict=True))
    inputs = resolve_inputs(model.inputs, request.inputs, model.metadata, data)
    rows = PoolRoom(inputs, scratch, request.max_memory or memory.default_cap())
    rows.check_worker(request.batch_sizes)
    if convert:
        rows.check_disk(request.batch_sizes)
    router = Router(plugins.converters, model_worker, scratch, pythons=pythons, convert=request.convert)
    routes: dict[str, Route] = {}
    absent = {one.contender for one in unusable}
    finder = Finder(request, reader, router, model, inputs, dry=not convert)
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
    header = _header(request, tuple(specs), model, dataset, plugins)
    plan = header.plan
    return Resolved(
        header=header,
        routes=routes,
        unusable=tuple(unusable),
        evaluator=_evaluator(plugins, finder, model),
        inputs=inputs,
        warnings=(*model.warnings, *(dataset.warnings if dataset is not None else ())),
        terms=WorkerSettings(
            threads=plan.threads,
            seed=plan.seed,
            max_memory=plan.max_memory,
            timeout_s=plan.timeout_s,
            device_memory=plan.max_device_memory,
            backstop=plan.backstop,
            dataset=dataset.paths if dataset is not None and plan.scope == "dataset" else (),
        ),
    )


def _contenders(request: SweepRequest, plugins: Plugins) -> tuple[Contender, ...]:
    """The contenders with their own interpreters and models.

    Raises:
        UsageError: one of them cannot be understood, or an option names a backend that takes no part.
    """
    pythons = {plugins.find(name).name: str(Path(path).absolute()) for name, path in request.pythons.items()}
    labels = {one.label for one in parse_contenders(request.contenders, plugins, device=request.device)}
    models = {name if name in labels else plugins.find(name).name: text for name, text in request.models.items()}
    contenders = parse_contenders(request.contenders, plugins, device=request.device, pythons=pythons, models=models)
    named = {one.entry.name for one in contenders}
    for option, names in (("--python", pythons), ("--model", models), ("--layout", request.layouts)):
        for name in names:
            if name not in named and (option == "--python" or name not in labels):
                raise UsageError(f"{option} names {name!r}, which is not among the backends of this run.")
    for name, layout in request.layouts.items():
        if layout not in LAYOUTS:
            raise UsageError(f"--layout {name}={layout}: the layouts are {', '.join(LAYOUTS)}.")
        if name not in models:
            raise UsageError(f"--layout {name}={layout} is for a model of its own; give one with --model {name}=FILE.")
    parse_map(request.input_map, "--input-map", tuple(models))
    parse_map(request.output_map, "--output-map", tuple(models))
    return contenders


def _main_backends(request: SweepRequest, contenders: Sequence[Contender]) -> tuple[str, ...]:
    """Backends that are asked first what the run's model is: those that take part and have no model of their own."""
    return tuple(one.entry.name for one in contenders if one.spec.model is None) or tuple(
        one.entry.name for one in contenders if one.spec.model == request.model
    )


def _missing(contender: Contender) -> str | None:
    python, entry = contender.spec.python, contender.entry
    missing = entry.missing if python is None else ask(f"--python {entry.name}", python, entry.requires)
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
    if EVALUATOR not in known or finder.dry:
        return None
    (contender,) = parse_contenders([EVALUATOR], plugins)
    if contender.entry.missing:
        return None
    try:
        return finder.route(contender, model)
    except NoRouteError:
        return None


def _header(
    request: SweepRequest,
    contenders: tuple[ContenderSpec, ...],
    model: ResolvedModel,
    dataset: Dataset | None,
    plugins: Plugins,
) -> Header:
    threads = request.threads or default_threads()
    brought = plugins.distributions
    environment = describe(frameworks=chain(*brought.values()), prefixes=plugins.variables)
    advice = warnings(environment, threads=threads, distributions=brought)
    environment = msgspec.structs.replace(environment, warnings=tuple(map(str, advice)))
    now = datetime.now(UTC)
    return Header(
        run_id=f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
        created=now.isoformat(timespec="seconds"),
        command=request.command,
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
        plan=Plan(
            batch_sizes=request.batch_sizes,
            scope=request.scope,
            threads=threads,
            seed=request.seed,
            mode=request.mode,
            restarts=request.restarts or RESTARTS[request.mode],
            rounds_per_restart=request.rounds or ROUNDS_PER_RESTART[request.mode],
            budget_s=request.budget_s,
            timeout_s=request.timeout_s,
            max_memory=request.max_memory or memory.default_cap(),
            max_memory_given=request.max_memory is not None,
            max_device_memory=request.max_device_memory,
            backstop=request.backstop,
            find_limit=request.find_limit,
            latency_bound_ns=request.latency_bound_ns,
            percentile=request.percentile,
            inputs=request.inputs,
            rtol=request.rtol,
            trust=request.trust,
            convert=request.convert,
            layouts=dict(request.layouts),
            input_map=request.input_map,
            output_map=request.output_map,
            data=request.data,
            data_rows=dataset.rows if dataset is not None else None,
            data_sha256=dataset.sha256 if dataset is not None else None,
            budget_excess=BUDGET_EXCESS if request.scope != "dataset" else None,
        ),
        environment=environment,
    )
