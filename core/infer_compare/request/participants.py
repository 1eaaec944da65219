"""The options of a run about its model and contenders."""

from __future__ import annotations

from typing import Annotated

import msgspec

from infer_compare.request import values
from infer_compare.request.contenders import CORE, DEFAULT_BACKENDS, ContenderRequest
from infer_compare.request.option import Option

DEFAULT_MODEL = "cnn"


def _map(noun: str) -> Option:
    """The option that says which `input` or `output` of a backend's own model is which of the run."""
    return Option(
        f"Map an {noun} of a backend's own model to an {noun} of the run. Repeatable.",
        'texts as after the flag, or a table by backend or label of `own = "run"`',
        group="model",
        metavar="BACKEND:OWN=RUN",
        read=values.maps,
    )


class Participants(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The contenders, the model, and how both are matched."""

    model: Annotated[
        str,
        Option(
            "Model: a built-in name, a file, or package.module:function.",
            "a built-in name, a file, or `file.py:function`",
            group="model",
            flags=("model",),
        ),
    ] = DEFAULT_MODEL
    models: Annotated[
        dict[str, str],
        Option(
            "Use another model file for one backend (torch=net.pt2) or one contender label. Repeatable.",
            group="model",
            flags=("--model",),
            metavar="[NAME=]MODEL",
        ),
    ] = {}
    name: Annotated[
        Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None,
        Option("What reports call the model.", group="model", metavar="TEXT", default="the name of its file"),
    ] = None
    backends: Annotated[
        tuple[str, ...] | None,
        Option(
            "Backends to compare, comma-separated.",
            "names, as a list or as comma-separated text",
            group="contenders",
            metavar="NAMES",
            default=",".join(DEFAULT_BACKENDS),
            one_text=True,
            read=values.names,
        ),
    ] = None
    contenders: Annotated[
        tuple[str | ContenderRequest, ...] | None,
        Option(
            "Add a contender: NAME or FILE.py:Class, then :key=value,..., then @DEVICE; "
            f"{', '.join(f'{key}=... {text}' for key, text in CORE.items())}. Repeatable.",
            f"texts as after `-b`; or tables with {', '.join(f'`{key}`' for key in ContenderRequest.__struct_fields__)}",
            group="contenders",
            flags=("-b", "--contender"),
            metavar="SPEC",
        ),
    ] = None
    device: Annotated[str, Option("Device for contenders that do not name one.", group="contenders")] = "cpu"
    inputs: Annotated[
        tuple[str, ...],
        Option(
            "Describe an input, e.g. x:f32[batch,3,224,224]=normal(0,1). Repeatable.",
            "texts as after `--input`",
            group="model",
            flags=("--input",),
            metavar="SPEC",
        ),
    ] = ()
    python: Annotated[
        dict[str, str],
        Option(
            "Run one backend with another Python interpreter. Repeatable.",
            "a table by backend",
            group="contenders",
            metavar="BACKEND=PATH",
        ),
    ] = {}
    convert: Annotated[
        bool,
        Option(
            "Do not convert the model; skip backends that cannot load it as it is.",
            "`false` is `--no-convert`",
            group="model",
            flags=("--no-convert",),
        ),
    ] = True
    trust: Annotated[
        bool,
        Option("Load model files that may execute code; use only if you trust their source.", group="model"),
    ] = False
    layout: Annotated[
        dict[str, str],
        Option("Image layout of the model file of one backend. Repeatable.", group="model", metavar="BACKEND=NHWC"),
    ] = {}
    input_map: Annotated[
        tuple[str, ...],
        _map("input"),
    ] = ()
    output_map: Annotated[
        tuple[str, ...],
        _map("output"),
    ] = ()

    @property
    def taking_part(self) -> tuple[str | ContenderRequest, ...]:
        """The named backends and then the named contenders; the default backends if neither are named."""
        if self.backends is None and self.contenders is None:
            return DEFAULT_BACKENDS
        return (*(self.backends or ()), *(self.contenders or ()))
