"""`infer_compare.sweep` and `infer_compare.load`: what a script or a notebook calls."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infer_compare import api
from infer_compare.api.live import is_live, name_of, saved_in
from infer_compare.api.options import options_from
from infer_compare.api.result import Result
from infer_compare.plugins import Plugins
from infer_compare.report import find_reporter, render
from infer_compare.report.files import check_free, write_report
from infer_compare.report.price import parse_price
from infer_compare.store import FILE, default_folder, run_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infer_compare.phases.events import Observer
    from infer_compare.request.sweep_request import Mode
    from infer_compare.results import Scope


def sweep(
    model: object = None,
    *,
    contenders: Sequence[str | Mapping[str, Any]] | None = None,
    backends: str | Sequence[str] | None = None,
    models: Mapping[str, str | os.PathLike[str]] | None = None,
    device: str | None = None,
    batch_sizes: str | int | Sequence[int] | None = None,
    inputs: str | Sequence[str] | None = None,
    data: str | os.PathLike[str] | None = None,
    scope: Scope | None = None,
    threads: int | None = None,
    seed: int | None = None,
    mode: Mode | None = None,
    restarts: int | None = None,
    rounds: int | None = None,
    budget: str | float | None = None,
    latency_bound: str | float | None = None,
    percentile: float | None = None,
    rtol: float | None = None,
    max_memory: str | int | None = None,
    max_device_memory: str | int | None = None,
    backstop: bool | None = None,
    find_limit: bool | None = None,
    timeout: str | float | None = None,
    python: Mapping[str, str | os.PathLike[str]] | None = None,
    convert: bool | None = None,
    trust: bool | None = None,
    layout: Mapping[str, str] | None = None,
    input_map: Sequence[str] | Mapping[str, Mapping[str, str]] | None = None,
    output_map: Sequence[str] | Mapping[str, Mapping[str, str]] | None = None,
    price: str | None = None,
    reports: Sequence[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
    plugins: Plugins | None = None,
    observer: Observer | None = None,
) -> Result:
    """Measures a model on several frameworks over batch sizes, as `infer-compare run` does, and stores the run.

    What is None has the default of the command line. Durations are texts with a unit or seconds; sizes of memory are
    texts with a unit or bytes.

    Args:
        model: a built-in name, a path or `file.py:function`, as on the command line; or a live model: an `nn.Module`, a
            `keras.Model`, an `onnx.ModelProto`, which is saved in the run folder first. Default: `cnn`.
        contenders: as after `-b`, such as `"torch:compile=true@cuda:0"`; or tables with `backend`, `options`, `device`
            and `label`. Default: torch and onnx.
        backends: further contenders, by the names of their backends alone.
        models: other models for single contenders, by label, or for backends, by name.
        device: of contenders that name none.
        batch_sizes: sizes, or a text such as `"1:1024:x2"`; powers of two by default.
        inputs: as after `--input`, such as `"x:f32[batch,3,224,224]"`. A live `nn.Module` needs one for each of its
            inputs, in order; free axes beside the batch need a size.
        data: a data set that inputs are taken from.
        scope: what the clock covers: `device`, `end_to_end` or `dataset`.
        threads: of every backend.
        seed: of weights, inputs and order.
        mode: `quick`, `default` or `thorough`.
        restarts: instead of the mode's own number.
        rounds: of each restart, instead of the mode's own number.
        budget: use about this much time.
        latency_bound: answer for this bound.
        percentile: at which the bound must hold.
        rtol: tolerance for the agreement of outputs.
        max_memory: cap of one worker's memory.
        max_device_memory: what a framework may take of an accelerator's memory.
        backstop: also have the kernel refuse memory beyond the cap.
        find_limit: also search for the largest batch that fits.
        timeout: for one answer of a worker.
        python: interpreters of other environments, by backend.
        convert: whether the model may be converted.
        trust: whether model files may run code of their own.
        layout: of images, by backend with a model of its own.
        input_map: which input one of its own model is.
        output_map: which output one of its own model is.
        price: what the machine costs, such as `"1.20/h"`.
        reports: formats of reports that are left in the run folder.
        folder: where the run goes; it must hold none yet. Default: a new one, `runs/<time>-<model>`.
        plugins: those to use; all that are installed when None.
        observer: hears what happens.

    Raises:
        UsageError: something that was asked for cannot be done as it stands; no run is left.
        NoUsableBackend: no contender can be started; no run is left.
        StoreError: the folder holds a run, or cannot be made or written.
        KeyboardInterrupt: after every worker was ended; what was measured is in the folder.
    """
    said = {
        "models": _texts(models),
        "backends": _sequence(backends),
        "contenders": _sequence(contenders),
        "device": device,
        "batch_sizes": _sequence(batch_sizes),
        "inputs": [inputs] if isinstance(inputs, str) else _sequence(inputs),
        "data": None if data is None else os.fspath(data),
        "scope": scope,
        "threads": threads,
        "seed": seed,
        "mode": mode,
        "restarts": restarts,
        "rounds": rounds,
        "budget": budget,
        "latency_bound": latency_bound,
        "percentile": percentile,
        "rtol": rtol,
        "max_memory": max_memory,
        "max_device_memory": max_device_memory,
        "backstop": backstop,
        "find_limit": find_limit,
        "timeout": timeout,
        "python": _texts(python),
        "convert": convert,
        "trust": trust,
        "layout": _texts(layout),
        "input_map": _sequence(input_map),
        "output_map": _sequence(output_map),
        "price": price,
        "reports": _sequence(reports),
    }
    plugins = plugins or Plugins.discover()
    options = options_from(said, "sweep")
    if price is not None:
        parse_price(price)
    reporters = [find_reporter(name, plugins) for name in options.reports or ()]
    live = is_live(model)
    text = name_of(model) if live else None if model is None else os.fspath(model)  # type: ignore[call-overload]
    place = Path(folder) if folder is not None else default_folder(text or options.request().model)
    command = ("infer-compare", "run", "--config", str(place / FILE))
    targets = [place / f"report{reporter.suffix}" for reporter in reporters]
    for target in targets:
        check_free(target)
    with contextlib.ExitStack() as stack:
        if live:
            saved = stack.enter_context(saved_in(place, model, options.inputs or (), plugins))
            options = options_from({**said, "inputs": saved.inputs}, "sweep")
            text = saved.text
        request = options_from({"model": text}, "sweep").over(options).request(command)
        run = api.sweep(request, place, plugins=plugins, observer=observer)
    result = Result(run, place, price=price, plugins=plugins)
    for reporter, target in zip(reporters, targets, strict=True):
        write_report(target, render(reporter, result.document), force=True)
    return result


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


def _sequence(value: Any) -> Any:  # noqa: ANN401 - any of what can be asked for
    """Tuples and arrays as lists, tables as dictionaries; texts and numbers as they are."""
    from collections.abc import Iterable, Mapping

    if isinstance(value, Mapping):
        return {str(name): _sequence(one) for name, one in value.items()}
    if isinstance(value, str) or not isinstance(value, Iterable):
        # A number of numpy is made one of Python.
        return value.item() if hasattr(value, "item") else value
    return [_sequence(one) for one in value]


def _texts(value: Mapping[str, str | os.PathLike[str]] | None) -> dict[str, str] | None:
    return None if value is None else {name: os.fspath(one) for name, one in value.items()}
