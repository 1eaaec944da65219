"""The adapter to a framework: one class per framework, one object per worker."""

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

    The class is framework-free: the framework is imported by `version`, `devices` or `load`, never before.
    It is made in a worker process with the thread budget and the options of one contender. There `version` is called first,
    then `devices`, `load` and `to_device`, each once.
    """

    name: ClassVar[str]
    """What people type: lower case, an identifier."""
    aliases: ClassVar[tuple[str, ...]] = ()
    api_version: ClassVar[int] = 2
    """The `API_VERSION` that the class was written for; 2, the first that is kept, where it does not say."""
    requires: ClassVar[tuple[str, ...]] = ()
    """Top-level modules of the framework; they are looked for, never imported, to tell whether it is installed."""
    install_hint: ClassVar[str] = ""
    """The command that installs the framework, such as `pip install infer-compare[torch]`."""
    distributions: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """By top-level module, the distributions that bring it, where it is not one of the module's own name. Each run records
    their versions; of several that bring the same module, only one may be installed."""
    rests_on: ClassVar[tuple[str, ...]] = ()
    """Other distributions that decide how the framework computes, such as `jaxlib` or `nvidia-cudnn-cu12`. Each run records the
    versions of those that are installed."""
    variables: ClassVar[tuple[str, ...]] = ()
    """Beginnings of environment variables that change how the framework runs, such as `ORT_`; each run records them."""
    capabilities: ClassVar[Capabilities]
    """Formats, devices and what else it can do, readable without the framework."""
    options: ClassVar[type[Options]] = Options
    """The type of its options; that without any by default."""

    def __init__(self, settings: Settings) -> None:
        """Keeps the settings. Raise `OptionError` for options that exclude one another."""
        self.settings = settings

    @abstractmethod
    def version(self) -> str:
        """Return the framework's version; this is the first call that may import it, and applies the thread budget."""

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
            model: its format and location as the user typed it; `inputs` has what `--input` said of them.
            folder: where files may be written that the run needs.

        Raises:
            UnsupportedModel: the model is of another framework.
            ModelError: it cannot be read, it raised, or its inputs are not known; the text says what to do.
            UntrustedModel: it may execute code when loaded, and is not trusted.
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
        """Return which other model is to be made of a model for `Settings.precision`, before anything is measured. It is called
        in a separate process, only for contenders that ask for a precision.

        Args:
            model: as `load` would get it.
            device: where it is to run.

        Returns:
            What `write_variant` would make; None where `load` takes the model as it is. Default: None.

        Raises:
            UnsupportedModel: the model cannot be computed in this precision; the contender is then left out, with the text
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
        """Write the model that `plan_variant` announced, and return it. It is called once for all restarts, in a separate
        process; what it writes is kept between runs.

        Args:
            model: as `plan_variant` got it.
            device: where it is to run.
            calibration: batches of the run's inputs, as a session gets them: together as many rows as were asked for, fewer
                where the data set is smaller.
            folder: where to write; empty.

        Returns:
            What `load` gets instead: a file or folder in `folder`, in one of the formats in `Capabilities.formats`.

        Raises:
            UnsupportedModel: the model cannot be computed in this precision.
            ModelError: it cannot be written, for another reason.
        """
        raise UnsupportedModel(f"The backend {self.name} does not write {model.location} in another precision.")

    @classmethod
    def save(cls, model: object, inputs: Sequence[TensorSpec], folder: Path) -> ModelSource | None:  # noqa: ARG003 - an override writes there
        """Write a live model of this framework as a file that workers load, and return its source. It is called in the user's
        own process, which has already imported the framework, and never while something is measured.

        Args:
            model: any object; it must be left as it is.
            inputs: the user's description of its inputs, in order; empty if it is incomplete.
            folder: where to write.

        Returns:
            Format, place and, where they have names of their own, inputs of what was written; None where the object is no
            model of this framework. Default: None.

        Raises:
            UnsupportedModel: it is one, and cannot be written.
            ModelError: its inputs are not known, or they are wrong.
        """
        return None

    @classmethod
    def candidates(cls, machine: Machine) -> Sequence[Mapping[str, str]]:  # noqa: ARG003 - an override looks at it
        """Return the configurations that are worth trying on a machine, beside that without any option, which
        `infer-compare tune` tries in any case. It is called without the framework, in the user's own process.

        Args:
            machine: what is known of it.

        Returns:
            Options of the backend and `precision`, as they would be typed after `-b`: `{"precision": "int8"}`. Threads and
            instances are chosen for all backends alike. The cheap ones first: what takes long to start is tried last.
        """
        return ()

    @classmethod
    def snippet(cls, model: ModelSource, settings: Settings, device: Device) -> str | None:  # noqa: ARG003 - an override writes one
        """Return Python code that runs a model in the framework alone as a contender ran it, to be pasted into a program.

        The code needs no infer-compare for a format in `Capabilities.formats`; for a model that the backend imports it may call
        the importer. It reads the model from `model.location`, sets what the settings say, and defines a function `predict`,
        which takes the inputs as arrays of numpy, in order, and returns a list of such arrays. `snippet` is called without the
        framework, in the user's own process.

        Args:
            model: as `load` gets it, with its location as the code should name it.
            settings: options, threads and precision.
            device: where it runs.

        Returns:
            The code; None where there is none for that model or these options. Default: None.
        """
        return None

    @abstractmethod
    def to_device(self, loaded: Loaded, device: Device) -> Session[Any]:
        """Put a loaded model on a device.

        Raises:
            DeviceUnavailable: the device is not there; it is never replaced by another device.
        """

    @abstractmethod
    def classify(self, error: BaseException) -> Classification:
        """Return what an exception means, from its type, text and chain alone; import no framework."""

    def batches(self, dataset: Sequence[Array], size: int) -> Iterator[Batch]:
        """Return the batches of one pass over a data set, the last partial one included. Default: numpy slices."""
        length = len(dataset[0])
        for start in range(0, length, size):
            yield [array[start : start + size] for array in dataset]
