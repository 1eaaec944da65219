"""The TensorFlow backend: Keras models, SavedModels, and ONNX models rendered as one `tf.function`.

Importing this package imports neither TensorFlow nor numpy; `session` does, when it is first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from infer_compare import hookimpl
from infer_compare.backends import Backend, Capabilities, Classification, Converter, Options, UnsupportedModel
from infer_compare_tensorflow import failures
from infer_compare_tensorflow.converters import BACKEND, INSTALL_HINT, NATIVE, converters
from infer_compare_tensorflow.options import TensorFlowOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from infer_compare.backends import (
        Array,
        Batch,
        Device,
        Machine,
        ModelDescription,
        ModelSource,
        Settings,
        TensorSpec,
    )
    from infer_compare_tensorflow.dataset import Pipeline
    from infer_compare_tensorflow.importer import Program
    from infer_compare_tensorflow.native import NativeProgram
    from infer_compare_tensorflow.session import TensorFlowSession

__all__ = ["TensorFlowBackend", "TensorFlowOptions", "infer_compare_backends", "infer_compare_converters"]

BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""CPU flags of processors that multiply in bfloat16, on x86 and on Arm; others emulate it."""


class TensorFlowBackend(Backend["Program | NativeProgram"]):
    """TensorFlow 2, in graph execution or compiled by XLA."""

    name: ClassVar[str] = BACKEND
    aliases: ClassVar[tuple[str, ...]] = ("tf",)
    requires: ClassVar[tuple[str, ...]] = ("tensorflow",)
    install_hint: ClassVar[str] = INSTALL_HINT
    rests_on: ClassVar[tuple[str, ...]] = (
        "keras", "nvidia-cudnn-cu12", "nvidia-cublas-cu12", "nvidia-cuda-runtime-cu12", "nvidia-cuda-nvcc-cu12"
    )  # fmt: skip
    variables: ClassVar[tuple[str, ...]] = ("TF_", "XLA_")
    capabilities: ClassVar[Capabilities] = Capabilities(
        formats=NATIVE,
        describes=("callable", *NATIVE),
        imports=("onnx",),
        suffixes={"keras": (".keras",), "savedmodel": ("/saved_model.pb",)},
        device_kinds=("cpu", "cuda"),
        precisions=("float32", "bfloat16", "float16"),
        peak_memory=True,
        asynchronous=("cuda",),
    )
    options: ClassVar[type[Options]] = TensorFlowOptions
    _pipeline: Pipeline | None = None

    @classmethod
    def candidates(cls, machine: Machine) -> Sequence[Mapping[str, str]]:
        """Return bfloat16 where the processor computes in it, float16 on a GPU, and XLA."""
        lower = [{"precision": "bfloat16"}] if machine.cpu_flags & BFLOAT16_FLAGS else []
        if machine.device_kinds != ("cpu",):
            lower = [{"precision": "float16"}]
        return [*lower, {"jit_compile": "true"}]

    @classmethod
    def snippet(cls, model: ModelSource, settings: Settings, device: Device) -> str | None:
        """Return the code that runs a model without infer-compare; see `snippet`."""
        from infer_compare_tensorflow.snippet import snippet

        return snippet(model, settings, device)

    def version(self) -> str:
        """Return the version of TensorFlow; the thread budget is applied and read back.

        Raises:
            BackendUnusable: TensorFlow already runs in this process with other threads.
        """
        return self._start()

    def devices(self) -> Sequence[Device]:
        """Return the CPU, and every GPU that TensorFlow sees, as `cuda:0` and so on."""
        self._start()
        from infer_compare_tensorflow import runtime

        return runtime.devices()

    def describe(self, model: ModelSource, folder: Path) -> ModelDescription:
        """Describe a Keras model or SavedModel; a callable is called, and the model that it made is saved as one of these.

        Raises:
            UnsupportedModel: the callable returned no model of TensorFlow's, or the model cannot run in another process.
            UntrustedModel: the file may execute code when loaded, and is not trusted.
            ModelError: the model cannot be read, or its inputs are not known.
            InputError: what was said of the inputs does not fit the model.
        """
        if model.format not in self.capabilities.describes:
            return super().describe(model, folder)
        self._start()
        from infer_compare_tensorflow.describe import describe

        return describe(model, folder, self.settings.seed)

    @classmethod
    def save(cls, model: object, inputs: Sequence[TensorSpec], folder: Path) -> ModelSource | None:
        """Return a `keras.Model`, `tf.function` or `tf.Module` as a `.keras` file or a SavedModel.

        Raises:
            ModelError: its inputs are not known, or it cannot be saved.
            UnsupportedModel: it calls Python functions while it runs.
        """
        from infer_compare_tensorflow.saving import save

        return save(model, inputs, folder)

    def load(self, model: ModelSource) -> Program | NativeProgram:
        """Read a model into host memory; of an ONNX file every operator is looked up. Nothing is traced yet.

        Raises:
            UnsupportedModel: the format is none of these, or an operator (named with its node and opset) has no import.
            UntrustedModel: the file may execute code when loaded, and is not trusted.
            ModelError: the file cannot be read.
        """
        if model.format not in (*self.capabilities.formats, *self.capabilities.imports):
            raise UnsupportedModel(
                f"The tensorflow backend cannot load {model.location} of format {model.format!r}; "
                "give it a .keras file, a SavedModel folder or an ONNX file."
            )
        self._start()
        if model.format in NATIVE:
            from infer_compare_tensorflow.describe import read

            return read(model)
        from infer_compare_tensorflow.importer import import_onnx

        return import_onnx(model.path, model.inputs)

    def to_device(self, loaded: Program | NativeProgram, device: Device) -> TensorFlowSession:
        """Trace the model for a device, with a free batch axis, and put a native model's variables there.

        Raises:
            DeviceUnavailable: TensorFlow does not see that device, or TF32 is asked for on the CPU.
            UnsupportedModel: an operator cannot be built with what the model asks of it, or in the precision asked for.
        """
        self._start()
        from infer_compare_tensorflow import runtime
        from infer_compare_tensorflow.native import NativeProgram
        from infer_compare_tensorflow.session import TensorFlowSession

        logical_device = runtime.find(device)
        if isinstance(loaded, NativeProgram):
            loaded.place(runtime.name_of(logical_device))
        options = self.settings.options
        if not isinstance(options, TensorFlowOptions):
            options = TensorFlowOptions()
        runtime.set_tf32(logical_device, allowed=options.tf32)
        return TensorFlowSession(
            loaded,
            logical_device,
            jit_compile=options.jit_compile,
            direct=options.call == "direct",
            precision=self.settings.precision,
        )

    def batches(self, dataset: Sequence[Array], size: int) -> Iterator[Batch]:
        """Return the batches of one pass, by `tf.data`; the data set is copied into tensors once, not in every pass."""
        self._start()
        from infer_compare_tensorflow.dataset import Pipeline

        if self._pipeline is None or not self._pipeline.holds(dataset):
            options = self.settings.options
            prefetch = options.prefetch if isinstance(options, TensorFlowOptions) else "auto"
            self._pipeline = Pipeline(dataset, threads=self.settings.threads, prefetch=prefetch)
        return self._pipeline.batches(size)

    def _start(self) -> str:
        """Set TensorFlow up for this process and return its version."""
        from infer_compare_tensorflow import runtime

        return runtime.start(self.settings.threads, self.settings.device_memory)

    def classify(self, error: BaseException) -> Classification:
        """Return what an exception of TensorFlow means; see `failures`."""
        return failures.classify(error)


@hookimpl
def infer_compare_backends() -> Sequence[type[Backend[Any]]]:
    """Register the backend."""
    return [TensorFlowBackend]


@hookimpl
def infer_compare_converters() -> Sequence[Converter]:
    """Register the conversions from TensorFlow's formats to ONNX, and from ONNX to a SavedModel for other runtimes."""
    return converters()
