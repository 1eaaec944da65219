"""Makes the command-line options of a run from their declarations, and reads the given ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args

import click
from click.core import ParameterSource

from infer_compare.cli.flags import flags
from infer_compare.cli.parameters import DURATION, SHARE, SIZE, FiniteNumber, WholeNumber
from infer_compare.request import values
from infer_compare.request.option import GROUPS
from infer_compare.request.options import declared

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from infer_compare.cli.completing import Completer
    from infer_compare.plugins import Plugins
    from infer_compare.request.option import Declared
    from infer_compare.request.reading import Given

OTHER = "Other options"

Command = TypeVar("Command", bound="Callable[..., Any]")


class GroupedCommand(click.Command):
    """A command whose help groups the options of a run under their declared headings."""

    def __init__(self, *args: Any, output: Collection[str] = (), **settings: Any) -> None:  # noqa: ANN401 - click's signature
        """Make the command.

        Args:
            args: see `click.Command`.
            output: the command's own options that belong under the heading of the output.
            settings: see `click.Command`.
        """
        super().__init__(*args, **settings)
        self._output = output

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, a section per heading; those without a heading come last."""
        sections: dict[str, list[tuple[str, str]]] = {heading: [] for heading in (*GROUPS.values(), OTHER)}
        options = declared()
        for parameter in self.get_params(ctx):
            name = str(parameter.name)
            group = options[name].option.group if name in options else "output" if name in self._output else None
            record = parameter.get_help_record(ctx)
            if isinstance(parameter, click.Argument):
                # Click has no help for arguments; their declarations have.
                record = (parameter.make_metavar(ctx).strip("[]"), options[name].option.help) if group else None
            if record is not None:
                sections[GROUPS[group] if group is not None else OTHER].append(record)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


def options_of(command: str, **changes: Mapping[str, str]) -> Callable[[Command], Command]:
    """Return a decorator that adds the declared options of a command.

    Args:
        command: its name.
        changes: for each option, the declared values that this command replaces, such as its help.
    """
    return flags(
        *(option_of(name, **changes.get(name, {})) for name, option in declared().items() if option.belongs_to(command))
    )


def option_of(name: str, **changes: str) -> Callable[[Command], Command]:
    """Return a decorator that adds one declared option of a run, also to a command that runs nothing.

    Args:
        name: the name of the option.
        changes: the declared values that the command replaces, such as its help.
    """
    option = declared()[name]
    return flags(*_parameters(option._replace(option=option.option._replace(**changes))))  # type: ignore[arg-type]


def _parameters(declared: Declared) -> Iterator[Callable[[Command], Command]]:
    name, option, flags = declared.name, declared.option, declared.flags
    if option.choices:
        for flag, (choice, text) in zip(flags, option.choices.items(), strict=True):
            yield click.option(flag, name, flag_value=choice, help=text)
    elif flags and not flags[0].startswith("-"):
        yield click.argument(name, required=False, shell_complete=complete_of(name))
    elif declared.kind is bool and declared.default:
        yield click.option(*flags, name, flag_value=False, default=True, help=option.help)
    elif declared.kind is bool and flags:
        yield click.option(*flags, name, is_flag=True, help=option.help)
    elif flags:
        text = option.default or ("" if declared.default in (None, (), {}) else str(declared.default))
        yield click.option(
            *flags,
            name,
            type=_type(declared),
            multiple=declared.several,
            metavar=option.metavar,
            shell_complete=complete_of(name),
            help=option.help + (f"  [default: {text}]" if text else ""),
        )


def complete_of(name: str) -> Completer | None:
    """Return the completer of an option of a run; None if the shell completes it by itself."""
    from infer_compare.cli.completing import OF_OPTIONS

    return OF_OPTIONS.get(name)


def _type(declared: Declared) -> click.ParamType[Any] | None:
    bounds = declared.bounds
    if declared.option.read in _WITH_UNITS:
        return _WITH_UNITS[declared.option.read]
    if declared.kind is Literal:
        return click.Choice(get_args(declared.type))
    if declared.kind is int:
        return WholeNumber(bounds.ge, bounds.le)  # type: ignore[arg-type]
    if declared.kind is float:
        return FiniteNumber(bounds.ge, bounds.le)  # type: ignore[arg-type]
    return None


_WITH_UNITS: dict[Callable[[Any], Any] | None, click.ParamType[Any]] = {
    values.seconds: DURATION,
    values.size: SIZE,
    values.share: SHARE,
}


def given_by(context: click.Context, plugins: Plugins, base: Given | None = None) -> Given:
    """Return the options given as flags or in the environment; they override those of a file.

    Args:
        context: the context of a command with options of a run.
        plugins: the plugins that define the backends.
        base: the options in the file.

    Raises:
        UsageError: a flag has an invalid value.
    """
    from infer_compare.request.reading import over, read_options

    base, parameters = base or {}, context.params
    given: dict[str, Any] = {}
    for name, option in declared().items():
        if name not in parameters or name in {"model", "models"}:
            continue
        source = context.get_parameter_source(name)
        # For flags that share a parameter, click does not report which of them was given.
        if parameters[name] is not None if option.option.choices else source in _GIVEN:
            given[name] = pairs(option.flags[-1], parameters[name]) if option.kind is dict else parameters[name]
    requests = (*parameters["contenders"], *(base.get("contenders") or ()))
    add_files(requests, plugins)
    labels = labels_of(requests)
    given["model"], models = models_of(parameters["model"], parameters["models"], plugins, labels)
    return over(read_options({**given, "models": models or None}, "The command line"), base)


_GIVEN = {ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT}


def pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """Parse texts of the form `KEY=VALUE` into a dictionary.

    Raises:
        UsageError: a text has another form, or a key is given twice.
    """
    from infer_compare.errors import UsageError

    by_key: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise UsageError(
                f"{option} {text!r} is not in the form BACKEND=VALUE; write {option} NAME=VALUE with the name of a backend."
            )
        if key in by_key:
            raise UsageError(f"{option} names {key!r} twice.")
        by_key[key] = value
    return by_key


def labels_of(contenders: Iterable[Any]) -> frozenset[str]:
    """Return the labels of contenders; contenders that cannot be parsed are refused later."""
    from infer_compare.errors import UsageError
    from infer_compare.request.contenders import ContenderRequest

    labels = set()
    for contender in contenders:
        try:
            labels.add(ContenderRequest.of(contender).label)
        except UsageError:
            continue
    return frozenset(label for label in labels if label is not None)


def add_files(contenders: Iterable[Any], plugins: Plugins) -> None:
    """Register the backends that contenders name as Python files, for use of their names in `--model` and `--python`.

    Raises:
        UnknownBackend: a file or its class does not exist.
        BackendUnusable: a class cannot be used as a backend.
    """
    from infer_compare.preparation.precisions import entry_of
    from infer_compare.request.contenders import FILE, ContenderRequest

    for contender in contenders:
        if ".py:" in str(contender):
            request = ContenderRequest.of(contender)
            if FILE.fullmatch(request.backend):
                entry_of(request, plugins)


def models_of(
    model: str | None, texts: tuple[str, ...], plugins: Plugins, labels: frozenset[str]
) -> tuple[str | None, dict[str, str]]:
    """Return the run's model, None if none was named, and the models of single contenders and backends.

    A text is split at `=` only after a label or the name of a backend, since paths may contain `=`.
    """
    from infer_compare.errors import UsageError
    from infer_compare.paths import exists

    known = {word for entry in plugins.backends for word in (entry.name, *entry.aliases)}
    models: dict[str, str] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        if equals and rest and (name in labels or name in known):
            name = name if name in labels else plugins.find(name).name
            if name in models:
                raise UsageError(f"--model names {name!r} twice.")
            models[name] = rest
        elif equals and name.isidentifier() and not exists(text):
            raise UsageError(
                f"--model {text!r} names {name!r}, which is not a backend or a label; "
                f"valid names are {', '.join(sorted(known | labels))}."
            )
        elif model is not None:
            raise UsageError(f"The model is given twice: {model} and {text}.")
        else:
            model = text
    return model, models
