"""The last step of a race: a recipe for using the winner, with its model file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from infer_compare.preparation.snippets import snippet
from infer_compare.request.contenders import ContenderRequest
from infer_compare.results import Recipe
from infer_compare.verdicts import summarise

if TYPE_CHECKING:
    from infer_compare.interfaces import OperatingPoint
    from infer_compare.phases.context import RunContext
    from infer_compare.preparation.route import Route
    from infer_compare.results import ContenderSpec, Run

LARGEST_KEPT = 4 << 30
"""The largest model file that is copied into the run folder, in bytes."""


def recipe(context: RunContext) -> None:
    """Store a recipe for using the winner, if there is one."""
    won = winner(context.run)
    if won is None:
        return
    label, point = won
    route = context.routes[label]
    file, kept = _file(context, route)
    code = snippet(route, context.settings, file) if file else ""
    context.journal.add(
        Recipe(
            contender=label,
            point=point,
            typed=typed(route.contender.spec, context.plan.threads if context.options.thread_counts else None),
            code=code,
            file=file,
            kept=kept,
        )
    )


def winner(run: Run) -> tuple[str, OperatingPoint] | None:
    """Return the winning contender and its operating point, within the latency bound if there is one; None without a winner."""
    answer = summarise(run).answer
    if answer.bound is not None:
        return None if answer.bound.best is None else (answer.bound.best.contender, answer.bound.best.point)
    return None if answer.recommended is None else (answer.recommended.contender, answer.recommended.point)


def typed(spec: ContenderSpec, threads: int | None = None) -> str:
    """Return a contender as typed after `-b`, without its label.

    Args:
        spec: the contender.
        threads: those of the run, if the user requested them.
    """
    request = ContenderRequest(
        backend=spec.file or spec.backend,
        options=dict(spec.options),
        device=None if spec.device == "cpu" else spec.device,
        route=spec.route,
        python=spec.python,
        threads=spec.threads or threads,
        precision=spec.precision,
        instances=spec.instances if spec.instances > 1 else None,
    )
    return str(request)


def _file(context: RunContext, route: Route) -> tuple[str, bool]:
    """Return the name of the model file, and whether it was copied into the run folder; an empty name without a file."""
    source = route.model.path
    if not source.exists():
        return "", False
    given = Path(route.contender.spec.model or context.options.model)
    if given.exists() and given.resolve() == source.resolve():
        return source.name, False
    precision = f"-{route.contender.spec.precision}" if route.contender.spec.precision else ""
    name = f"{route.model.name}{precision}{source.suffix}"
    target = context.scratch.parent / name
    files = [source, *source.parent.glob(f"{source.name}.data*")] if source.is_file() else [source]
    if target.exists() or sum(_size(path) for path in files) > LARGEST_KEPT:
        return "", False
    try:
        if source.is_dir():
            shutil.copytree(source, target)
        for path in files[: len(files) if source.is_file() else 0]:
            # The model refers to external data by name, so that is kept.
            shutil.copyfile(path, target if path == source else target.parent / path.name)
    except OSError:
        return "", False
    return name, True


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [member for member in path.rglob("*") if member.is_file()]
    return sum(file.stat().st_size for file in files)
