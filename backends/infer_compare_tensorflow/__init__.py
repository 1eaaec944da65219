"""The TensorFlow backend: ONNX models rendered as one `tf.function`, on the CPU or a CUDA device.

Importing this package imports neither TensorFlow nor numpy; `session` does, when it is first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from infer_compare import Backend, Capabilities, Classification, Options, UnsupportedModel, hookimpl
from infer_compare_tensorflow import failures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infer_compare import Device, ModelSource
    from infer_compare_tensorflow.importer import Program
    from infer_compare_tensorflow.session import TensorFlowSession

__all__ = ["TensorFlowBackend", "TensorFlowOptions", "infer_compare_backends"]


class TensorFlowOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the TensorFlow backend."""

    jit_compile: Annotated[
        bool,
        msgspec.Meta(
            description="Compile the whole model with XLA, once for every shape; otherwise run it as a graph."
        ),
    ] = False


class TensorFlowBackend(Backend["Program"]):
    """TensorFlow 2, in graph execution or compiled by XLA."""

    name: ClassVar[str] = "tensorflow"
    aliases: ClassVar[tuple[str, ...]] = ("tf",)
    requires: ClassVar[tuple[str, ...]] = ("tensorflow",)
    install_hint: ClassVar[str] = "pip install 'infer-compare[tensorflow]'"
    capabilities: ClassVar[Capabilities] = Capabilities(
        formats=(),
        imports=("onnx",),
        device_kinds=("cpu", "cuda"),
        device_resident_io=True,
        peak_memory=True,
        asynchronous=("cuda",),
    )
    options: ClassVar[type[Options]] = TensorFlowOptions

    def version(self) -> str:
        """The version of TensorFlow; the thread budget is applied and read back.

        Raises:
            BackendUnusable: TensorFlow already runs in this process with other threads.
        """
        return self._start()

    def devices(self) -> Sequence[Device]:
        """The CPU, and every GPU that TensorFlow sees, as `cuda:0` and so on."""
        self._start()
        from infer_compare_tensorflow import runtime

        return runtime.devices()

    def load(self, model: ModelSource) -> Program:
        """Reads an ONNX file and looks every operator up; nothing is traced yet.

        Raises:
            UnsupportedModel: the format is not `onnx`, or an operator (named with its node and opset) has no import.
            ModelError: the file cannot be read.
        """
        if model.format != "onnx":
            raise UnsupportedModel(
                f"The tensorflow backend cannot load {model.location} of format {model.format!r}; give it an ONNX file."
            )
        self._start()
        from infer_compare_tensorflow.importer import import_onnx

        return import_onnx(model.path)

    def to_device(self, loaded: Program, device: Device) -> TensorFlowSession:
        """Traces the model for a device, with a free batch axis.

        Raises:
            DeviceUnavailable: TensorFlow does not see that device.
            UnsupportedModel: an operator cannot be built with what the model asks of it.
        """
        self._start()
        from infer_compare_tensorflow import runtime
        from infer_compare_tensorflow.session import TensorFlowSession

        options = self.settings.options
        jit_compile = isinstance(options, TensorFlowOptions) and options.jit_compile
        return TensorFlowSession(loaded, runtime.find(device), jit_compile=jit_compile)

    def _start(self) -> str:
        """Sets TensorFlow up for this process; its version."""
        from infer_compare_tensorflow import runtime

        return runtime.start(self.settings.threads, self.settings.device_memory)

    def classify(self, error: BaseException) -> Classification:
        """What an exception of TensorFlow means; see `failures`."""
        return failures.classify(error)


@hookimpl
def infer_compare_backends() -> Sequence[type[Backend[Any]]]:
    """Registers the backend."""
    return [TensorFlowBackend]
