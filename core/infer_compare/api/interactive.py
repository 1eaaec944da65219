"""`infer_compare.sweep`, `tune` and `load`, for scripts and notebooks."""

from __future__ import annotations

import contextlib
import inspect
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from infer_compare import api
from infer_compare.api.live import is_live, name_of, saved_in
from infer_compare.api.plain_values import plain
from infer_compare.api.progress import listening
from infer_compare.api.result import Result
from infer_compare.errors import UsageError
from infer_compare.plugins import Plugins
from infer_compare.preparation.configurations import tuned
from infer_compare.report import find_reporter, render
from infer_compare.report.files import check_free, write_report
from infer_compare.report.price import parse_price
from infer_compare.request.options import declared
from infer_compare.request.reading import complete, over, read_options
from infer_compare.store import FILE, default_folder, run_file

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping
    from typing import Unpack

    from infer_compare.api.accepted import LiveModel, NamedModel
    from infer_compare.api.keywords import SweepKeywords, TuneKeywords
    from infer_compare.phases.events import Observer


@overload
def sweep(
    model: NamedModel | None = None,
    *,
    folder: str | os.PathLike[str] | None = None,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    cancel: threading.Event | None = None,
    **options: Unpack[SweepKeywords],
) -> Result: ...


@overload
def sweep(
    model: LiveModel,
    *,
    folder: str | os.PathLike[str] | None = None,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    cancel: threading.Event | None = None,
    **options: Unpack[SweepKeywords],
) -> Result: ...


def sweep(
    model: object = None,
    *,
    folder: str | os.PathLike[str] | None = None,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    cancel: threading.Event | None = None,
    **options: Unpack[SweepKeywords],
) -> Result:
    """Measure a model on several frameworks over batch sizes, as `infer-compare run` does, and store the run.

    None means the default of the command line. Durations are texts with a unit or a `datetime.timedelta`; memory sizes are
    texts with a unit or bytes.

    Args:
        model: a built-in name, a path or `file.py:function`, as on the command line; or a live model: an `nn.Module`, a
            `keras.Model` or an `onnx.ModelProto`, which is first saved in the run folder. Default: `cnn`. A live `nn.Module`
            needs an entry of `inputs` for each of its inputs, in order; free axes other than the batch need a size.
        folder: the run folder; it must not hold a run yet. Default: a new folder, `runs/<time>-<model>`.
        plugins: the plugins to use; all installed ones when None.
        observer: receives the events of the run; by default a notebook shows a progress line.
        cancel: once set, ends the sweep like an interrupt, after the current step.
        options: the keys of a configuration file.

    Raises:
        UsageError: the options are invalid or contradict each other; no run is left.
        NoUsableBackend: no contender can be started; no run is left.
        StoreError: the folder holds a run, or cannot be created or written.
        KeyboardInterrupt: the run was interrupted or cancelled; every worker was ended, and the results so far are stored.
    """
    return _measured("sweep", model, folder, plugins, observer, cancel, options)


@overload
def tune(
    model: NamedModel | None = None,
    *,
    folder: str | os.PathLike[str] | None = None,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    cancel: threading.Event | None = None,
    **options: Unpack[TuneKeywords],
) -> Result: ...


@overload
def tune(
    model: LiveModel,
    *,
    folder: str | os.PathLike[str] | None = None,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    cancel: threading.Event | None = None,
    **options: Unpack[TuneKeywords],
) -> Result: ...


def tune(
    model: object = None,
    *,
    folder: str | os.PathLike[str] | None = None,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
    cancel: threading.Event | None = None,
    **options: Unpack[TuneKeywords],
) -> Result:
    """Find the fastest configuration for a model on this machine, as `infer-compare tune` does, and store the run.

    None means the default of the command line. `Result.run.recipe` says how to use the winner.

    Args:
        model: see `sweep`.
        folder: see `sweep`.
        plugins: see `sweep`.
        observer: see `sweep`.
        cancel: see `sweep`.
        options: the keys of a configuration file.

    Raises:
        UsageError: the options are invalid or contradict each other, or the budget is too short; no run is left.
        NoUsableBackend: no contender can be started; no run is left.
        StoreError: the folder holds a run, or cannot be created or written.
        KeyboardInterrupt: the run was interrupted or cancelled; every worker was ended, and the results so far are stored.
    """
    return _measured("tune", model, folder, plugins, observer, cancel, options)


def _measured(
    command_name: Literal["sweep", "tune"],
    model: object,
    folder: str | os.PathLike[str] | None,
    plugins: Plugins | None,
    observer: Observer | None,
    cancel: threading.Event | None,
    options: Mapping[str, Any],
) -> Result:
    plugins = plugins or Plugins.discover()
    if command_name == "tune" and (others := [name for name in options if not _belongs_to_tune(name)]):
        raise UsageError(f"tune: there is no option {others[0]!r}.")
    given = read_options({name: plain(name, value, command_name) for name, value in options.items()}, command_name)
    price, names = given.get("price"), given.get("reports", ())
    if price is not None:
        parse_price(price)
    reporters = [find_reporter(name, plugins) for name in names]
    live = is_live(model)
    text = name_of(model) if live else None if model is None else os.fspath(model)  # type: ignore[call-overload]
    place = Path(folder) if folder is not None else default_folder(text or complete(given).model)
    command = ("infer-compare", "run", "--config", str(place / FILE))
    targets = [place / f"report{reporter.suffix}" for reporter in reporters]
    for target in targets:
        check_free(target)
    with contextlib.ExitStack() as stack:
        if live:
            saved = stack.enter_context(saved_in(place, model, given.get("inputs", ()), plugins))
            given |= read_options({"inputs": saved.inputs}, command_name)
            text = saved.text
        asked = complete(over(read_options({"model": text}, command_name), given))
        if command_name == "tune":
            asked = tuned(asked, plugins)
        run = api.sweep(asked, place, plugins=plugins, observer=listening(observer, cancel), command=command)
    result = Result(run, place, price=price, plugins=plugins)
    for reporter, target in zip(reporters, targets, strict=True):
        write_report(target, render(reporter, result.document), force=True)
    return result


def _belongs_to_tune(name: str) -> bool:
    option = declared().get(name)
    return option is None or option.belongs_to("tune")


def _describe(function: Callable[..., Result]) -> None:
    """Add the declared options to the signature and the docstring of `sweep` or `tune`."""
    arguments = inspect.signature(function)
    model, *others, _ = arguments.parameters.values()
    options = {
        name: option
        for name, option in declared().items()
        if name != model.name and (function is not tune or _belongs_to_tune(name))
    }
    keywords = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in options]
    function.__signature__ = arguments.replace(parameters=[model, *keywords, *others])  # type: ignore[attr-defined]
    text = "".join(
        f"        {name}: {option.value}. {option.option.help.removesuffix(' Repeatable.')}\n"
        for name, option in options.items()
    )
    if function.__doc__ is not None:  # as with `python -OO`
        function.__doc__ = function.__doc__.replace("        options: the keys of a configuration file.\n", text)


_describe(sweep)
_describe(tune)


def load(path: str | os.PathLike[str], *, price: str | None = None) -> Result:
    """Return a stored run, complete or not.

    Args:
        path: the run folder, or its `run.jsonl`.
        price: price of the machine, such as `"1.20/h"`.

    Raises:
        StoreError: there is no run, or it cannot be read.
        UsageError: the price cannot be parsed.
    """
    file = run_file(Path(path))
    return Result(api.load_run(file), file.parent, price=price)
