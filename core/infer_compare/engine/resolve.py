"""The phase that turns a request into a plan, before anything is started."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from infer_compare.engine.contenders import Contender, Route, parse_contenders
from infer_compare.engine.member import Terms
from infer_compare.environment import memory
from infer_compare.environment.machine import describe
from infer_compare.environment.preflight import warnings
from infer_compare.environment.threads import default_threads
from infer_compare.errors import NoUsableBackend, UsageError
from infer_compare.interfaces import ModelSource
from infer_compare.models.builtin import builtin_models
from infer_compare.models.inputs import resolve_inputs
from infer_compare.models.source import resolve_model
from infer_compare.results import Header, ModelInfo, Plan, Skipped, Unusable
from infer_compare.verdicts.protocol import RESTARTS, ROUNDS_PER_RESTART

if TYPE_CHECKING:
    from pathlib import Path

    from infer_compare.engine.request import SweepRequest
    from infer_compare.interfaces import BuiltinModel
    from infer_compare.models.inputs import InputPlan
    from infer_compare.models.source import ResolvedModel
    from infer_compare.plugins import Plugins

ORACLE = "reference"
"""The backend that judges where no contender runs the model natively."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A plan with everything that running it needs."""

    header: Header
    routes: dict[str, Route]
    """The contenders that can be started, by label."""
    unusable: tuple[Unusable, ...]
    """Those that cannot, and why."""
    oracle: Route | None
    inputs: tuple[InputPlan, ...]
    terms: Terms


def known_models(plugins: Plugins) -> dict[str, BuiltinModel]:
    """The models that can be asked for by name: built in, and brought by plugins."""
    return {**builtin_models(), **{model.name: model for model in plugins.models}}


def resolve(request: SweepRequest, plugins: Plugins, scratch: Path) -> Resolved:
    """Checks a request and makes the plan.

    Args:
        request: what was asked for.
        plugins: what is installed.
        scratch: a folder for files that the run needs and nobody keeps.

    Raises:
        UsageError: something in the request cannot be done as it stands.
        NoUsableBackend: no contender can be started.
    """
    contenders = parse_contenders(request.contenders, plugins, device=request.device)
    if request.scope == "dataset":
        raise UsageError("--scope dataset needs a data set, and this version reads none; use device or end_to_end.")
    routes: dict[str, Route] = {}
    unusable: list[Unusable] = []
    for contender in contenders:
        reason = _missing(contender)
        if reason is not None:
            unusable.append(Unusable(contender=contender.label, outcome=Skipped(reason=reason)))
    if len(unusable) == len(contenders):
        raise NoUsableBackend(_no_usable(unusable))
    model = resolve_model(request.model, seed=request.seed, folder=scratch, models=known_models(plugins))
    inputs = resolve_inputs(model.inputs, request.inputs, model.metadata)
    absent = {one.contender for one in unusable}
    for contender in contenders:
        if contender.label in absent:
            continue
        route = _route(contender, model)
        if isinstance(route, Unusable):
            unusable.append(route)
        else:
            routes[contender.label] = route
    if not routes:
        raise NoUsableBackend(_no_usable(unusable))
    header = _header(request, contenders, model)
    plan = header.plan
    return Resolved(
        header=header,
        routes=routes,
        unusable=tuple(unusable),
        oracle=_oracle(plugins, model),
        inputs=inputs,
        terms=Terms(
            threads=plan.threads,
            seed=plan.seed,
            max_memory=plan.max_memory,
            timeout_s=plan.timeout_s,
            device_memory=plan.max_device_memory,
            backstop=plan.backstop,
        ),
    )


def _missing(contender: Contender) -> str | None:
    # Another interpreter has its own packages; its worker will say what is missing.
    missing = () if contender.spec.python else contender.entry.missing
    if not missing:
        return None
    hint = contender.entry.backend.install_hint
    what = ", ".join(missing)
    return f"{what} is not installed" + (f"; install it with: {hint}" if hint else "")


def _no_usable(unusable: list[Unusable]) -> str:
    reasons = "; ".join(
        f"{one.contender}: {one.outcome.reason}" for one in unusable if isinstance(one.outcome, Skipped)
    )
    return f"No contender can run. {reasons}."


def _route(contender: Contender, model: ResolvedModel) -> Route | Unusable:
    capabilities = contender.entry.backend.capabilities
    chain: tuple[str, ...] = (model.format,)
    native = model.format in capabilities.formats
    if not native and model.format in capabilities.imports:
        chain = (model.format, f"{contender.entry.name} (imported)")
    elif not native:
        takes = ", ".join((*capabilities.formats, *capabilities.imports))
        reason = f"it takes no {model.format} models (it takes: {takes})"
        return Unusable(contender=contender.label, outcome=Skipped(reason=reason))
    source = ModelSource(
        format=model.format,
        location=str(model.path),
        name=model.name,
        provenance="native" if native else "imported",
    )
    return Route(contender, source, chain)


def _oracle(plugins: Plugins, model: ResolvedModel) -> Route | None:
    known = {entry.name for entry in plugins.backends}
    if ORACLE not in known:
        return None
    (contender,) = parse_contenders([ORACLE], plugins)
    route = _route(contender, model)
    return None if isinstance(route, Unusable) or contender.entry.missing else route


def _header(request: SweepRequest, contenders: tuple[Contender, ...], model: ResolvedModel) -> Header:
    threads = request.threads or default_threads()
    environment = describe()
    advice = warnings(environment, threads=threads)
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
        ),
        contenders=tuple(contender.spec for contender in contenders),
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
        ),
        environment=environment,
    )
