"""The context that all steps of preparing a run share."""

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
    """The options, plugins and folders that all steps of preparing a run share."""

    options: RunOptions
    plugins: Plugins
    scratch: Path
    """A folder for temporary files of the run."""
    settings: WorkerSettings
    launch: Launcher = LocalProcess
    """Makes the clients of workers."""
    pythons: Mapping[str, str]
    """Other interpreters in which models are read and converted, by backend."""
    dry: bool = False
    """Whether to only plan conversions."""

    @cached_property
    def models(self) -> Mapping[str, BuiltinModel]:
        """The models that users can name: built-in ones, and those of plugins."""
        return known_models(self.plugins)

    @cached_property
    def model_worker(self) -> ModelWorker:
        """Reads and converts models in separate processes."""
        return ModelWorker(self.settings, self.launch)


def known_models(plugins: Plugins) -> dict[str, BuiltinModel]:
    """Return the models that users can name: built-in ones, and those of plugins."""
    known = builtin_models()
    for model in plugins.models:
        # A plugin cannot replace a model of the same name.
        known.setdefault(model.name, model)
    return known
