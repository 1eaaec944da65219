"""The objects of plugins other than backends, checked and kept by kind."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from infer_compare.environment.energy import energy
from infer_compare.errors import UsageError
from infer_compare.plugins.converter_registration import read_converter
from infer_compare.plugins.entries import ConverterEntry, DatasetEntry
from infer_compare.plugins.launcher_registration import read_launcher
from infer_compare.plugins.metric_registration import read_metric
from infer_compare.plugins.registration import read_dataset, read_model
from infer_compare.plugins.reporter_registration import read_reporter

if TYPE_CHECKING:
    from collections.abc import Callable

    from infer_compare.interfaces import BuiltinModel, Metric, Reporter
    from infer_compare.plugins.entries import LauncherEntry, Origin


class Brought:
    """Models, converters, report formats, metrics, data sets and launchers; the first owner of a name keeps it."""

    def __init__(self) -> None:
        """Contains the built-in objects."""
        self.models: list[BuiltinModel] = []
        self.converters: dict[str, ConverterEntry] = {}
        """By reference."""
        self.reporters: dict[str, Reporter] = {}
        self.metrics: dict[str, Metric] = {metric.name: metric for metric in (energy(),)}
        self.datasets: dict[str, DatasetEntry] = {}
        self.launchers: dict[str, LauncherEntry] = {}
        self.kinds: dict[str, Callable[..., None]] = {
            "models": self._keep_model,
            "converters": self._keep_converter,
            "reporters": self._keep_reporter,
            "metrics": self._keep_metric,
            "datasets": self._keep_dataset,
            "launchers": self._keep_launcher,
        }
        """By the last word of the hook's name, the function that keeps an object or raises `Unfit`."""

    def metric(self, name: str) -> Metric:
        """Return the metric with a name.

        Raises:
            UsageError: there is none; the message lists the known ones.
        """
        if name not in self.metrics:
            near = difflib.get_close_matches(name, self.metrics, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise UsageError(f"There is no metric {name!r}.{hint} Known: {', '.join(self.metrics)}.")
        return self.metrics[name]

    def _keep_model(self, candidate: object, **_: Origin) -> None:
        self.models.append(read_model(candidate))

    def _keep_converter(self, candidate: object, origin: Origin) -> None:
        converter = read_converter(candidate)
        reference = f"{origin.plugin}:{converter.source}:{converter.target}"
        self.converters[reference] = ConverterEntry(converter, origin, reference)

    def _keep_reporter(self, candidate: object, **_: Origin) -> None:
        reporter = read_reporter(candidate, self.reporters)
        self.reporters[reporter.name] = reporter

    def _keep_metric(self, candidate: object, **_: Origin) -> None:
        metric = read_metric(candidate, self.metrics)
        self.metrics[metric.name] = metric

    def _keep_dataset(self, candidate: object, origin: Origin) -> None:
        dataset = read_dataset(candidate, self.datasets)
        self.datasets[dataset.name] = DatasetEntry(dataset, origin, f"{origin.plugin}:{dataset.name}")

    def _keep_launcher(self, candidate: object, origin: Origin) -> None:
        launcher = read_launcher(candidate, origin, self.launchers)
        self.launchers[launcher.name] = launcher
