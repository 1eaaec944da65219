"""What the flags of `run` say, over what a file said: the command line as options of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.core import ParameterSource

from infer_compare.cli.choosing import labels_of, models_of, pairs

if TYPE_CHECKING:
    from pathlib import Path

    import click

    from infer_compare.api.config_file import Config
    from infer_compare.api.options import RunOptions
    from infer_compare.plugins import Plugins

SAME_NAME = (
    "backends",
    "contenders",
    "device",
    "batch_sizes",
    "inputs",
    "data",
    "scope",
    "threads",
    "seed",
    "budget",
    "latency_bound",
    "percentile",
    "rtol",
    "max_memory",
    "max_device_memory",
    "backstop",
    "find_limit",
    "timeout",
    "convert",
    "trust",
    "input_map",
    "output_map",
    "price",
)
"""Parameters that are options of a run under their own names."""


def options_of(context: click.Context, plugins: Plugins) -> tuple[RunOptions, Config]:
    """What is asked for: the flags that were given, and for the others the file, if one was.

    Args:
        context: of the command `run`.
        plugins: where backends are found by name.

    Returns:
        The options, and what the file said by itself.

    Raises:
        UsageError: a flag or the file cannot be understood.
        StoreError: the file is to be a stored run, and is none.
    """
    from infer_compare.api.config_file import Config, read_config
    from infer_compare.api.options import RunOptions, options_from

    file: Path | None = context.params["config"]
    config = read_config(file) if file is not None else Config(RunOptions())
    labels = labels_of((*context.params["contenders"], *(config.options.contenders or ())))
    return options_from(_flags(context, plugins, labels), "The command line").over(config.options), config


def _flags(context: click.Context, plugins: Plugins, labels: frozenset[str]) -> dict[str, Any]:
    """The options that were given as flags or by the environment, and none that click filled in."""

    def said(name: str) -> bool:
        source = context.get_parameter_source(name)
        return source in {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}

    values = context.params
    found = {name: values[name] for name in SAME_NAME if name in values and said(name)}
    if values["mode"] is not None:
        # Two flags share the name.
        found["mode"] = values["mode"]
    if said("formats"):
        found["reports"] = values["formats"]
    for name, parameter in (("python", "pythons"), ("layout", "layouts")):
        if said(parameter):
            found[name] = pairs(f"--{name}", values[parameter])
    model, own = models_of(values["model"], values["own_models"], plugins, labels)
    return {**found, "model": model, "models": own or None}
