"""Processes that read, convert and load models before anything is measured."""

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
    """Has models read and converted, each in a process of its own: what a model's file or code does stays there."""

    def __init__(self, settings: WorkerSettings, launch: Launcher = LocalProcess) -> None:
        """Starts nothing.

        Args:
            settings: the thread budget, the seed of what a callable draws at random, and the cap of memory.
            launch: makes clients of workers.
        """
        self._settings = settings
        self._launch = launch

    def describe(self, entry: BackendEntry, python: str | None, model: ModelSource, folder: Path) -> ModelDescription:
        """What a model is that only a framework can read.

        Args:
            entry: the backend that is asked.
            python: its interpreter, where that is another one.
            model: as it was typed.
            folder: for files that the run needs.

        Raises:
            UnsupportedModel: it is of another framework.
            ModelError: it cannot be read, or the process was lost over it.
        """
        with self._worker(python, f"Reading {model.location} with {entry.name}") as client:
            client.open(self._opening(entry))
            work = Describe(model=model, folder=str(folder))
            return client.ask(work, Described, deadline_s=WORK_DEADLINE_S).description

    def convert(self, entry: ConverterEntry, python: str | None, model: ModelSource, target: Path) -> None:
        """Writes a model as one of another format.

        Raises:
            ModelError: it cannot be converted, or the process was lost over it.
        """
        what = f"Converting {model.name} from {entry.converter.source} to {entry.converter.target}"
        with self._worker(python, what) as client:
            client.spawn()
            work = Convert(converter=entry.reference, model=model, target=str(target))
            client.ask(work, Done, deadline_s=WORK_DEADLINE_S)
        if not (target.is_file() or target.is_dir()):
            raise ModelError(f"{what} wrote {'something else than a file' if target.exists() else 'nothing'}.")

    def load(self, route: Route) -> None:
        """Load a model as a contender would, and give it up again.

        Raises:
            UnsupportedModel: the backend lacks an operator, or cannot run the model for another reason.
            ModelError: the model cannot be read, the device is not there, or the process was lost over it.
        """
        spec, entry = route.contender.spec, route.contender.entry
        with self._worker(spec.python, f"Loading {route.model.name} with {entry.name}") as client:
            client.open(self._opening(entry, spec))
            client.load(Load(model=route.model, device=spec.device), deadline_s=WORK_DEADLINE_S)

    def plan_variant(self, route: Route) -> VariantPlan | None:
        """Return which model the contender's backend makes of its model for the precision that it is asked for; None where it
        loads the model as it is.

        Raises:
            UnsupportedModel: the model cannot be computed in that precision.
            ModelError: it cannot be read, or the process was lost over it.
        """
        spec, entry = route.contender.spec, route.contender.entry
        with self._worker(spec.python, f"Looking at {route.model.name} with {entry.name}") as client:
            client.open(self._opening(entry, spec))
            request = PlanVariant(model=route.model, device=spec.device)
            return client.ask(request, PlannedVariant, deadline_s=WORK_DEADLINE_S).plan

    def write_variant(
        self, route: Route, folder: Path, calibration: Inputs | None = None, rows: int = 0, batch: int = 1
    ) -> ModelSource:
        """Have that model made, and return it.

        Args:
            route: of the contender.
            folder: where it goes; empty.
            calibration: files with the rows that it is calibrated with; None where it needs none.
            rows: how many of them.
            batch: how many of them at once.

        Raises:
            UnsupportedModel: the model cannot be computed in that precision.
            ModelError: it cannot be made, or the process was lost over it.
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
        """Has a function of the user's make data, or a data set of a plugin loaded, and writes it to a folder.

        Raises:
            ModelError: it is missing, raised, or returned something else.
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
        """Give a client, and name what goes wrong with it; `what` is done, in words."""
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
