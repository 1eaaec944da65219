"""A model compiled by OpenVINO for the processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import openvino

from infer_compare.backends import Session, TensorSpec, UnsupportedModel
from infer_compare_openvino.failures import explain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from infer_compare.backends import Array, Batch, OperatingPoint, Settings
    from infer_compare_openvino import OpenVinoOptions

BATCH = "batch"
DTYPES = {
    "f64": "float64",
    "f32": "float32",
    "f16": "float16",
    "i64": "int64",
    "i32": "int32",
    "i16": "int16",
    "i8": "int8",
    "u64": "uint64",
    "u32": "uint32",
    "u16": "uint16",
    "u8": "uint8",
    "boolean": "bool",
}
"""OpenVINO's names of types that numpy shares without a conversion, and numpy's."""
PRECISIONS = {"f64": "float64", "f32": "float32", "f16": "float16", "bf16": "bfloat16"}
"""OpenVINO's names of the precisions that it computes in."""
HINTS = {name: hint for hint, name in PRECISIONS.items()}
"""The values of OpenVINO's precision hint."""
HEAVY = ("Convolution", "Deconvolution", "FullyConnected", "MatMul", "RNNSeq", "RNNCell", "ScaledDotProductAttention")
"""The kinds of layers in which a model spends its time."""
COARSENESS = ("bf16", "f16", "f32", "f64")
"""Ordered from the coarsest to the finest."""

Shapes = tuple[tuple[int, ...], ...]


class Loaded(NamedTuple):
    """A model as OpenVINO read it."""

    model: Any
    path: Path
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(slots=True, eq=False)
class Slot:
    """One staged batch: a request with its inputs, and later its outputs."""

    request: Any
    tensors: list[Any]


def read(path: Path, known: Sequence[TensorSpec]) -> Loaded:
    """Read a file.

    Args:
        path: of an ONNX file.
        known: the specs of the inputs; empty to take those of the file.

    Raises:
        UnsupportedModel: OpenVINO lacks an operator or a type.
        ModelError: the file is not a valid model.
    """
    try:
        model = openvino.Core().read_model(path)
    except RuntimeError as error:
        explained = explain(error, path)
        if explained is None:
            raise
        raise explained from error
    inputs = tuple(map(_spec, model.inputs))
    # OpenVINO drops the names of free axes; the caller knows them, and the sizes that were chosen for them.
    if len(known) == len(inputs):
        inputs = tuple(known)
    return Loaded(model, path, inputs, tuple(map(_spec, model.outputs)))


class OpenVinoSession(Session[Slot]):
    """A model compiled once for all batch sizes, or with `shape=static` once for each.

    Every slot is an inference request. Its inputs *are* the arrays that were given, without a copy, where those can be
    shared; its outputs are in memory of the request.
    """

    def __init__(self, loaded: Loaded, settings: Settings) -> None:
        """Compile.

        Raises:
            UnsupportedModel: OpenVINO computes in another precision here than was asked for, or lacks an operator.
        """
        self._options: OpenVinoOptions = settings.options  # type: ignore[assignment]
        self._loaded = loaded
        self.inputs, self.outputs = loaded.inputs, loaded.outputs
        self._core = openvino.Core()
        self._config = _config(self._options, settings)
        self._programs: dict[Shapes, Any] = {}
        self._compiled = 0
        # With `shape=static`, too: it shows the effective settings, and whether every operator is supported.
        self._effective = _effective(self._program(self._shapes(1)), settings)

    @property
    def effective(self) -> Mapping[str, str]:
        """Precision, threads and streams as the compiled model reports them."""
        return self._effective

    def prepare(self, point: OperatingPoint) -> None:
        """Compile for this batch size, where that is asked for."""
        self._program(self._shapes(point.batch))

    def _shapes(self, batch: int) -> Shapes:
        """Return the shapes of all inputs at a batch size; empty for a program of dynamic shapes."""
        if self._options.shape == "dynamic":
            return ()
        for spec in self.inputs:
            if any(isinstance(size, str) and size != BATCH for size in spec.shape):
                raise UnsupportedModel(
                    f"With shape=static every axis but the batch needs a size, and {spec.name!r} is {spec.shape}; "
                    "use shape=dynamic."
                )
        return tuple(tuple(batch if size == BATCH else int(size) for size in spec.shape) for spec in self.inputs)

    def _program(self, shapes: Shapes) -> Any:  # noqa: ANN401 - an openvino.CompiledModel
        if shapes not in self._programs:
            model = self._loaded.model
            try:
                if shapes:
                    model = model.clone()
                    model.reshape({index: list(shape) for index, shape in enumerate(shapes)})
                self._programs[shapes] = self._core.compile_model(model, "CPU", self._config)
            except RuntimeError as error:
                explained = explain(error, self._loaded.path)
                if explained is None:
                    raise
                raise explained from error
            self._compiled += 1
        return self._programs[shapes]

    def stage(self, batch: Batch, into: Slot | None = None) -> Slot:
        """Give a request its inputs."""
        slot = into or Slot(self._program(self._shapes(len(batch[0]))).create_infer_request(), [None] * len(batch))
        for index, array in enumerate(batch):
            slot.tensors[index] = _tensor(array)
            slot.request.set_input_tensor(index, slot.tensors[index])
        return slot

    def run(self, staged: Slot) -> None:
        """Run the model in this thread and those of its stream. Sharing spares the copies of the outputs."""
        staged.request.infer(share_outputs=True)

    def synchronize(self) -> None:
        """Return at once: `run` is synchronous."""

    def fetch(self, staged: Slot) -> Sequence[Array]:
        """Return copies of the outputs."""
        return [staged.request.get_output_tensor(index).data.copy() for index in range(len(self.outputs))]

    def release(self, staged: Slot) -> None:
        """Free the request with its memory."""
        staged.request = None
        staged.tensors.clear()

    def compilations(self) -> int:
        """Return how many programs were compiled, not counting the kernels that a dynamic program makes for a new batch."""
        return self._compiled

    def close(self) -> None:
        """Drop the compiled programs, which ends their threads once no slot is left."""
        self._programs.clear()


def _config(options: OpenVinoOptions, settings: Settings) -> dict[str, Any]:
    config: dict[str, Any] = {
        "PERFORMANCE_HINT": options.performance_hint.upper(),
        "INFERENCE_NUM_THREADS": settings.threads,
        # Else OpenVINO stays at one thread for each physical core, however many were allowed.
        "ENABLE_HYPER_THREADING": True,
        # Else it takes bfloat16 for a model in float32 where the processor is fast at it.
        "INFERENCE_PRECISION_HINT": HINTS[settings.precision or "float32"],
    }
    if options.streams:
        config["NUM_STREAMS"] = options.streams
    return config


def _tensor(array: Array) -> Any:  # noqa: ANN401 - an openvino.Tensor
    """Return an array as a tensor: the array itself, or a copy of one that OpenVINO refuses to share."""
    shareable = array.flags.c_contiguous and array.flags.writeable
    return openvino.Tensor(array if shareable else array.copy(order="C"), shared_memory=True)


def _spec(port: Any) -> TensorSpec:  # noqa: ANN401 - an openvino.Output
    name = port.any_name if port.names else str(port.index)
    kind = port.element_type.get_type_name()
    if kind not in DTYPES:
        raise UnsupportedModel(f"The tensor {name!r} is a {kind}, which OpenVINO does not exchange with numpy.")
    if port.partial_shape.rank.is_dynamic:
        raise UnsupportedModel(f"OpenVINO does not tell how many axes the tensor {name!r} has.")
    sizes = [size.get_length() if size.is_static else f"axis{axis}" for axis, size in enumerate(port.partial_shape)]
    return TensorSpec(name, DTYPES[kind], tuple(BATCH if size == "axis0" else size for size in sizes))


def _effective(program: Any, settings: Settings) -> dict[str, str]:  # noqa: ANN401 - an openvino.CompiledModel
    kind = program.get_property("INFERENCE_PRECISION_HINT").get_type_name()
    precision = PRECISIONS.get(kind, kind)
    if settings.precision not in {None, precision}:
        raise UnsupportedModel(
            f"OpenVINO computes in {precision} on this processor where {settings.precision} is asked for; "
            "leave precision out."
        )
    options: OpenVinoOptions = settings.options  # type: ignore[assignment]
    return {
        "device": ", ".join(program.get_property("EXECUTION_DEVICES")),
        "precision": _seen(program) or precision,
        "threads": str(program.get_property("INFERENCE_NUM_THREADS")),
        "streams": str(program.get_property("NUM_STREAMS")),
        "performance_hint": str(program.get_property("PERFORMANCE_HINT")).rpartition(".")[2].lower(),
        "shape": options.shape,
    }


def _seen(program: Any) -> str:  # noqa: ANN401 - an openvino.CompiledModel
    """Return the precision of the convolutions and products in the graph that runs; empty if there are none."""
    seen = set()
    for node in program.get_runtime_model().get_ops():
        facts = node.get_rt_info()
        if str(facts["layerType"]) in HEAVY:
            seen.add(str(facts["runtimePrecision"]))
    if seen & {"i8", "u8"}:
        return "int8"
    return next((PRECISIONS[kind] for kind in COARSENESS if kind in seen), "")
