"""Reading, converting and loading models in separate processes, before anything is measured."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from infer_compare.errors import (
    InferCompareError,
    ModelError,
    UnsupportedModel,
    UntrustedModel,
    WorkerDied,
    WorkerError,
    WorkerTimeout,
)
from infer_compare.worker.client import LocalProcess, OtherVersion, RequestFailed
from infer_compare.worker.protocol import (
    Collect,
    Convert,
    Describe,
    Described,
    Done,
    Load,
    Open,
    PlannedVariant,
    PlanVariant,
    WriteVariant,
    WrittenVariant,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infer_compare.interfaces import ModelDescription, ModelSource, VariantPlan
    from infer_compare.plugins import BackendEntry, ConverterEntry, DatasetEntry
    from infer_compare.preparation.route import Route
    from infer_compare.results import ContenderSpec
    from infer_compare.worker.client import Launcher, WorkerClient
    from infer_compare.worker.protocol import Inputs
    from infer_compare.worker.settings import WorkerSettings

WORK_DEADLINE_S = 900.0
"""Exporting a large model takes minutes."""

_RAISED: dict[str, type[InferCompareError]] = {
    "unsupported": UnsupportedModel,
    "untrusted": UntrustedModel,
    "model": ModelError,
    "usage": ModelError,
    "device": ModelError,
}


class ModelWorker:
    """Reads and converts models, each in a separate process, which isolates crashes and side effects of model code."""

    def __init__(self, settings: WorkerSettings, launch: Launcher = LocalProcess) -> None:
        """Starts nothing.

        Args:
            settings: the thread budget, the random seed and the memory limit.
            launch: makes clients of workers.
        """
        self._settings = settings
        self._launch = launch

    def describe(self, entry: BackendEntry, python: str | None, model: ModelSource, folder: Path) -> ModelDescription:
        """Return a backend's description of a model that only its framework can read.

        Args:
            entry: the backend.
            python: its interpreter, if it is not this one.
            model: as it was typed.
            folder: for files that the run needs.

        Raises:
            UnsupportedModel: the model belongs to another framework.
            ModelError: the model cannot be read, or the process died.
        """
        with self._worker(python, f"Reading {model.location} with {entry.name}") as client:
            client.open(self._opening(entry))
            work = Describe(model=model, folder=str(folder))
            return client.ask(work, Described, deadline_s=WORK_DEADLINE_S).description

    def convert(self, entry: ConverterEntry, python: str | None, model: ModelSource, target: Path) -> None:
        """Convert a model to another format, and write it to `target`.

        Raises:
            ModelError: the model cannot be converted, or the process died.
        """
        what = f"Converting {model.name} from {entry.converter.source} to {entry.converter.target}"
        with self._worker(python, what) as client:
            client.spawn()
            work = Convert(converter=entry.reference, model=model, target=str(target))
            client.ask(work, Done, deadline_s=WORK_DEADLINE_S)
        if not (target.is_file() or target.is_dir()):
            raise ModelError(f"{what} wrote {'something else than a file' if target.exists() else 'nothing'}.")

    def load(self, route: Route) -> None:
        """Load a model as its contender would, to check that this works.

        Raises:
            UnsupportedModel: the backend lacks an operator, or cannot run the model for another reason.
            ModelError: the model cannot be read, there is no such device, or the process died.
        """
        spec, entry = route.contender.spec, route.contender.entry
        with self._worker(spec.python, f"Loading {route.model.name} with {entry.name}") as client:
            client.open(self._opening(entry, spec))
            client.load(Load(model=route.model, device=spec.device), deadline_s=WORK_DEADLINE_S)

    def plan_variant(self, route: Route) -> VariantPlan | None:
        """Return the backend's plan for a variant of the model in the contender's precision; None if it needs no variant.

        Raises:
            UnsupportedModel: the model cannot be computed in that precision.
            ModelError: the model cannot be read, or the process died.
        """
        spec, entry = route.contender.spec, route.contender.entry
        with self._worker(spec.python, f"Looking at {route.model.name} with {entry.name}") as client:
            client.open(self._opening(entry, spec))
            request = PlanVariant(model=route.model, device=spec.device)
            return client.ask(request, PlannedVariant, deadline_s=WORK_DEADLINE_S).plan

    def write_variant(
        self, route: Route, folder: Path, calibration: Inputs | None = None, rows: int = 0, batch: int = 1
    ) -> ModelSource:
        """Make the variant of a model in the contender's precision, and return it.

        Args:
            route: of the contender.
            folder: where the variant is written; must be empty.
            calibration: files with rows for calibration; None if the variant needs none.
            rows: how many rows the files have.
            batch: how many rows to use at once.

        Raises:
            UnsupportedModel: the model cannot be computed in that precision.
            ModelError: the variant cannot be made, or the process died.
        """
        spec, entry = route.contender.spec, route.contender.entry
        what = f"Making {route.model.name} {spec.precision} with {entry.name}"
        with self._worker(spec.python, what) as client:
            client.open(self._opening(entry, spec))
            if calibration is not None:
                client.ask(calibration, Done, deadline_s=WORK_DEADLINE_S)
            request = WriteVariant(model=route.model, device=spec.device, folder=str(folder), rows=rows, batch=batch)
            model = client.ask(request, WrittenVariant, deadline_s=WORK_DEADLINE_S).model
        if not (model.path.is_relative_to(folder) and model.path.exists()):
            raise ModelError(f"{what} wrote nothing that can be loaded: {model.location} is not a file in {folder}.")
        return model

    def collect(self, location: str, folder: Path, dataset: DatasetEntry | None = None) -> None:
        """Write the data that a user's function or a plugin's data set returns to a folder.

        Raises:
            ModelError: the function is missing, raised, or returned something else.
        """
        folder.mkdir(parents=True, exist_ok=True)
        reference = "" if dataset is None else dataset.reference
        work = Collect(location=location, folder=str(folder), dataset=reference, seed=self._settings.seed)
        with self._worker(None, f"Making the data of {location}") as client:
            client.spawn()
            client.ask(work, Done, deadline_s=WORK_DEADLINE_S)

    def _opening(self, entry: BackendEntry, spec: ContenderSpec | None = None) -> Open:
        settings = self._settings
        return Open(
            backend=entry.reference,
            options=spec.options if spec is not None else {},
            threads=(spec.threads if spec is not None else None) or settings.threads,
            precision=spec.precision if spec is not None else None,
            seed=settings.seed,
        )

    @contextmanager
    def _worker(self, python: str | None, what: str) -> Iterator[WorkerClient]:
        """Yield the client of a worker, and turn its failures into errors that begin with `what`."""
        try:
            with self._launch(python, max_memory=self._settings.max_memory) as client:
                yield client
        except OSError as error:
            raise ModelError(f"{what}: {python} cannot be started ({error.strerror or error}).") from error
        except RequestFailed as error:
            failure = error.failure
            if failure.category in _RAISED:
                raise _RAISED[failure.category](failure.text) from None
            raise ModelError(f"{what} raised {error}") from None
        except OtherVersion:
            raise ModelError(f"{what}: {python} has another version of infer-compare; install the same.") from None
        except WorkerTimeout as error:
            raise ModelError(f"{what} took longer than {error.deadline_s:.0f} s.") from error
        except WorkerDied as error:
            if error.killed_for is not None:
                raise ModelError(
                    f"{what} needed more memory than {self._settings.max_memory / 2**20:.0f} MiB."
                ) from error
            last = error.stderr_tail.strip().splitlines()[-1:] or [str(error)]
            raise ModelError(f"{what} ended its process: {last[0]}") from error
        except WorkerError as error:
            raise ModelError(f"{what}: {error}") from error
