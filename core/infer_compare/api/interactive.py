"""`infer_compare.sweep` and `infer_compare.load`: what a script or a notebook calls."""

from __future__ import annotations

import contextlib
import inspect
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from infer_compare import api
from infer_compare.api.live import is_live, name_of, saved_in
from infer_compare.api.progress import listening
from infer_compare.api.result import Result
from infer_compare.errors import UsageError
from infer_compare.plugins import Plugins
from infer_compare.report import find_reporter, render
from infer_compare.report.files import check_free, write_report
from infer_compare.report.price import parse_price
from infer_compare.request import values
from infer_compare.request.options import declared
from infer_compare.request.reading import complete, over, read_options
from infer_compare.request.units import duration_s
from infer_compare.store import FILE, default_folder, run_file

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from typing import Unpack

    from infer_compare.api.accepted import LiveModel, NamedModel
    from infer_compare.api.keywords import SweepKeywords
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
    """Measures a model on several frameworks over batch sizes, as `infer-compare run` does, and stores the run.

    What is None has the default of the command line. Durations are texts with a unit or a `datetime.timedelta`; sizes of
    memory are texts with a unit or bytes.

    Args:
        model: a built-in name, a path or `file.py:function`, as on the command line; or a live model: an `nn.Module`, a
            `keras.Model`, an `onnx.ModelProto`, which is saved in the run folder first. Default: `cnn`. A live `nn.Module`
            needs one of `inputs` for each of its inputs, in order; free axes beside the batch need a size.
        folder: where the run goes; it must hold none yet. Default: a new one, `runs/<time>-<model>`.
        plugins: those to use; all that are installed when None.
        observer: hears what happens; by default a notebook shows a line with the progress.
        cancel: ends the sweep as an interrupt does, once it is set and the step that is under way has ended.
        options: the keys of a configuration file.

    Raises:
        UsageError: something that was asked for cannot be done as it stands; no run is left.
        NoUsableBackend: no contender can be started; no run is left.
        StoreError: the folder holds a run, or cannot be made or written.
        KeyboardInterrupt: it was interrupted or cancelled, and every worker was ended; what was measured is in the folder.
    """
    plugins = plugins or Plugins.discover()
    given = read_options({name: _plain(name, value) for name, value in options.items()}, "sweep")
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
            given |= read_options({"inputs": saved.inputs}, "sweep")
            text = saved.text
        asked = complete(over(read_options({"model": text}, "sweep"), given))
        run = api.sweep(asked, place, plugins=plugins, observer=listening(observer, cancel), command=command)
    result = Result(run, place, price=price, plugins=plugins)
    for reporter, target in zip(reporters, targets, strict=True):
        write_report(target, render(reporter, result.document), force=True)
    return result


def _describe(function: Callable[..., Result]) -> None:
    """Gives `sweep` the signature and the text of the options that a run can be asked for."""
    arguments = inspect.signature(function)
    model, *others, _ = arguments.parameters.values()
    options = {name: option for name, option in declared().items() if name != model.name}
    keywords = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None) for name in options]
    function.__signature__ = arguments.replace(parameters=[model, *keywords, *others])  # type: ignore[attr-defined]
    text = "".join(
        f"        {name}: {option.value}. {option.option.help.removesuffix(' Repeatable.')}\n"
        for name, option in options.items()
    )
    if function.__doc__ is not None:  # as with `python -OO`
        function.__doc__ = function.__doc__.replace("        options: the keys of a configuration file.\n", text)


_describe(sweep)


def load(path: str | os.PathLike[str], *, price: str | None = None) -> Result:
    """A stored run, complete or not.

    Args:
        path: of the run folder, or of its `run.jsonl`.
        price: what the machine costs, such as `"1.20/h"`.

    Raises:
        StoreError: there is no run, or it cannot be read.
        UsageError: the price cannot be understood.
    """
    file = run_file(Path(path))
    return Result(api.load_run(file), file.parent, price=price)


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 - any of what can be asked for
    """Tuples and arrays as lists, tables as dictionaries, paths as texts, durations as seconds; one text for one input."""
    plain = _of_python(value)
    option = declared().get(name)
    if plain is not None and option is not None and option.option.read is values.seconds:
        try:
            return duration_s(plain)
        except UsageError as error:
            raise UsageError(f"sweep: {name}: {error}") from None
    return [plain] if name == "inputs" and isinstance(plain, str) else plain


def _of_python(value: Any) -> Any:  # noqa: ANN401 - any of what can be asked for
    if isinstance(value, Mapping):
        return {str(key): _of_python(part) for key, part in value.items()}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, str) or not isinstance(value, Iterable):
        # A number of numpy is made one of Python.
        return value.item() if hasattr(value, "item") else value
    return [_of_python(part) for part in value]
