"""The options of the backend `onnx`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from infer_compare.backends import Options

QUANTISING = ("quantization", "per_channel", "weight_type", "calibration", "calibration_rows")
"""Options about the conversion to int8."""


class OnnxOptions(Options, frozen=True, kw_only=True):
    """The options of the backend `onnx`."""

    graph_optimization: Annotated[
        Literal["disable", "basic", "extended", "all"],
        msgspec.Meta(description="How far ONNX Runtime rewrites the graph when it loads it."),
    ] = "all"
    execution_mode: Annotated[
        Literal["sequential", "parallel"],
        msgspec.Meta(description="Whether independent operators run one after another or side by side."),
    ] = "sequential"
    arena: Annotated[
        bool, msgspec.Meta(description="Whether memory of the processor is kept in an arena between calls.")
    ] = True
    memory_pattern: Annotated[
        bool,
        msgspec.Meta(
            description="Whether memory for all tensors of a call is laid out at once, as the first call showed it."
        ),
    ] = True
    allow_spinning: Annotated[
        bool | None,
        msgspec.Meta(
            description="Whether idle threads wait actively for work; null is false where instances and threads ask for more "
            "cores than there are."
        ),
    ] = None
    denormal_as_zero: Annotated[
        bool, msgspec.Meta(description="Whether numbers too small for the normal range of floats are taken as zero.")
    ] = False
    provider: Annotated[
        dict[str, str],
        msgspec.Meta(
            description="Options of the execution provider, such as provider.cudnn_conv_algo_search=HEURISTIC."
        ),
    ] = msgspec.field(default_factory=dict)
    quantization: Annotated[
        Literal["auto", "static", "dynamic"],
        msgspec.Meta(
            description="With int8, whether the ranges of activations are calibrated once (static) or measured in each call "
            "(dynamic); auto is static for convolutional models, else dynamic."
        ),
    ] = "auto"
    per_channel: Annotated[
        bool, msgspec.Meta(description="With int8, whether weights have a scale for each output channel.")
    ] = False
    weight_type: Annotated[
        Literal["auto", "int8", "uint8"],
        msgspec.Meta(
            description="With int8, how weights are stored; auto is uint8 with per_channel on x86 processors without VNNI, "
            "whose sums of int8 products saturate, else int8."
        ),
    ] = "auto"
    calibration: Annotated[
        Literal["minmax", "entropy", "percentile"],
        msgspec.Meta(description="With static int8, how the range of an activation is chosen."),
    ] = "minmax"
    calibration_rows: Annotated[
        int,
        msgspec.Meta(ge=1, le=100_000, description="With static int8, how many rows of input it is calibrated with."),
    ] = 64
    exclude: Annotated[
        str,
        msgspec.Meta(
            description="With int8 or float16, types or names of nodes that stay float32, separated by +: Gemm+Gather."
        ),
    ] = "none"

    def unused(self, precision: str | None) -> str | None:
        """Return an option that is given and has no effect in a precision, as it would be typed; None if there is none."""
        for names, needed in ((QUANTISING, ("int8",)), (("exclude",), ("int8", "float16"))):
            for name in names:
                value = getattr(self, name)
                if precision not in needed and value != getattr(OnnxOptions(), name):
                    return f"{name}={str(value).lower() if isinstance(value, bool) else value}"
        return None
