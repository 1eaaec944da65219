"""`infer-compare run --dry-run`: prints the resolved plan and its expected duration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infer_compare.cli import stdout

if TYPE_CHECKING:
    from infer_compare.planner.forecast import Forecast
    from infer_compare.plugins import Plugins
    from infer_compare.preparation.resolved import Resolved
    from infer_compare.request.options import RunOptions
    from infer_compare.results import Header, Run


def show_plan(
    options: RunOptions, plugins: Plugins, stored: Run | None, *, command: tuple[str, ...], as_json: bool
) -> None:
    """Print the plan of a run; nothing is started.

    Args:
        options: the options of the run.
        plugins: the installed plugins.
        stored: the run to repeat, if any.
        command: the command line as typed.
        as_json: print the header of the run instead, as it would be stored, with `plan.expected_s`.

    Raises:
        UsageError: the options are invalid or contradict each other.
        NoUsableBackend: no contender can be started.
    """
    from infer_compare import api
    from infer_compare.planner.forecast import forecast, forecast_again

    like = stored.header if stored is not None else None
    resolved = api.plan(options, plugins=plugins, like=like, command=command)
    header, labels = resolved.header, list(resolved.routes)
    expected = forecast(header, len(labels)) if stored is None else forecast_again(stored, header, labels)
    if as_json:
        _print_json(header, expected)
    else:
        _print(resolved, expected)


def _print_json(header: Header, expected: Forecast) -> None:
    import msgspec

    plan = msgspec.structs.replace(header.plan, expected_s=round(expected.high_s, 1))
    header = msgspec.structs.replace(header, plan=plan)
    stdout.document(header)


def _print(resolved: Resolved, expected: Forecast) -> None:
    header = resolved.header
    options, plan = header.options, header.plan
    sizes = (
        "powers of two, until throughput stops rising"
        if plan.batch_sizes is None
        else ", ".join(map(str, plan.batch_sizes))
    )
    stdout.echo(f"model        {header.model.name} ({header.model.format}, {header.model.sha256[:12]})")
    for tensor in header.model.inputs:
        stdout.echo(f"input        {tensor.name}: {tensor.dtype}[{', '.join(map(str, tensor.shape))}]")
    for contender in header.contenders:
        route = resolved.routes.get(contender.label)
        skipped = next((failure for failure in resolved.unusable if failure.contender == contender.label), None)
        how = " -> ".join(route.chain) if route else f"skipped: {getattr(skipped and skipped.outcome, 'reason', '')}"
        stdout.echo(f"contender    {contender.label} on {contender.device}: {how}")
    for _, text in resolved.remarks:
        stdout.echo(f"note         {text}")
    stdout.echo(f"batch sizes  {sizes}")
    for axis in options.axis:
        stdout.echo(f"axis         {axis}")
    stdout.echo(f"scope        {options.scope}, {plan.threads} threads, seed {options.seed}")
    stdout.echo(f"protocol     {options.mode}: {plan.restarts} restarts of {plan.rounds_per_restart} rounds")
    stdout.echo(f"expected     {expected}")
