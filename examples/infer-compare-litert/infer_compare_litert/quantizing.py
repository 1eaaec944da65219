"""Full int8 quantization of activations and weights with TensorFlow, with scales from calibration rows."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from infer_compare.backends import UnsupportedModel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infer_compare.backends import Array, Batch
    from infer_compare_litert.model_file import ModelFile


def quantize(model: ModelFile, calibration: Sequence[Batch]) -> bytes:
    """Return the file in int8, weights by channel. Its inputs and outputs stay in float32.

    Args:
        model: in float32.
        calibration: batches of inputs.

    Raises:
        UnsupportedModel: TensorFlow is not installed, or cannot quantize this model.
    """
    if find_spec("tensorflow") is None:
        raise UnsupportedModel(
            "TensorFlow quantizes files for LiteRT, and is not installed; pip install 'infer-compare[tensorflow]'."
        )
    # The steps of `TFLiteConverter` with a representative data set, on a file that was converted before.
    from tensorflow.lite.python.convert import mlir_quantize
    from tensorflow.lite.python.optimize.calibrator import Calibrator

    def samples() -> Iterator[list[Array]]:
        # The calibrator prepares the shapes of the first; the last batch may have fewer rows.
        for batch in calibration:
            if len(batch[0]) == len(calibration[0][0]):
                yield list(batch)

    try:
        quantized: bytes = mlir_quantize(Calibrator(model.path.read_bytes()).calibrate(samples))
    except MemoryError:
        raise
    except Exception as error:
        # Every class of error comes from here.
        raise UnsupportedModel(f"TensorFlow cannot quantize {model.path.name}: {error}") from error
    return quantized
