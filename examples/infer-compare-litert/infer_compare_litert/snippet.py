"""The code that runs a file with LiteRT alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infer_compare.backends import Settings
    from infer_compare_litert import LiteRtOptions

CODE = '''\
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

interpreter = Interpreter(
    {location!r},
    num_threads={threads},
    experimental_op_resolver_type=OpResolverType.{resolver},
)


def predict(*arrays):
    """Return the outputs in the order of the file; a quantized file takes and gives float32, too."""
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if any(tuple(one["shape"]) != array.shape for one, array in zip(inputs, arrays)):
        for one, array in zip(inputs, arrays):
            interpreter.resize_tensor_input(one["index"], array.shape)
    interpreter.allocate_tensors()
    for one, array in zip(inputs, arrays):
        scale, zero = one["quantization"]
        if scale and one["dtype"] != np.float32:
            limits = np.iinfo(one["dtype"])
            array = np.clip(np.rint(array / np.float32(scale)) + zero, limits.min, limits.max).astype(one["dtype"])
        interpreter.set_tensor(one["index"], array)
    interpreter.invoke()
    results = []
    for one in outputs:
        array, (scale, zero) = interpreter.get_tensor(one["index"]), one["quantization"]
        quantized = scale and one["dtype"] != np.float32
        results.append((array.astype(np.float32) - np.float32(zero)) * np.float32(scale) if quantized else array)
    return results
'''


def snippet(location: str, settings: Settings) -> str:
    """Return the code.

    Args:
        location: of the file.
        settings: of the contender.
    """
    options: LiteRtOptions = settings.options  # type: ignore[assignment]
    resolver = "AUTO" if options.xnnpack else "BUILTIN_WITHOUT_DEFAULT_DELEGATES"
    return CODE.format(location=location, threads=settings.threads, resolver=resolver)
