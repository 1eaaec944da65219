"""What every step of preparing a run is given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from infer_compare.models.builtin import builtin_models
from infer_compare.preparation.model_worker import ModelWorker
from infer_compare.worker.client import LocalProcess

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infer_compare.interfaces import BuiltinModel
    from infer_compare.plugins import Plugins
    from infer_compare.request.options import RunOptions
    from infer_compare.worker.client import Launcher
    from infer_compare.worker.settings import WorkerSettings


@dataclass(frozen=True, kw_only=True)
class PreparationContext:
    """What every step of preparing a run is given."""

    options: RunOptions
    """What is asked for."""
    plugins: Plugins
    """What is installed."""
    scratch: Path
    """A folder for files that the run needs and nobody keeps."""
    settings: WorkerSettings
    """What workers are started with."""
    launch: Launcher = LocalProcess
    """Makes the clients of workers."""
    pythons: Mapping[str, str]
    """Other interpreters in which models are read and converted, by backend."""
    dry: bool = False
    """Whether nothing is to be converted."""

    @cached_property
    def models(self) -> Mapping[str, BuiltinModel]:
        """The models that can be asked for by name."""
        return known_models(self.plugins)

    @cached_property
    def model_worker(self) -> ModelWorker:
        """Has models read and converted."""
        return ModelWorker(self.settings, self.launch)


def known_models(plugins: Plugins) -> dict[str, BuiltinModel]:
    """Return the models that can be asked for by name: built in, and brought by plugins."""
    known = builtin_models()
    for model in plugins.models:
        # A taken name stays with its first owner.
        known.setdefault(model.name, model)
    return known
