"""The base class of backends: one class per framework, one object per worker."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from infer_compare.errors import DeviceUnavailable, UnsupportedModel
from infer_compare.interfaces.models import ModelDescription, ModelSource, TensorSpec, VariantPlan
from infer_compare.interfaces.session import Array, Batch, Session
from infer_compare.interfaces.values import (
    Capabilities,
    Classification,
    Device,
    Machine,
    Options,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

__all__ = ["Array", "Backend", "Batch", "Session"]

Loaded = TypeVar("Loaded")


class Backend(ABC, Generic[Loaded]):
    """The adapter to one framework.

    Importing and creating the class must not import the framework; `version`, `devices` or `load` imports it.
    An object is created in a worker process with the thread budget and the options of one contender. `version` is called
    first, then `devices`, `load` and `to_device`, each once.
    """

    name: ClassVar[str]
    """The name that users type: an identifier in lower case."""
    aliases: ClassVar[tuple[str, ...]] = ()
    api_version: ClassVar[int] = 2
    """The `API_VERSION` that the class was written for; by default 2, the first supported version."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Top-level modules of the framework; to see whether it is installed they are looked up, not imported."""
    install_hint: ClassVar[str] = ""
    """The command that installs the framework, such as `pip install infer-compare[torch]`."""
    distributions: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """For each top-level module whose distribution has another name, the distributions that provide it. Each run records
    their versions; of several that provide the same module, only one may be installed."""
    rests_on: ClassVar[tuple[str, ...]] = ()
    """Other distributions that affect how the framework computes, such as `jaxlib` or `nvidia-cudnn-cu12`. Each run records the
    versions of those that are installed."""
    variables: ClassVar[tuple[str, ...]] = ()
    """Prefixes of environment variables that change how the framework runs, such as `ORT_`; each run records these variables."""
    capabilities: ClassVar[Capabilities]
    """Formats, devices and other capabilities, readable without the framework."""
    options: ClassVar[type[Options]] = Options
    """The type of its options; by default it has none."""

    def __init__(self, settings: Settings) -> None:
        """Store the settings. Raise `OptionError` for options that exclude one another."""
        self.settings = settings

    @abstractmethod
    def version(self) -> str:
        """Return the framework's version. This is the first call that may import the framework; it applies the thread budget."""

    @abstractmethod
    def devices(self) -> Sequence[Device]:
        """Return the devices of this machine that the framework can use."""

    @abstractmethod
    def load(self, model: ModelSource) -> Loaded:
        """Read the model into host memory. Importers run here.

        Raises:
            UnsupportedModel: the format, or an operator (named with its node and opset), is not supported.
            ModelError: the file cannot be read.
        """

    def describe(self, model: ModelSource, folder: Path) -> ModelDescription:  # noqa: ARG002 - an override writes there
        """Return the description of a model that only the framework can read. It is called once per run, in a separate process.
        A callable is called here, seeded, and its result is saved for all workers to load. Default: the model is loaded on
        the first device, and its session's inputs and outputs are what it has.

        Args:
            model: its format and location as the user typed it; `inputs` has the descriptions given with `--input`.
            folder: where to write files that the run needs.

        Raises:
            UnsupportedModel: the model is of another framework.
            ModelError: the model cannot be read, raised an error, or its inputs are not known; the message says what to do.
            UntrustedModel: the model may execute code when loaded, and is not trusted.
        """
        if model.format not in (*self.capabilities.formats, *self.capabilities.imports):
            raise UnsupportedModel(
                f"The backend {self.name} cannot read {model.location} of the format {model.format}."
            )
        devices = self.devices()
        if not devices:
            raise DeviceUnavailable(
                f"The backend {self.name} has no device here on which {model.location} can be read."
            )
        with self.to_device(self.load(model), devices[0]) as session:
            return ModelDescription(source=model, inputs=tuple(session.inputs), outputs=tuple(session.outputs))

    def plan_variant(self, model: ModelSource, device: Device) -> VariantPlan | None:  # noqa: ARG002 - an override looks at them
        """Return a plan for converting a model to `Settings.precision`, before anything is measured. Called in a separate
        process, only for contenders with a precision.

        Args:
            model: as `load` would get it.
            device: the device on which it will run.

        Returns:
            The model that `write_variant` would make; None if `load` takes the model as it is. Default: None.

        Raises:
            UnsupportedModel: the model cannot be computed in this precision; the contender is then skipped, with the message
                as the reason.
        """
        return None

    def write_variant(
        self,
        model: ModelSource,
        device: Device,  # noqa: ARG002 - an override looks at it
        calibration: Sequence[Batch],  # noqa: ARG002 - as above
        folder: Path,  # noqa: ARG002 - as above
    ) -> ModelSource:
        """Write the model that `plan_variant` announced, and return its source. Called once for all restarts, in a separate
        process; the written model is cached between runs.

        Args:
            model: as `plan_variant` got it.
            device: the device on which it will run.
            calibration: batches of the run's inputs, as a session gets them: together as many rows as the plan asked for, fewer
                if the data set is smaller.
            folder: an empty folder to write to.

        Returns:
            The source that `load` gets instead: a file or folder in `folder`, in one of `Capabilities.formats`.

        Raises:
            UnsupportedModel: the model cannot be computed in this precision.
            ModelError: the model cannot be written, for another reason.
        """
        raise UnsupportedModel(f"The backend {self.name} does not write {model.location} in another precision.")

    @classmethod
    def save(cls, model: object, inputs: Sequence[TensorSpec], folder: Path) -> ModelSource | None:  # noqa: ARG003 - an override writes there
        """Write a live model of this framework to a file that workers load, and return its source. Called in the user's
        process, which has already imported the framework, and never during a measurement.

        Args:
            model: any object; it must not be changed.
            inputs: the user's descriptions of its inputs, in order; empty if they are incomplete.
            folder: where to write.

        Returns:
            The format and location of the written model, and its inputs if the file names them; None if the object is not a
            model of this framework. Default: None.

        Raises:
            UnsupportedModel: the object is a model of this framework but cannot be written.
            ModelError: its inputs are unknown or wrong.
        """
        return None

    @classmethod
    def candidates(cls, machine: Machine) -> Sequence[Mapping[str, str]]:  # noqa: ARG003 - an override looks at it
        """Return the configurations worth trying on a machine, besides the default configuration, which
        `infer-compare tune` always tries. Called without the framework, in the user's process.

        Args:
            machine: the properties of the machine.

        Returns:
            Options of the backend and `precision`, as they would be typed after `-b`: `{"precision": "int8"}`. Threads and
            instances are chosen for all backends alike. Configurations that take long to start come last.
        """
        return ()

    @classmethod
    def snippet(cls, model: ModelSource, settings: Settings, device: Device) -> str | None:  # noqa: ARG003 - an override writes one
        """Return Python code, ready to paste into a program, that runs a model as a contender ran it.

        For a format in `Capabilities.formats` the code must not need infer-compare; for an imported model it may call the
        importer. The code reads the model from `model.location`, applies the settings, and defines a function `predict`,
        which takes the inputs as numpy arrays, in order, and returns a list of numpy arrays. Called without the framework, in
        the user's process.

        Args:
            model: as `load` gets it, with the location that the code should name.
            settings: options, threads and precision.
            device: the device on which the model runs.

        Returns:
            The code; None if there is none for this model or these options. Default: None.
        """
        return None

    @abstractmethod
    def to_device(self, loaded: Loaded, device: Device) -> Session[Any]:
        """Put a loaded model on a device.

        Raises:
            DeviceUnavailable: the device does not exist; never use another device instead.
        """

    @abstractmethod
    def classify(self, error: BaseException) -> Classification:
        """Return the kind of failure that an exception means, from its type, text and chain; must not import the framework."""

    def batches(self, dataset: Sequence[Array], size: int) -> Iterator[Batch]:
        """Return the batches of one pass over a data set, the last partial one included. Default: numpy slices."""
        length = len(dataset[0])
        for start in range(0, length, size):
            yield [array[start : start + size] for array in dataset]
