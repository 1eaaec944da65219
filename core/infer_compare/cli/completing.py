"""Shell completion of models, backends and their options, formats and run folders. Imports no framework.

A function that fails completes nothing: an error message in the middle of the typed line would not help.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

from click.shell_completion import BashComplete, CompletionItem, add_completion_class

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import click

    from infer_compare.plugins import Plugins

    Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]

SHELLS = ("bash", "zsh", "fish")
MOST = 200
"""The most words that are offered."""
VARIABLE = "_INFER_COMPARE_COMPLETE"

# Bash splits words at `:` and `=`, and expects only what follows the last of them.
_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' line="${COMP_LINE:0:COMP_POINT}" current prefix response completion type value
    local -a words
    IFS=' ' read -ra words <<< "$line"
    [[ $line == *' ' ]] && words+=('')
    current="${words[${#words[@]}-1]}"
    prefix=''
    [[ $COMP_WORDBREAKS == *[:=]* ]] && prefix="${current%%"${current##*[:=]}"}"
    response=$(env COMP_WORDS="$line" COMP_CWORD=$((${#words[@]}-1)) %(complete_var)s=bash_complete "$1")
    COMPREPLY=()
    for completion in $response; do
        type="${completion%%%%,*}" value="${completion#*,}"
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                COMPREPLY+=("${value#"$prefix"}")
                [[ $value == *[=:,/] ]] && compopt -o nospace
                ;;
        esac
    done
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


@add_completion_class
class Bash(BashComplete):
    """Completion for bash that handles words containing `:` and `=`."""

    source_template = _BASH

    @staticmethod
    def _check_version() -> None:
        """Skip click's version check: the older bash of macOS works too."""


def completer(find: Callable[[str], Iterable[str]], *, files: bool = False) -> Completer:
    """Return the completion callback of a parameter.

    Args:
        find: returns candidates for the text typed so far; those that do not start with it are dropped.
        files: let the shell complete file names if no word fits.
    """

    @wraps(find)
    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        try:
            words = [word for word in find(incomplete) if word.startswith(incomplete)]
        except Exception:  # noqa: BLE001 - whatever a plugin raises
            words = []
        items = [CompletionItem(word) for word in list(dict.fromkeys(words))[:MOST]]
        return items or ([CompletionItem(incomplete, type="file")] if files else [])

    return complete


def models(incomplete: str) -> Iterator[str]:
    """Return built-in models and those of plugins; after `NAME=` the models of a backend."""
    from infer_compare.preparation.context import known_models

    name, equals, _ = incomplete.rpartition("=")
    yield from (f"{name}{equals}{model}" for model in known_models(_plugins()))


def backends(_incomplete: str) -> Iterator[str]:
    """Return the names of backends."""
    yield from (entry.name for entry in _plugins().backends)


def backend_list(incomplete: str) -> Iterator[str]:
    """Return the names of backends; after each comma those not yet listed."""
    before, comma, _ = incomplete.rpartition(",")
    given = before.split(",")
    yield from (f"{before}{comma}{entry.name}" for entry in _plugins().backends if entry.name not in given)


def backend_values(_incomplete: str) -> Iterator[str]:
    """Return the names of backends, each followed by `=`."""
    yield from (f"{entry.name}=" for entry in _plugins().backends)


def contenders(incomplete: str) -> Iterator[str]:
    """Return backends; after `:` and `,` options of the backend, after `=` values of the option, after `@` devices."""
    from infer_compare.plugins.options import describe_options
    from infer_compare.request.contenders import CORE

    plugins = _plugins()
    name, colon, options = incomplete.partition(":")
    if "@" in incomplete:
        place = incomplete.rpartition("@")[0]
        yield from (f"{place}@{device}" for device in _devices(plugins, place.partition(":")[0]))
        return
    if not colon:
        for entry in plugins.backends:
            yield entry.name
            yield f"{entry.name}:"
        return
    before, comma, last = options.rpartition(",")
    start = f"{name}{colon}{before}{comma}"
    described = {option.name: option.type for option in describe_options(plugins.find(name).backend)}
    key, equals, _ = last.partition("=")
    if equals:
        values = ("true", "false") if described.get(key) == "boolean" else described.get(key, "").split(" | ")
        yield from (f"{start}{key}={value}" for value in values if len(values) > 1)
        return
    given = {part.partition("=")[0] for part in before.split(",")}
    yield from (f"{start}{option}=" for option in (*described, *CORE) if option not in given)


def devices(_incomplete: str) -> Iterator[str]:
    """Return the device kinds of all backends."""
    yield from _devices(_plugins())


def formats(_incomplete: str) -> Iterator[str]:
    """Return the formats of a report."""
    from infer_compare.report.reporters import endings

    yield from endings(_plugins())


def formats_of(document: str) -> Callable[[str], Iterable[str]]:
    """Return a completer of the formats of a document that is not a run report.

    Args:
        document: the package of `report` that renders it.
    """

    def formats(_incomplete: str) -> Iterable[str]:
        """Return the formats of the document."""
        names: Iterable[str] = importlib.import_module(f"infer_compare.report.{document}").FORMATS.all
        return names

    return formats


def runs(incomplete: str) -> Iterator[str]:
    """Return run folders, newest first, in the typed folder, or here and in `runs/`; and the folders that contain some."""
    from infer_compare.store import FILE

    slash = "/" in incomplete
    stored: list[str] = []
    folders: list[str] = []
    for start in [f"{incomplete.rpartition('/')[0]}/"] if slash else ["", "runs/"]:
        place = Path(start or ".").expanduser()
        for child in sorted(place.iterdir(), reverse=True) if place.is_dir() else ():
            if (child / FILE).is_file():
                stored.append(f"{start}{child.name}")
            elif incomplete and (slash or not start) and child.is_dir() and not child.name.startswith("."):
                folders.append(f"{start}{child.name}/")
    yield from stored
    yield from (folder for folder in folders if not any(word.startswith(folder) for word in stored))


def _devices(plugins: Plugins, backend: str = "") -> Iterator[str]:
    for entry in plugins.backends:
        if not backend or entry.name == backend:
            for kind in entry.backend.capabilities.device_kinds:
                yield kind if kind == "cpu" else f"{kind}:0"


def _plugins() -> Plugins:
    from infer_compare.plugins import Plugins

    # Anything a plugin prints would be read as completions.
    with contextlib.redirect_stdout(sys.stderr):
        return Plugins.discover()


def datasets(_incomplete: str) -> Iterator[str]:
    """Return the data sets of plugins."""
    yield from (entry.dataset.name for entry in _plugins().datasets)


def metrics(incomplete: str) -> Iterator[str]:
    """Return the names of metrics; after each comma those not yet listed."""
    before, comma, _ = incomplete.rpartition(",")
    given = before.split(",")
    yield from (f"{before}{comma}{metric.name}" for metric in _plugins().metrics if metric.name not in given)


MODEL = completer(models, files=True)
BACKEND = completer(backends)
FORMAT = completer(formats)
RUN = completer(runs)
OF_OPTIONS = {
    "model": MODEL,
    "models": MODEL,
    "backends": completer(backend_list),
    "contenders": completer(contenders, files=True),
    "device": completer(devices),
    "python": completer(backend_values),
    "layout": completer(backend_values),
    "data": completer(datasets, files=True),
    "metrics": completer(metrics),
    "reports": FORMAT,
}
"""Completers of the options of a run, by their names."""
