"""The options of the TensorFlow backend. No framework is imported."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from infer_compare.backends import Options


class TensorFlowOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the TensorFlow backend."""

    jit_compile: Annotated[
        bool,
        msgspec.Meta(
            description="Compile the whole model with XLA, once for every shape; otherwise run it as a graph."
        ),
    ] = False
    call: Annotated[
        Literal["function", "direct"],
        msgspec.Meta(
            description="function: call the model as programs do, through its concrete function or saved signature; "
            "direct: run its graph alone, without the 0.1 ms and more that such a call takes beside it."
        ),
    ] = "function"
    tf32: Annotated[
        bool,
        msgspec.Meta(description="Compute float32 products and convolutions in TF32; CUDA only."),
    ] = False
    prefetch: Annotated[
        str,
        msgspec.Meta(
            description="Batches that tf.data makes ready ahead in a pass over a data set: auto, off or a number.",
            pattern=r"^(auto|off|[1-9][0-9]{0,5})$",
        ),
    ] = "auto"
