"""`fleet.toml`: which models are measured on which machines, with which options of a run."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, get_args

import msgspec

from infer_compare.api.config_file import option_table, read_toml
from infer_compare.errors import UsageError
from infer_compare.fleet.machines import ALL, Per, Selector
from infer_compare.fleet.toml import as_written
from infer_compare.foreign import one_line
from infer_compare.report.price import parse_price
from infer_compare.request.reading import complete, over, read_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.request.options import RunOptions
    from infer_compare.request.reading import Given

KEYS = ("launcher", "address", "machines", "per", "attempts", "models", "options", "prices")
DEFAULT_LAUNCHER = "local"
DEFAULT_ATTEMPTS = 2
MOST_ATTEMPTS = 20
ELSEWHERE = {"price": "write prices by label under [prices]", "reports": "the fleet writes a page of every run"}
"""Options of a run that a fleet does not take, with what to write instead."""


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A model with the options of its runs."""

    table: dict[str, Any]
    """The options as written in the file, by their names in Python."""
    options: Any
    """The same as `RunOptions`."""


class FleetRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a fleet: models, machines and how to reach them."""

    launcher: str = DEFAULT_LAUNCHER
    address: str | None = None
    machines: tuple[str, ...] = ("all",)
    """Selectors as texts."""
    per: Per = "kind"
    attempts: int = DEFAULT_ATTEMPTS
    """How often a job is tried before it counts as lost."""
    models: tuple[ModelRequest, ...]
    prices: dict[str, str] = {}
    """Price by the text of a selector."""

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """The selectors of the machines that take part."""
        return tuple(map(Selector.of, self.machines))


def read_fleet(path: Path) -> FleetRequest:
    """Return the request that a fleet file describes.

    Raises:
        UsageError: it cannot be read, has an unknown key, names no model, or has a value that does not fit.
    """
    return fleet_request(read_toml(path, "a TOML file with the models and machines of a fleet"), str(path))


def fleet_request(table: Mapping[str, Any], where: str) -> FleetRequest:
    """Return the request that the table of a fleet file describes, checked.

    Args:
        table: as parsed from TOML.
        where: how error messages name its place.

    Raises:
        UsageError: see `read_fleet`.
    """
    for key in table:
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"write one of {', '.join(KEYS)}."
            more = " Options of a run stand under [options]." if not near else ""
            raise UsageError(f"{where}: there is no key {one_line(key)!r}; {hint}{more}")
    options = _table(table, "options", where)
    if "model" in options:
        raise UsageError(
            f'{where}: a model stands under [options]; write models = ["{one_line(str(options["model"]))}"].'
        )
    shared = _options(options, f"{where}, [options]")
    return FleetRequest(
        launcher=_text(table, "launcher", where) or DEFAULT_LAUNCHER,
        address=_text(table, "address", where),
        machines=_machines(table.get("machines", "all"), where),
        per=_per(table.get("per", "kind"), where),
        attempts=_attempts(table.get("attempts", DEFAULT_ATTEMPTS), where),
        models=_models(table.get("models"), shared, where),
        prices=_prices(_table(table, "prices", where), where),
    )


def model_request(given: Mapping[str, Any], shared: Mapping[str, Any], where: str) -> ModelRequest:
    """Return a model with its options, which override those that all models share.

    Args:
        given: the options of the model, by their names in Python.
        shared: the options of all models.
        where: how error messages name their place.

    Raises:
        UsageError: a value does not fit.
    """
    table = over(dict(given), dict(shared))
    options: RunOptions = complete(read_options(table, where))
    return ModelRequest(table=table, options=options)


def request_of_run(given: Given, launcher: str | None, address: str | None, machines: Sequence[str]) -> FleetRequest:
    """Return the fleet that `infer-compare run` with machines asks for: one model with the options of the command line.

    Args:
        given: the options that were given, parsed.
        launcher: its name; None for the default.
        address: where the launcher finds its machines.
        machines: selectors as texts; empty for all machines.

    Raises:
        UsageError: a text is not a selector, or a report is requested.
    """
    table = as_written(given)
    price = table.pop("price", None)
    if table.pop("reports", None):
        raise UsageError(
            "--report and --launcher do not go together: a fleet has a page of every run; leave --report out."
        )
    for text in machines:
        Selector.of(text)
    return FleetRequest(
        launcher=launcher or DEFAULT_LAUNCHER,
        address=address,
        machines=tuple(machines) or (ALL,),
        models=(model_request(table, {}, "The command line"),),
        prices={ALL: price} if price is not None else {},
    )


def _models(value: object, shared: Mapping[str, Any], where: str) -> tuple[ModelRequest, ...]:
    entries = [value] if isinstance(value, str | dict) else value
    if not entries:
        raise UsageError(f'{where}: no model is named; write for example models = ["mlp", "net.onnx"].')
    if not isinstance(entries, list):
        raise UsageError(f"{where}: models must be a list of names, files and tables of options, not {_shown(value)}.")
    requests = []
    for place, entry in enumerate(entries, 1):
        here = f"{where}, model {place}"
        if isinstance(entry, dict):
            given = _options(entry, here)
            if "model" not in given and "models" not in given:
                raise UsageError(f'{here}: its table names no model; write for example {{model = "net.onnx"}}.')
        elif isinstance(entry, str):
            given = {"model": entry}
        else:
            raise UsageError(f"{here} must be a text or a table of options, not {_shown(entry)}.")
        requests.append(model_request(given, shared, here))
    return tuple(requests)


def _options(table: dict[str, Any], where: str) -> dict[str, Any]:
    """Return options as they were written, after checking that they can be read."""
    options = option_table(table, where)
    for name, instead in ELSEWHERE.items():
        if name in options:
            raise UsageError(f"{where}: there is no option {name!r} for a fleet; {instead}.")
    read_options(options, where)
    return options


def _machines(value: object, where: str) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise UsageError(
            f'{where}: machines must be "all" or a list of labels such as ["instance-type=c7i.xlarge"], not {_shown(value)}.'
        )
    for text in texts:
        _selector(text, f"{where}: machines")
    return tuple(texts)


def _per(value: object, where: str) -> Per:
    if value not in get_args(Per):
        raise UsageError(f'{where}: per is {_shown(value)}; write "kind" or "host".')
    return value  # type: ignore[return-value]


def _attempts(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_ATTEMPTS:
        raise UsageError(f"{where}: attempts must be a whole number from 1 to {MOST_ATTEMPTS}, not {_shown(value)}.")
    return value


def _prices(table: dict[str, Any], where: str) -> dict[str, str]:
    prices = {}
    for text, price in table.items():
        _selector(text, f"{where}: prices")
        if not isinstance(price, str):
            raise UsageError(
                f'{where}: the price of {one_line(text)} must be a text such as "1.20/h", not {_shown(price)}.'
            )
        try:
            parse_price(price)
        except UsageError as error:
            raise UsageError(f"{where}: prices, {one_line(text)}: {error}") from error
        prices[text] = price
    return prices


def _selector(text: str, where: str) -> None:
    try:
        Selector.of(text)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from error


def _text(table: Mapping[str, Any], key: str, where: str) -> str | None:
    value = table.get(key)
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise UsageError(f"{where}: {key} must be a text, not {_shown(value)}.")
    return value


def _table(table: Mapping[str, Any], key: str, where: str) -> dict[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(f"{where}: {key} must be a table [{key}], not {_shown(value)}.")
    return value


def _shown(value: object) -> str:
    return one_line(repr(value), 60)
